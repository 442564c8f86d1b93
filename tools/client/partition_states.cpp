#include "tools/client/partition_states.h"

#include <algorithm>
#include <array>
#include <span>
#include <tuple>

#include <fmt/format.h>

#include "protocol/schema/api/describe_replicas.h"
#include "tools/client/partition_io.h"
#include "tools/client/words.h"

namespace hw::client {
namespace {

using schema::DescribeReplicasRequest;
using schema::DescribeReplicasResponse;

/// Brokers describe no more partitions at once.
constexpr std::size_t kMaxPartitions = 1000;

std::vector<BrokerId> ids(const wire::Array<BrokerId>& array) {
    return {array.begin(), array.end()};
}

std::optional<Milliseconds> age(std::int64_t millis) {
    return millis < 0 ? std::nullopt : std::optional(Milliseconds(millis));
}

PartitionState state_of(const DescribeReplicasResponse::Partition& partition) {
    PartitionState state{.leader_epoch = partition.leader_epoch,
                         .partition_epoch = partition.partition_epoch,
                         .log_start_offset = partition.log_start_offset,
                         .log_end_offset = partition.log_end_offset,
                         .durable_end_offset = partition.durable_end_offset,
                         .high_watermark = partition.high_watermark,
                         .isr_size_needed = partition.isr_size_needed,
                         .in_sync = ids(partition.isr),
                         .proposed_isr = {},
                         .watermark_reason = std::string(partition.watermark_reason),
                         .write_refusal = std::string(partition.write_refusal),
                         .replicas = {}};
    if (!partition.proposed_isr.is_null()) {
        state.proposed_isr = ids(partition.proposed_isr);
    }
    for (const auto& replica : partition.replicas) {
        state.replicas.push_back({.broker = replica.broker_id,
                                  .broker_epoch = replica.broker_epoch,
                                  .end_offset = replica.log_end_offset,
                                  .since_fetch = age(replica.since_fetch_ms),
                                  .since_caught_up = age(replica.since_caught_up_ms),
                                  .reason = std::string(replica.reason)});
    }
    return state;
}

/// Asks for the states of partitions, in attempts, and collects the results.
class StateQuery {
public:
    StateQuery(Client& client, const std::string& topic,
               const std::vector<PartitionIndex>& partitions)
        : client_(client), topic_(topic), pending_(partitions) {}

    /// Asks for the partitions without a final result. Errors: that of one which may have a result
    /// later.
    [[nodiscard]] Result<void> attempt(const Deadline& deadline);
    /// Adds to the failures of the partitions without a final result that there is no time left.
    void give_up();
    [[nodiscard]] PartitionStates take() { return std::move(states_); }

private:
    using Indexes = std::span<const PartitionIndex>;

    void ask_leader(BrokerId leader, Indexes partitions, const Deadline& deadline);
    [[nodiscard]] Result<void> ask(BrokerConnection& leader, Indexes partitions,
                                   const Deadline& deadline);
    void fail(PartitionIndex partition, const Error& error) {
        states_.insert_or_assign(partition, std::unexpected(error));
    }
    /// A failure to ask the leader of these partitions.
    void fail_all(Indexes partitions, const Error& error);

    Client& client_;
    const std::string& topic_;
    std::vector<PartitionIndex> pending_;
    PartitionStates states_;
};

void StateQuery::fail_all(Indexes partitions, const Error& error) {
    for (const PartitionIndex partition : partitions) {
        const std::string name = to_string({topic_, partition});
        fail(partition,
             {error.kind, fmt::format("partition {}: its leader does not describe it: {}", name,
                                      error.message)});
    }
}

Result<void> StateQuery::ask(BrokerConnection& leader, Indexes partitions,
                             const Deadline& deadline) {
    const std::array topics{
        DescribeReplicasRequest::Topic{.name = topic_, .partitions = partitions}};
    const DescribeReplicasRequest request{.topics = topics};
    HW_TRY(answer, leader.call<DescribeReplicasResponse>(request, deadline));
    if (answer->error_code != wire::ErrorCode::none) {
        return std::unexpected(error_of(answer->error_code, "the replicas", answer->error_message));
    }
    fail_all(partitions, {ErrorKind::corrupt, fmt::format("{}: it is not in the answer",
                                                          config::to_string(leader.address()))});
    for (const auto& topic : answer->topics) {
        for (const auto& partition : topic.partitions) {
            const PartitionIndex index = partition.partition_index;
            const std::string what = "partition " + to_string({topic_, index});
            if (partition.error_code == wire::ErrorCode::none) {
                states_.insert_or_assign(index, state_of(partition));
            } else {
                fail(index, error_of(partition.error_code, what, partition.error_message));
            }
        }
    }
    return {};
}

void StateQuery::ask_leader(BrokerId id, Indexes partitions, const Deadline& deadline) {
    const auto leader = client_.broker(id, deadline);
    if (!leader) {
        for (const PartitionIndex partition : partitions) {
            fail(partition, leader_failure(topic_, partition, id, leader.error()));
        }
        return;
    }
    while (!partitions.empty()) {
        const Indexes next = partitions.first(std::min(partitions.size(), kMaxPartitions));
        if (const auto asked = ask(**leader, next, deadline); !asked) {
            fail_all(partitions, asked.error());
            return;
        }
        partitions = partitions.subspan(next.size());
    }
}

Result<void> StateQuery::attempt(const Deadline& deadline) {
    const auto topic = client_.topic(topic_, deadline);
    if (!topic) {
        // What a leader has said, or not, is more than that the lookup failed.
        if (states_.empty()) {
            fail_all(pending_, topic.error());
        }
        return std::unexpected(topic.error());
    }
    std::map<BrokerId, std::vector<PartitionIndex>> by_leader;
    for (const PartitionIndex index : pending_) {
        const auto found = std::ranges::find(topic->partitions, index, &PartitionView::index);
        if (found == topic->partitions.end()) {
            fail(index, unknown_partition(*topic, fmt::format("{}", index)));
        } else {
            by_leader[found->leader].push_back(index);
        }
    }
    // A leader that does not answer must not use up the time of the others.
    auto leaders_left = static_cast<std::int64_t>(by_leader.size());
    for (const auto& [leader, partitions] : by_leader) {
        ask_leader(leader, partitions, deadline.within(deadline.left() / leaders_left--));
    }
    std::optional<Error> temporary;
    std::erase_if(pending_, [&](PartitionIndex partition) {
        const auto found = states_.find(partition);
        const bool is_temporary = found != states_.end() && !found->second &&
                                  Client::may_be_temporary(found->second.error());
        if (is_temporary) {
            temporary = found->second.error();
        }
        return !is_temporary;
    });
    return temporary ? Result<void>(std::unexpected(*temporary)) : Result<void>();
}

void StateQuery::give_up() {
    for (const PartitionIndex partition : pending_) {
        auto& state = states_.at(partition);
        if (!state && Client::may_be_temporary(state.error())) {
            state.error().message += client_.given_up();
        }
    }
}

}  // namespace

std::optional<std::int64_t> PartitionState::lag_of(const ReplicaState& replica) const {
    return replica.end_offset == kNoOffset
               ? std::nullopt
               : std::optional(std::max<std::int64_t>(log_end_offset - replica.end_offset, 0));
}

PartitionStates partition_states(Client& client, const std::string& topic,
                                 const std::vector<PartitionIndex>& partitions) {
    StateQuery query(client, topic, partitions);
    const auto ended = client.retried(
        Retry::any, [&](const Deadline& deadline) { return query.attempt(deadline); });
    if (!ended) {
        query.give_up();
    }
    return query.take();
}

}  // namespace hw::client
