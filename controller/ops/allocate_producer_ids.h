#pragma once

#include "controller/operation.h"
#include "protocol/schema/api/allocate_producer_ids.h"

namespace hw::controller {

/// Ids that a broker is given at a time.
inline constexpr std::int32_t kProducerIdBlock = 1000;

/// The next block of producer ids, never given out before (KIP-730). Errors: STALE_BROKER_EPOCH;
/// UNKNOWN_SERVER_ERROR when all 63 bits are used up.
[[nodiscard]] Outcome<ProducerIdsResult> allocate_producer_ids(
    const schema::AllocateProducerIdsRequest& request, const OperationContext& context);

}  // namespace hw::controller
