#pragma once

#include "controller/image/image_loader.h"
#include "controller/ops/operation.h"
#include "controller/ops/record_batch.h"
#include "protocol/schema/api/allocate_producer_ids.h"

namespace hw::controller {

/// What a controller writes first when it becomes the active one: the end of a transaction that
/// its predecessor left open, and in a log without a metadata.version, all that a new cluster
/// starts with, as one transaction. Usually nothing.
[[nodiscard]] RecordBatch activation_records(const ImageLoader& log);

/// Ids that a broker is given at a time.
inline constexpr std::int32_t kProducerIdBlock = 1000;

/// The next block of producer ids, never given out before (KIP-730). Errors: STALE_BROKER_EPOCH;
/// UNKNOWN_SERVER_ERROR when all 63 bits are used up.
[[nodiscard]] Outcome<ProducerIdsResult> allocate_producer_ids(
    const schema::AllocateProducerIdsRequest& request, const OperationContext& context);

}  // namespace hw::controller
