#pragma once

#include <optional>

#include "controller/image/features.h"
#include "controller/image/metadata_image.h"
#include "controller/image/topic_image.h"
#include "controller/ops/record_batch.h"
#include "protocol/base/ids.h"

namespace hw::controller {

/// What is known of the brokers while an operation that changes one of them is being decided: the
/// image, but `leaving` is gone already and `arriving` is there already.
struct Standing {
    const MetadataImage& image;
    BrokerId leaving = kNoBroker;
    BrokerId arriving = kNoBroker;
};

/// True when the replica of `partition` on `broker` may be made leader: the broker is unfenced and
/// not stopping, and the replica's directory is online.
[[nodiscard]] bool may_lead(const Standing& standing, const PartitionImage& partition,
                            BrokerId broker);

/// Adds the record that gives the partition the ISR and leader it should have, if it is to change.
///
/// The leaving broker is taken out of the ISR, unless nobody would be left in it. The leader stays
/// while it may; else the first replica in the ISR that may lead; else, when the ISR is empty, the
/// first of the eligible leader replicas (KIP-966) that may; else nobody, until one of them is
/// back. A new leader, and no leader too, raises the leader epoch.
void add_partition_change(RecordBatch& batch, const Standing& standing, PartitionKey key,
                          const PartitionImage& partition);

/// For every partition whose ISR the leaving broker is in.
void add_changes_of_leaving(RecordBatch& batch, const Standing& standing);
/// For every partition that has no leader.
void add_changes_of_arriving(RecordBatch& batch, const Standing& standing);

}  // namespace hw::controller
