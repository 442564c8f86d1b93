#include "tools/client/partition_admin.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <tuple>

#include "protocol/schema/api/elect_leaders.h"
#include "tools/client/words.h"

namespace hw::client {
namespace {

using schema::ElectLeadersRequest;
using schema::ElectLeadersResponse;

constexpr std::string_view kListPartitions = "partition list";

using Answer = wire::DecodedMessage<ElectLeadersResponse>;

ElectionOutcome outcome_of(const std::string& topic,
                           const ElectLeadersResponse::Partition& partition) {
    ElectionOutcome outcome{.name = {topic, partition.partition_id}, .result = {}};
    if (partition.error_code == wire::ErrorCode::election_not_needed) {
        outcome.is_needed = false;
    } else if (partition.error_code != wire::ErrorCode::none) {
        outcome.result = std::unexpected(error_of(
            partition.error_code, "partition " + to_string(outcome.name), partition.error_message));
    }
    return outcome;
}

std::vector<ElectionOutcome> outcomes_of(const ElectLeadersResponse& response) {
    std::vector<ElectionOutcome> outcomes;
    for (const auto& topic : response.replica_election_results) {
        for (const auto& partition : topic.partition_result) {
            outcomes.push_back(outcome_of(std::string(topic.topic), partition));
        }
    }
    std::ranges::sort(outcomes, {}, [](const ElectionOutcome& outcome) {
        return std::tuple(std::string_view(outcome.name.topic), outcome.name.partition);
    });
    return outcomes;
}

/// The error of the request as a whole. The answer has its reason with each partition only.
Error error_of_all(const ElectLeadersResponse& response) {
    constexpr const char* kWhat = "the election";
    for (const auto& topic : response.replica_election_results) {
        for (const auto& partition : topic.partition_result) {
            if (!partition.error_message.empty()) {
                return error_of(response.error_code, kWhat, partition.error_message);
            }
        }
    }
    // Without a reason a broker that sent it to the controller cannot be told from one that did
    // not.
    return response.error_code == wire::ErrorCode::request_timed_out
               ? with_outcome(error_of(response.error_code, kWhat,
                                       "no active controller answered this broker in time"),
                              kListPartitions)
               : error_of(response.error_code, kWhat);
}

Result<Answer> try_elect(Client& client, const ElectLeadersRequest& request,
                         const Deadline& deadline) {
    auto answer = client.call<ElectLeadersResponse>(request, deadline);
    if (!answer) {
        return std::unexpected(with_outcome(answer.error(), kListPartitions));
    }
    if ((*answer)->error_code != wire::ErrorCode::none) {
        return std::unexpected(error_of_all(**answer));
    }
    return answer;
}

bool is_elected(const PartitionView& partition, ElectionType type) {
    if (type == ElectionType::preferred && !partition.replicas.empty()) {
        return partition.leader == partition.replicas.front();
    }
    return partition.leader != kNoBroker;
}

std::map<std::string, std::map<PartitionIndex, PartitionView>> by_name(const ClusterView& cluster) {
    std::map<std::string, std::map<PartitionIndex, PartitionView>> partitions;
    for (const TopicView& topic : cluster.topics) {
        for (const PartitionView& partition : topic.partitions) {
            partitions[topic.name][partition.index] = partition;
        }
    }
    return partitions;
}

/// Fills in the leaders. Errors: busy (the broker does not show all elected leaders yet), those of
/// Client::describe.
Result<void> look_for_leaders(Client& client, ElectionType type,
                              std::vector<ElectionOutcome>& outcomes, const Deadline& deadline) {
    std::set<std::string> topics;
    for (const ElectionOutcome& outcome : outcomes) {
        topics.insert(outcome.name.topic);
    }
    const std::vector<std::string> names(topics.begin(), topics.end());
    HW_TRY(cluster, client.describe(names, deadline));
    auto partitions = by_name(cluster);
    bool has_all = true;
    for (ElectionOutcome& outcome : outcomes) {
        const auto& topic = partitions[outcome.name.topic];
        const auto found = topic.find(outcome.name.partition);
        if (!outcome.result || found == topic.end()) {
            continue;
        }
        if (!outcome.is_needed || is_elected(found->second, type)) {
            outcome.leader = found->second.leader;
        } else {
            has_all = false;
        }
    }
    return has_all ? Result<void>() : fail(ErrorKind::busy, "the new leaders are not shown yet");
}

}  // namespace

Result<std::vector<ElectionOutcome>> elect_leaders(
    Client& client, ElectionType type,
    const std::optional<std::vector<PartitionName>>& partitions) {
    std::map<std::string, std::vector<PartitionIndex>> by_topic;
    for (const PartitionName& name : partitions.value_or(std::vector<PartitionName>())) {
        by_topic[name.topic].push_back(name.partition);
    }
    std::vector<ElectLeadersRequest::TopicPartitions> topics;
    for (const auto& [topic, indexes] : by_topic) {
        topics.push_back({.topic = topic, .partitions = indexes});
    }
    using Topics = wire::Array<ElectLeadersRequest::TopicPartitions>;
    const ElectLeadersRequest request{
        .election_type = static_cast<std::int8_t>(type),
        .topic_partitions = partitions ? Topics(topics) : Topics::null(),
        .timeout_ms = Millis(static_cast<std::int32_t>(client.timeout().count()))};
    const auto elect = [&](const Deadline& deadline) {
        return try_elect(client, request, deadline);
    };
    // A second unclean election could lose more than the user has agreed to.
    const Retry retry = type == ElectionType::unclean ? Retry::refused : Retry::any;
    HW_TRY(answer, client.retried(retry, elect));
    std::vector<ElectionOutcome> outcomes = outcomes_of(*answer);
    const auto look = [&](const Deadline& deadline) {
        return look_for_leaders(client, type, outcomes, deadline);
    };
    if (!outcomes.empty()) {
        // The elections are valid even if the broker does not show them in time.
        std::ignore = client.retried(Retry::any, look);
    }
    return outcomes;
}

}  // namespace hw::client
