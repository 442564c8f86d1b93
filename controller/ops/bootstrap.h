#pragma once

#include "controller/image/image_loader.h"
#include "controller/record_batch.h"

namespace hw::controller {

/// What a controller writes first when it becomes the active one: the end of a transaction that
/// its predecessor left open, and in a log without a metadata.version, all that a new cluster
/// starts with, as one transaction. Usually nothing.
[[nodiscard]] RecordBatch activation_records(const ImageLoader& log);

}  // namespace hw::controller
