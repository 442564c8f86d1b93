#pragma once

#include <optional>
#include <string_view>

#include "broker/coordinator/classic/classic_group.h"
#include "broker/coordinator/consumer/consumer_group.h"
#include "controller/image/metadata_image.h"

/// How a group that has members changes between the classic and the consumer protocol. Its members
/// go on with the protocol that they use.
namespace hw::broker {

/// The records of a consumer group with the members of this group. Its epoch is the generation, and
/// each member has what it was assigned; a cooperative one also what it says it has, if nobody is
/// assigned that. Nothing if its members are no consumers, or what they say cannot be read.
[[nodiscard]] std::optional<CoordinatorRecords> to_consumer_group(
    std::string_view name, const ClassicGroup& group, const controller::MetadataImage& image,
    Timestamp wall, const ConsumerMutants& mutants);

/// The classic group with the members of this one, all of which use the classic protocol. Its
/// generation is the epoch of the last target, and each member is assigned what it has, or is
/// giving up. It has no leader: nobody has what the members of before had, so all must join again.
[[nodiscard]] ClassicRecord to_classic_group(const ConsumerGroup& group,
                                             const controller::MetadataImage& image, Timestamp wall,
                                             const ConsumerMutants& mutants);

}  // namespace hw::broker
