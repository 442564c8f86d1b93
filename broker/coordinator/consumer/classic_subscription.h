#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "broker/coordinator/assignor/assignment.h"
#include "controller/image/metadata_image.h"
#include "protocol/base/ids.h"

/// What consumers of the classic protocol tell each other, as the coordinator reads and writes it
/// for those that are in a consumer group (protocol/schema/consumer_protocol.h).
namespace hw::broker {

/// What a consumer wants, and what it has. Topics that do not exist are not in `owned`.
struct ClassicSubscription {
    ApiVersion version{0};
    std::vector<std::string> topics;  ///< names, ascending, without doubles
    std::optional<std::string> rack;
    Assignment owned;              ///< what it has not given up; only of a cooperative consumer
    bool owns_partitions = false;  ///< it has any, also of topics that do not exist
};

/// Nothing if the bytes cannot be read.
[[nodiscard]] std::optional<ClassicSubscription> read_subscription(
    std::string_view bytes, const controller::MetadataImage& image);

/// The partitions that exist. Nothing if the bytes cannot be read; no bytes are no partitions.
[[nodiscard]] std::optional<Assignment> read_classic_assignment(
    std::string_view bytes, const controller::MetadataImage& image);

/// The assignment in the version of the member's subscription, without topics that do not exist.
///
/// \param subscription  the bytes of it
[[nodiscard]] std::string write_classic_assignment(const Assignment& assignment,
                                                   std::string_view subscription,
                                                   const controller::MetadataImage& image);

}  // namespace hw::broker
