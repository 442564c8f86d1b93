#pragma once

#include <optional>

#include "controller/image/features.h"
#include "controller/image/metadata_image.h"
#include "controller/image/topic_image.h"
#include "controller/ops/record_batch.h"
#include "protocol/base/ids.h"

namespace hw::controller {

/// The brokers as an election sees them: those of the image, but `leaving` counts as gone and
/// `arriving` as unfenced, because the records of these changes are not applied yet.
struct BrokersDuringElection {
    const MetadataImage& image;
    BrokerId leaving = kNoBroker;
    BrokerId arriving = kNoBroker;
};

/// True if the replica of `partition` on `broker` may become leader: the broker is unfenced and not
/// in controlled shutdown, and the replica's directory is online.
[[nodiscard]] bool may_lead(const BrokersDuringElection& brokers, const PartitionImage& partition,
                            BrokerId broker);

/// Elects the leader of a partition and adds the record that changes leader and ISR, if they
/// change.
///
/// The leaving broker is removed from the ISR. If the ISR then is empty, candidates are the
/// eligible leader replicas (KIP-966), otherwise the ISR. The leader stays if it is a candidate
/// that may lead; otherwise the first replica that is a candidate and may lead becomes leader. A
/// leader from the eligible leader replicas becomes the only member of the ISR. If no candidate may
/// lead, the partition has no leader, and an ISR whose only member is the leaving broker is kept. A
/// change of the leader, also to no leader, raises the leader epoch.
void add_partition_change(RecordBatch& batch, const BrokersDuringElection& brokers,
                          PartitionKey key, const PartitionImage& partition);

/// Calls add_partition_change for every partition that has the leaving broker in its ISR.
void add_changes_of_leaving(RecordBatch& batch, const BrokersDuringElection& brokers);
/// Calls add_partition_change for every partition that has no leader.
void add_changes_of_arriving(RecordBatch& batch, const BrokersDuringElection& brokers);

}  // namespace hw::controller
