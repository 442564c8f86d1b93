#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tools/client/client.h"
#include "tools/client/partition_io.h"

/// Requests to the cluster about groups of consumers. Those about one group go to its coordinator.
namespace hw::client {

/// A group in a list.
struct ListedGroup {
    std::string name;
    std::string type;           ///< "classic", "consumer" ...
    std::string protocol_type;  ///< "consumer" ...; empty: it has never had members
    std::string state;          ///< empty: the broker is older than Kafka 2.6, and does not tell it
    BrokerId coordinator = kNoBroker;
};

struct CommittedPartition {
    PartitionName name;
    Offset offset;
    std::string metadata;
};

/// All groups of all brokers that answer, sorted by name. A broker that does not answer is in
/// `failures`.
struct GroupList {
    std::vector<ListedGroup> groups;
    std::vector<Error> failures;
};
/// Errors: those of Client::describe_all.
[[nodiscard]] Result<GroupList> list_groups(Client& client);

/// What the group has committed, sorted by topic and partition. Errors: not_found, permission, busy
/// (no coordinator within the timeout), those of Client::call.
[[nodiscard]] Result<std::vector<CommittedPartition>> committed_offsets(Client& client,
                                                                        const std::string& group);
/// Stores offsets for a group without members. Errors: as above; invalid (it has members).
[[nodiscard]] Result<void> commit_offsets(Client& client, const std::string& group,
                                          const std::vector<CommittedPartition>& offsets);
/// Deletes a group and its offsets. Errors: as above; invalid (it has members).
[[nodiscard]] Result<void> delete_group(Client& client, const std::string& group);

}  // namespace hw::client
