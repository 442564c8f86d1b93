#pragma once

#include "controller/image/image_loader.h"
#include "controller/ops/operation.h"
#include "controller/ops/record_batch.h"
#include "protocol/schema/api/allocate_producer_ids.h"

namespace hw::controller {

/// The records that a new active controller writes first. They abort a transaction that its
/// predecessor left open. In a log without a metadata.version they also bootstrap the cluster with
/// `initial`, in one transaction if its metadata.version has transactions. Usually there are none.
[[nodiscard]] RecordBatch activation_records(const ImageLoader& log,
                                             const InitialFeatures& initial);

/// Number of producer ids in a block.
inline constexpr std::int32_t kProducerIdBlock = 1000;

/// Allocates the next block of producer ids to a broker (KIP-730). No id is ever allocated twice.
/// Errors: STALE_BROKER_EPOCH; UNKNOWN_SERVER_ERROR when all 63-bit ids are used up.
[[nodiscard]] Outcome<ProducerIdsResult> allocate_producer_ids(
    const schema::AllocateProducerIdsRequest& request, const OperationContext& context);

}  // namespace hw::controller
