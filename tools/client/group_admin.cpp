#include "tools/client/group_admin.h"

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

#include "protocol/schema/api/delete_groups.h"
#include "protocol/schema/api/list_groups.h"
#include "protocol/schema/api/offset_commit.h"
#include "protocol/schema/api/offset_fetch.h"
#include "tools/client/group_coordinator.h"
#include "tools/client/words.h"

namespace hw::client {
namespace {

using wire::ErrorCode;

/// Brokers that do not tell the types of groups have no others.
constexpr std::string_view kClassicType = "classic";

Result<std::vector<ListedGroup>> list_at(BrokerConnection& broker, BrokerId id,
                                         const Deadline& deadline) {
    HW_TRY(answer, broker.call<schema::ListGroupsResponse>(schema::ListGroupsRequest(), deadline));
    if (answer->error_code != ErrorCode::none) {
        return std::unexpected(
            error_of(answer->error_code, "the groups of broker " + std::to_string(id.value())));
    }
    std::vector<ListedGroup> groups;
    for (const auto& group : answer->groups) {
        groups.push_back(
            {.name = std::string(group.group_id),
             .type = std::string(group.group_type.empty() ? kClassicType : group.group_type),
             .protocol_type = std::string(group.protocol_type),
             .state = std::string(group.group_state),
             .coordinator = id});
    }
    return groups;
}

/// The stored offsets. Errors: that of a partition.
template <class Topics>
Result<std::vector<CommittedPartition>> committed_in(const Topics& topics) {
    std::vector<CommittedPartition> committed;
    for (const auto& topic : topics) {
        for (const auto& partition : topic.partitions) {
            PartitionName name{std::string(topic.name), partition.partition_index};
            if (partition.error_code != ErrorCode::none) {
                return std::unexpected(
                    error_of(partition.error_code, "the offset of partition " + to_string(name)));
            }
            committed.push_back(
                {std::move(name), partition.committed_offset, std::string(partition.metadata)});
        }
    }
    std::ranges::sort(committed, {}, [](const CommittedPartition& one) {
        return std::tuple(std::string_view(one.name.topic), one.name.partition);
    });
    return committed;
}

/// The first error of a partition.
Result<void> check_commit(const schema::OffsetCommitResponse& answer, const std::string& group) {
    for (const auto& topic : answer.topics) {
        for (const auto& partition : topic.partitions) {
            if (partition.error_code == ErrorCode::unknown_member_id) {
                // The request names no member, so the group has some.
                return std::unexpected(group_error(ErrorCode::non_empty_group, group, {}));
            }
            if (partition.error_code != ErrorCode::none) {
                const PartitionName name{std::string(topic.name), partition.partition_index};
                return std::unexpected(error_of(
                    partition.error_code, group_subject(group) + ", partition " + to_string(name)));
            }
        }
    }
    return {};
}

}  // namespace

Result<GroupList> list_groups(Client& client) {
    HW_TRY(cluster, client.describe({}));
    GroupList list;
    for (const auto& [id, address] : cluster.brokers) {
        const auto groups = client.retried(
            Retry::any, [&](const Deadline& deadline) -> Result<std::vector<ListedGroup>> {
                HW_TRY(broker, client.broker(id, deadline));
                return list_at(*broker, id, deadline);
            });
        if (groups) {
            std::ranges::copy(*groups, std::back_inserter(list.groups));
        } else {
            list.failures.push_back(groups.error());
        }
    }
    std::ranges::sort(list.groups, {}, &ListedGroup::name);
    return list;
}

Result<std::vector<CommittedPartition>> committed_offsets(Client& client,
                                                          const std::string& group) {
    using Request = schema::OffsetFetchRequest;
    const auto all = wire::Array<Request::Topic>::null();
    const std::array groups{Request::Group{.group_id = group, .topics = all}};
    const auto ask = [&](BrokerConnection& broker, BrokerId /*id*/,
                         const Deadline& deadline) -> Result<std::vector<CommittedPartition>> {
        HW_TRY(version, broker.newest_version(Request::kKey, kNamesTopics));
        constexpr ApiVersion kManyGroupsFrom{8};
        const bool many = version >= kManyGroupsFrom;
        Request request;
        if (many) {
            request.groups = groups;
        } else {
            request.group_id = group;
            request.topics = all;
        }
        HW_TRY(answer, broker.call<schema::OffsetFetchResponse>(request, deadline, kNamesTopics));
        if (many && answer->groups.size() != 1) {
            return fail(ErrorKind::corrupt, "the answer has {} groups, not one",
                        answer->groups.size());
        }
        const ErrorCode code = many ? answer->groups[0].error_code : answer->error_code;
        if (code != ErrorCode::none) {
            return std::unexpected(group_error(code, group, {}));
        }
        return committed_in(many ? answer->groups[0].topics : answer->topics);
    };
    return at_coordinator(client, group, Retry::any, ask);
}

Result<void> commit_offsets(Client& client, const std::string& group,
                            const std::vector<CommittedPartition>& offsets) {
    using Request = schema::OffsetCommitRequest;
    std::map<std::string_view, std::vector<Request::Partition>> by_topic;
    for (const CommittedPartition& one : offsets) {
        by_topic[one.name.topic].push_back({.partition_index = one.name.partition,
                                            .committed_offset = one.offset,
                                            .committed_metadata = one.metadata});
    }
    std::vector<Request::Topic> topics;
    for (const auto& [topic, partitions] : by_topic) {
        topics.push_back({.name = topic, .partitions = partitions});
    }
    Request request{.group_id = group};
    request.topics = topics;
    const auto ask = [&](BrokerConnection& broker, BrokerId /*id*/,
                         const Deadline& deadline) -> Result<void> {
        HW_TRY(answer, broker.call<schema::OffsetCommitResponse>(request, deadline, kNamesTopics));
        return check_commit(*answer, group);
    };
    return at_coordinator(client, group, Retry::any, ask);
}

Result<void> delete_group(Client& client, const std::string& group) {
    const std::array<std::string_view, 1> names{group};
    schema::DeleteGroupsRequest request;
    request.groups_names = names;
    const auto ask = [&](BrokerConnection& broker, BrokerId /*id*/,
                         const Deadline& deadline) -> Result<void> {
        HW_TRY(answer, broker.call<schema::DeleteGroupsResponse>(request, deadline));
        for (const auto& result : answer->results) {
            if (result.error_code != ErrorCode::none) {
                return std::unexpected(group_error(result.error_code, group, result.error_message));
            }
        }
        return {};
    };
    return at_coordinator(client, group, Retry::any, ask);
}

}  // namespace hw::client
