#pragma once

#include "controller/image/topic_image.h"
#include "protocol/base/result.h"
#include "protocol/schema/record/metadata.h"

namespace hw::controller {

/// A partition as its record says. Errors: corrupt, where the record contradicts itself.
[[nodiscard]] Result<PartitionImage> partition_of(const schema::PartitionRecord& record);

/// `partition` after the change: every change raises its partition epoch, one that names a leader,
/// be it the same, raises its leader epoch too. Errors: corrupt.
[[nodiscard]] Result<PartitionImage> changed(const PartitionImage& partition,
                                             const schema::PartitionChangeRecord& record);

}  // namespace hw::controller
