#include "replication/partition/partition_description.h"

#include <algorithm>
#include <chrono>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "protocol/base/duration_text.h"
#include "replication/partition/partition_leader.h"
#include "replication/partition/partition_replica.h"

namespace hw::replication {
namespace {

/// Makes the sentences about one follower of a leader.
class FollowerText {
public:
    FollowerText(const PartitionLeader& leader, BrokerId broker, const FollowerProgress& progress,
                 TimePoint now)
        : leader_(leader), broker_(broker), progress_(progress), now_(now) {}

    /// Why it is not in the ISR, or is about to leave it; empty: neither.
    [[nodiscard]] std::string reason(BrokerState state) const;
    /// Where its log ends, and when it last fetched.
    [[nodiscard]] std::string position() const;

private:
    /// "5.2 s"
    [[nodiscard]] std::string time_since(TimePoint then) const {
        return short_duration(std::chrono::duration_cast<std::chrono::milliseconds>(now_ - then));
    }
    [[nodiscard]] std::string since_fetch() const { return time_since(progress_.heard_at()); }
    [[nodiscard]] Offset end() const { return progress_.acknowledged_end(); }
    [[nodiscard]] std::string why_absent() const;
    [[nodiscard]] std::string not_far_enough(std::string_view what, Offset needed) const;
    [[nodiscard]] std::string caught_up() const;

    const PartitionLeader& leader_;
    BrokerId broker_;
    const FollowerProgress& progress_;
    TimePoint now_;
};

std::string FollowerText::position() const {
    if (end() == kNoOffset) {
        return fmt::format("it has not fetched since leader epoch {} began {} ago", leader_.epoch(),
                           since_fetch());
    }
    const Offset leader_end = leader_.ends().log_end_offset;
    const std::int64_t missing = std::max<std::int64_t>(leader_end - end(), 0);
    const std::string distance = missing == 0
                                     ? "as the leader's does"
                                     : fmt::format("{} {} before the leader's end, {}", missing,
                                                   missing == 1 ? "record" : "records", leader_end);
    return fmt::format("its log ends at {}, {}, and it last fetched {} ago", end(), distance,
                       since_fetch());
}

std::string FollowerText::caught_up() const {
    const auto limit =
        std::chrono::duration_cast<std::chrono::milliseconds>(leader_.rules().lag.time_max);
    const std::string limit_text = fmt::format("replica.lag.time.max.ms is {}", limit.count());
    return progress_.caught_up_at()
               ? fmt::format("it last had all records {} ago, and {}",
                             time_since(*progress_.caught_up_at()), limit_text)
               : fmt::format("it has not had all records since leader epoch {} began",
                             leader_.epoch());
}

std::string FollowerText::not_far_enough(std::string_view what, Offset needed) const {
    return fmt::format("it must first reach {}, {}: {}; {}", what, needed, position(), caught_up());
}

std::string FollowerText::why_absent() const {
    if (end() == kNoOffset) {
        return fmt::format("{}; see the log of broker {}", position(), broker_);
    }
    if (end() < leader_.high_watermark()) {
        return not_far_enough("the high watermark", leader_.high_watermark());
    }
    if (end() < leader_.epoch_start_offset()) {
        return not_far_enough("the start of the leader's epoch", leader_.epoch_start_offset());
    }
    const LagLimits& limits = leader_.rules().lag;
    if (!progress_.is_near(leader_.ends().log_end_offset, limits)) {
        return fmt::format(
            "{}; it can return when at most {} are missing, half of "
            "replica.lag.max.messages, {}",
            position(), *limits.messages_max / 2, *limits.messages_max);
    }
    if (!progress_.may_join_isr()) {
        return fmt::format(
            "the controller removed or refused it after its last fetch, so it can "
            "return with its next fetch at the earliest: {}",
            position());
    }
    if (leader_.proposal()) {
        return "it can return, but the controller must first answer another change of the ISR";
    }
    return fmt::format("it can return with its next fetch: {}", position());
}

std::string FollowerText::reason(BrokerState state) const {
    const IsrProposal* proposal = leader_.proposal();
    const bool is_member = leader_.facts().is_in_sync(broker_);
    const bool is_proposed = proposal && proposal->has(broker_);
    if (is_member) {
        return !proposal || is_proposed
                   ? ""
                   : fmt::format(
                         "the controller has been asked to remove it and has not answered "
                         "yet: {}; {}",
                         position(), caught_up());
    }
    switch (state) {
        case BrokerState::unregistered:
            return fmt::format("broker {} is not registered in the cluster; {}", broker_,
                               position());
        case BrokerState::fenced:
            return fmt::format(
                "broker {} is fenced, because it sends the controller no heartbeats "
                "or has just started; {}",
                broker_, position());
        case BrokerState::stopping:
            return fmt::format("broker {} is shutting down; {}", broker_, position());
        case BrokerState::without_directory:
            return fmt::format(
                "its log directory on broker {} has failed or is missing, or its log is damaged; "
                "see the log of that broker, repair it and start it again; {}",
                broker_, position());
        case BrokerState::active:
            break;
    }
    return is_proposed ? "the controller has been asked to add it and has not answered yet"
                       : why_absent();
}

ReplicaDescription describe_follower(const PartitionLeader& leader, BrokerId broker,
                                     const FollowerProgress& progress, BrokerState state,
                                     TimePoint now) {
    ReplicaDescription replica{.broker = broker,
                               .broker_epoch = progress.broker_epoch(),
                               .log_end_offset = progress.acknowledged_end(),
                               .since_fetch = {},
                               .since_caught_up = {},
                               .reason = FollowerText(leader, broker, progress, now).reason(state)};
    if (progress.acknowledged_end() != kNoOffset) {
        replica.since_fetch = now - progress.heard_at();
    }
    if (progress.caught_up_at()) {
        replica.since_caught_up = now - *progress.caught_up_at();
    }
    return replica;
}

std::string watermark_reason(const PartitionLeader& leader, TimePoint now) {
    if (leader.high_watermark() >= leader.ends().log_end_offset) {
        return "";
    }
    if (!leader.isr_is_large_enough()) {
        return fmt::format("it does not move while {}", too_few_in_sync(leader));
    }
    std::vector<std::string> waits;
    if (leader.acknowledged_end() <= leader.high_watermark()) {
        waits.push_back(
            fmt::format("it waits for this leader's disk: the log is on stable "
                        "storage up to {}",
                        leader.ends().durable_end_offset));
    }
    for (const auto& [broker, progress] : leader.followers()) {
        if (leader.holds_back(broker, progress, now) &&
            progress.acknowledged_end() <= leader.high_watermark()) {
            waits.push_back(fmt::format("it waits for replica {}: {}", broker,
                                        FollowerText(leader, broker, progress, now).position()));
        }
    }
    return fmt::format("{}", fmt::join(waits, "; "));
}

std::string write_refusal(const PartitionLeader& leader) {
    if (!leader.silent_members().empty()) {
        return "every write is refused: " + perhaps_replaced(leader);
    }
    return leader.isr_is_large_enough() ? "" : "acks=all is refused: " + too_few_in_sync(leader);
}

std::optional<std::vector<BrokerId>> proposed_isr(const PartitionLeader& leader) {
    if (!leader.proposal()) {
        return std::nullopt;
    }
    std::vector<BrokerId> isr;
    for (const IsrMember& member : leader.proposal()->isr) {
        isr.push_back(member.broker);
    }
    return isr;
}

}  // namespace

std::string too_few_in_sync(const PartitionLeader& leader) {
    const std::size_t in_sync = leader.facts().isr.size();
    return fmt::format("{} of {} replicas {} in sync, but min.insync.replicas requires {}", in_sync,
                       leader.facts().replicas.size(), in_sync == 1 ? "is" : "are",
                       leader.isr_size_needed());
}

std::string perhaps_replaced(const PartitionLeader& leader) {
    const auto& silent = leader.silent_members();
    const std::string names =
        fmt::format("broker{} {}", silent.size() == 1 ? "" : "s", fmt::join(silent, ", "));
    return fmt::format(
        "{}: {}, which can lead, {} silent, too (broker.session.timeout.ms). Start {}, or a "
        "majority of the controllers",
        PartitionLeader::kMayBeReplaced, names, silent.size() == 1 ? "is" : "are", names);
}

PartitionDescription describe(const PartitionLeader& leader, const BrokerStates& states,
                              TimePoint now) {
    PartitionDescription described{.facts = leader.facts(),
                                   .log_start_offset = kNoOffset,
                                   .ends = leader.ends(),
                                   .high_watermark = leader.high_watermark(),
                                   .isr_size_needed = leader.isr_size_needed(),
                                   .proposed_isr = proposed_isr(leader),
                                   .watermark_reason = watermark_reason(leader, now),
                                   .write_refusal = write_refusal(leader),
                                   .replicas = {}};
    for (const BrokerId broker : leader.facts().replicas) {
        const auto follower = leader.followers().find(broker);
        if (follower == leader.followers().end()) {
            described.replicas.push_back({.broker = broker,
                                          .broker_epoch = BrokerEpoch(-1),
                                          .log_end_offset = leader.acknowledged_end(),
                                          .since_fetch = {},
                                          .since_caught_up = Duration::zero(),
                                          .reason = {}});
            continue;
        }
        const auto state = states.find(broker);
        described.replicas.push_back(
            describe_follower(leader, broker, follower->second,
                              state == states.end() ? BrokerState::active : state->second, now));
    }
    return described;
}

std::expected<PartitionDescription, wire::Refusal> describe(const PartitionReplica& replica,
                                                            const BrokerStates& states,
                                                            TimePoint now) {
    if (const auto reader = replica.reader(kNoLeaderEpoch); !reader) {
        return std::unexpected(reader.error());
    }
    PartitionDescription described = describe(*replica.leader(), states, now);
    described.log_start_offset = replica.log()->log_start_offset();
    return described;
}

}  // namespace hw::replication
