#pragma once

#include <cstddef>

#include "controller/ops/operation.h"
#include "protocol/schema/api/update_features.h"

namespace hw::controller {

/// Maximum number of features in one request: more than there are.
inline constexpr std::size_t kMaxFeatureUpdates = 100;

/// Finalizes levels of features (KIP-584, KIP-778): all that the request names, or none. A level
/// must be supported by this controller, by every registered broker, also a fenced one, and by
/// every voter of the quorum. A lower level needs a downgrade type, a higher one must not have one;
/// in version 0 AllowDowngrade stands for the safe type. With validate_only everything is checked,
/// but nothing is changed.
///
/// metadata.version can be raised only. It cannot be raised to a level with directories (17) from
/// one without, because the registrations of the brokers do not have their directories then.
///
/// Errors of the request, for one of the features: INVALID_REQUEST (named twice, too many),
/// INVALID_UPDATE_VERSION (everything else).
[[nodiscard]] Outcome<UpdateFeaturesResult> update_features(
    const schema::UpdateFeaturesRequest& request, const OperationContext& context);

}  // namespace hw::controller
