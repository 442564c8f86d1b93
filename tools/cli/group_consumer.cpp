#include "tools/cli/group_consumer.h"

#include <algorithm>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "tools/cli/output.h"
#include "tools/cli/report.h"
#include "tools/client/group_admin.h"
#include "tools/client/group_requests.h"

namespace hw::cli {
namespace {

using Step = client::GroupMembership::Step;

/// A member that hangs, or was killed, has lost its partitions after that. It must be longer than
/// any wait between two heartbeats, and is in the range that brokers allow by default.
client::Milliseconds session_of(client::Milliseconds timeout) {
    constexpr client::Milliseconds kShortest = std::chrono::seconds(6);
    constexpr client::Milliseconds kLongest = std::chrono::minutes(30);
    return std::clamp<client::Milliseconds>(2 * timeout, kShortest, kLongest);
}

}  // namespace

Result<void> GroupConsumer::run() {
    auto done = work();
    const auto left = leave();
    // An error after an interrupt was caused by it, and is not a failure.
    if (!done && !around_.interrupt.is_raised()) {
        return done;
    }
    return left;
}

bool GroupConsumer::is_done() const {
    return membership_.is_assigned() && consumer_.is_done();
}

Result<void> GroupConsumer::work() {
    while (output_works_ && !is_done() && !around_.interrupt.is_raised()) {
        HW_TRY_VOID(step());
    }
    return {};
}

Result<void> GroupConsumer::step() {
    switch (membership_.next_step(Now::now())) {
        case Step::join:
            return join();
        case Step::sync:
            return sync();
        case Step::heartbeat:
            return heartbeat();
        case Step::read:
            break;
    }
    return read();
}

Result<void> GroupConsumer::join() {
    HW_TRY_VOID(commit(around_.client));
    commits_.clear();
    HW_TRY(answer, client::join_group(around_.client, membership_.name(), topic_,
                                      session_of(around_.client.timeout())));
    return membership_.on_joined(std::move(answer));
}

Result<std::map<std::string, std::int32_t>> GroupConsumer::partition_counts() {
    std::vector<std::string> topics;
    for (const client::Subscriber& member : membership_.members()) {
        topics.insert(topics.end(), member.topics.begin(), member.topics.end());
    }
    std::ranges::sort(topics);
    topics.erase(std::ranges::unique(topics).begin(), topics.end());
    return around_.client.retried(
        client::Retry::any,
        [&](const client::Deadline& deadline) -> Result<std::map<std::string, std::int32_t>> {
            HW_TRY(cluster, around_.client.describe(topics, deadline));
            std::map<std::string, std::int32_t> counts;
            for (const client::TopicView& topic : cluster.topics) {
                if (topic.error && topic.error->kind == ErrorKind::busy) {
                    return std::unexpected(*topic.error);
                }
                // A topic that does not exist has no partitions.
                counts[topic.name] = static_cast<std::int32_t>(topic.partitions.size());
            }
            return counts;
        });
}

Result<void> GroupConsumer::sync() {
    std::map<std::string, std::vector<client::PartitionName>> assignment;
    if (!membership_.members().empty()) {
        HW_TRY(counts, partition_counts());
        assignment = client::assign_ranges(membership_.members(), counts);
    }
    HW_TRY(answer, client::sync_group(around_.client, membership_.name(), assignment));
    HW_TRY_VOID(membership_.on_synced(std::move(answer), Now::now()));
    return membership_.is_assigned() ? begin_reading() : Result<void>();
}

Result<void> GroupConsumer::begin_reading() {
    HW_TRY(stored, client::committed_offsets(around_.client, group()));
    std::vector<Consumer::Commitment> partitions;
    for (const client::PartitionName& assigned : membership_.assigned()) {
        if (assigned.topic != topic_) {
            continue;
        }
        const auto found = std::ranges::find_if(stored, [&](const auto& one) {
            return one.name.topic == topic_ && one.name.partition == assigned.partition;
        });
        partitions.push_back({assigned.partition,
                              found == stored.end() ? std::nullopt : std::optional(found->offset)});
        if (found != stored.end()) {
            commits_.had_committed({assigned.partition, found->offset});
        }
    }
    HW_TRY_VOID(consumer_.resume(partitions));
    say_assignment(partitions);
    // A group that has begun here goes on here, also if this member prints nothing.
    commits_.reached(consumer_.all_positions());
    return commit(around_.client);
}

void GroupConsumer::say_assignment(const std::vector<Consumer::Commitment>& partitions) const {
    std::vector<std::string> names;
    for (const auto& [partition, committed] : partitions) {
        names.push_back(fmt::format("{}-{}", topic_, partition));
    }
    note(around_.command, fmt::format("group '{}' has assigned {}", group(),
                                      names.empty() ? "no partition; it waits for one"
                                                    : fmt::format("{}", fmt::join(names, ", "))));
    const auto positions = consumer_.all_positions();
    for (std::size_t index = 0; index < partitions.size(); ++index) {
        const auto& committed = partitions[index].committed;
        const Offset next = positions[index].next_offset;
        if (committed && *committed != next) {
            warn(around_.command,
                 fmt::format("group '{}' has committed {} in {}, which is not in the log any more: "
                             "it goes on at {}",
                             group(), *committed, names[index], next));
        }
    }
}

Result<void> GroupConsumer::heartbeat() {
    HW_TRY(code, client::send_heartbeat(around_.client, membership_.name()));
    return membership_.on_heartbeat(code, Now::now());
}

Result<void> GroupConsumer::read() {
    if (consumer_.positions().empty()) {
        std::ignore = around_.interrupt.wait(Consumer::kMaxWait);
        return {};
    }
    const auto polled = consumer_.poll();
    output_works_ = flush_output();
    if (!output_works_) {
        return {};
    }
    commits_.reached(consumer_.all_positions());
    HW_TRY_VOID(polled);
    return commits_.is_due(Now::now()) ? commit(around_.client) : Result<void>();
}

Result<void> GroupConsumer::commit(client::Client& client) {
    const auto positions = commits_.uncommitted();
    if (positions.empty() || membership_.name().generation < 0) {
        return {};
    }
    HW_TRY(code, client::commit_positions(client, membership_.name(), topic_, positions));
    if (code == wire::ErrorCode::none) {
        commits_.committed(positions, Now::now());
    }
    return membership_.on_committed(code);
}

Result<void> GroupConsumer::leave() {
    if (membership_.name().member.empty()) {
        return {};
    }
    HW_TRY(client,
           around_.client.unstoppable(std::min(around_.client.timeout(), kLongestFarewell)));
    HW_TRY_VOID(commit(client));
    return client::leave_group(client, membership_.name());
}

}  // namespace hw::cli
