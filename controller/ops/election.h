#pragma once

#include <string_view>

#include "controller/ops/partition_change.h"
#include "controller/ops/record_batch.h"

/// Elections after changes of brokers; the records come from PartitionChangeBuilder.
namespace hw::controller {

/// Election::unclean if unclean.leader.election.enable is true for the topic, else
/// Election::online. The value is that of the topic, else the dynamic default of the cluster, else
/// that of the controller's own configuration.
[[nodiscard]] Election election_of(const BrokersDuringElection& brokers, std::string_view topic);
[[nodiscard]] Election election_of(const BrokersDuringElection& brokers, TopicId topic);

/// The leaving broker leaves all ISRs, and its partitions get other leaders or none.
void add_changes_of_leaving(RecordBatch& batch, const BrokersDuringElection& brokers);
/// The replicas of the leaving broker in `directory` leave the ISRs, and partitions that one of
/// them leads get another leader or none.
void add_changes_of_directory(RecordBatch& batch, const BrokersDuringElection& brokers,
                              DirectoryId directory);
/// Elects leaders for the partitions of a topic without one.
void add_changes_of_topic(RecordBatch& batch, const BrokersDuringElection& brokers, TopicId topic);
/// Elects leaders for the partitions without one.
void add_changes_of_arriving(RecordBatch& batch, const BrokersDuringElection& brokers);

}  // namespace hw::controller
