#include "test/sim/quorum_checker.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "protocol/record/batch_cursor.h"
#include "replication/raft/raft_node.h"
#include "storage/quorum_state_file.h"

namespace hw::sim {

using replication::Candidate;
using replication::Follower;
using replication::Leader;
using replication::Prospective;

namespace {

BrokerId id_of(const Machine& machine) {
    return BrokerId(static_cast<std::int32_t>(machine.tag()));
}

}  // namespace

void QuorumChecker::after_step(const Machine& machine) {
    const BrokerProcess* const process = machine.process();
    const replication::RaftNode* const raft =
        process == nullptr ? nullptr : process->node().quorum();
    if (raft == nullptr) {
        return;
    }
    const Core& core = raft->core();
    Seen& seen = seen_[machine.tag()];
    if (seen.life != machine.life()) {
        begin_life(machine, core, seen);
    }
    seen.is_persisting = raft->is_persisting();
    check_log(machine, core, seen);
    check_votes(machine, core, seen);
    check_roles(machine, core, seen);
    check_watermark(machine, core, seen);
    if (seen.tried < core.high_watermark()) {
        seen.tried = core.high_watermark();
        compare(machine, *raft, seen.tried, seen);
    }
}

void QuorumChecker::begin_life(const Machine& machine, const Core& core, Seen& seen) {
    const Seen before = std::move(seen);
    seen = {};
    seen.life = machine.life();
    seen.kept = before.kept;
    seen.end_offset = core.log().end().end_offset;
    if (seen.end_offset < seen.kept) {
        fail_rule(
            "controller {} starts with a log that ends at {}, but its records up to {} were "
            "committed and durable",
            machine.tag(), seen.end_offset, seen.kept);
    }
}

void QuorumChecker::check_log(const Machine& machine, const Core& core, Seen& seen) {
    const Offset end = core.log().end().end_offset;
    if (end < seen.end_offset) {
        ++marks_.truncations;
        if (end < seen.kept) {
            fail_rule(
                "controller {} removes its records from offset {} on, but those up to {} are "
                "committed",
                machine.tag(), end, seen.kept);
        }
    }
    seen.end_offset = end;
    seen.durable_end = core.log().durable_end_offset();
}

/// A process does not change its vote in an epoch.
void QuorumChecker::check_votes(const Machine& machine, const Core& core, Seen& seen) {
    const replication::ElectionState& state = core.state();
    if (state.epoch != seen.epoch) {
        seen.epoch = state.epoch;
        seen.voted = kNoBroker;
        seen.counted.clear();
    }
    if (seen.voted != kNoBroker && state.voted.id != seen.voted) {
        fail_rule("controller {} votes for {} in epoch {}, in which it has voted for {}",
                  machine.tag(), state.voted.id, state.epoch, seen.voted);
    }
    seen.voted = state.voted.id;
}

void QuorumChecker::check_roles(const Machine& machine, const Core& core, Seen& seen) {
    const auto* const follower = std::get_if<Follower>(&core.role());
    const bool hears = core.leads() || (follower != nullptr && follower->has_fetched);
    if (!hears) {
        seen.hears_leader_since.reset();
    } else if (!seen.hears_leader_since) {
        seen.hears_leader_since = scheduler_.now();
    }
    check_leader(machine, core, seen);
    if (std::holds_alternative<Prospective>(core.role())) {
        if (seen.prospective_epoch != core.epoch()) {
            seen.prospective_epoch = core.epoch();
            seen.prospective_since = scheduler_.now();
        }
    } else if (const auto* const candidate = std::get_if<Candidate>(&core.role())) {
        if (seen.prospective_epoch + 1 == core.epoch()) {
            check_pre_votes(machine, core, seen);
            seen.prospective_epoch = kNoLeaderEpoch;
        }
        check_counted(machine, core.epoch(), candidate->votes.granted, seen);
    } else if (const auto* const leader = std::get_if<Leader>(&core.role())) {
        check_counted(machine, core.epoch(), leader->granted, seen);
        check_majority(machine, core, *leader, seen);
    }
}

void QuorumChecker::check_leader(const Machine& machine, const Core& core, Seen& seen) {
    if (seen.leads && (!core.leads() || core.epoch() != *seen.leads)) {
        const bool has_uncommitted = core.log().end().end_offset > core.high_watermark();
        marks_.uncommitted_resignations += has_uncommitted ? 1 : 0;
        seen.leads.reset();
        seen.silent_since.reset();
    }
    if (!core.leads() || seen.leads || seen.is_persisting) {
        return;
    }
    seen.leads = core.epoch();
    ++marks_.elections;
    const auto [leader, is_new] = leaders_.try_emplace(core.epoch(), id_of(machine));
    if (!is_new) {
        fail_rule("controller {} begins to lead epoch {}, which {} has led already", machine.tag(),
                  core.epoch(), leader->second);
    }
    const auto lacks = std::ranges::find_if(committed_, [&](const auto& entry) {
        return entry.second.epoch < core.epoch() &&
               entry.second.end_offset > core.log().end().end_offset;
    });
    if (lacks != committed_.end()) {
        fail_rule("controller {} leads epoch {} without the committed record at offset {}",
                  machine.tag(), core.epoch(), lacks->first);
    }
}

/// A vote that is counted must be on stable storage of the voter.
void QuorumChecker::check_counted(const Machine& machine, LeaderEpoch epoch,
                                  const std::set<BrokerId>& granted, Seen& seen) {
    for (const BrokerId voter : granted) {
        if (voter == id_of(machine) || !seen.counted.insert(voter).second) {
            continue;
        }
        const std::string path =
            std::string("/data/__cluster_metadata-0/") + storage::kQuorumStateFile;
        const Machine& other = *machines_[static_cast<std::size_t>(voter.value() - 1)];
        const auto state = storage::parse_quorum_state(other.disk().durable_contents(path), path);
        const bool is_durable =
            state && (state->leader_epoch > epoch ||
                      (state->leader_epoch == epoch && state->voted_id == id_of(machine)));
        if (!is_durable) {
            fail_rule(
                "controller {} counts the vote of {} in epoch {}, which is not on stable "
                "storage there",
                machine.tag(), voter, epoch);
        }
    }
}

/// Votes that count, of all lives.
void QuorumChecker::note_vote(BrokerId voter, LeaderEpoch epoch, BrokerId candidate) {
    const auto [vote, is_new] = votes_.try_emplace({voter, epoch}, candidate);
    if (vote->second != candidate) {
        fail_rule("the votes of controller {} for {} and for {} count in epoch {}", voter,
                  vote->second, candidate, epoch);
    }
}

/// A node stands for election only with the pre-votes of a majority. A voter that has heard a
/// leader since before it was asked does not grant one.
void QuorumChecker::check_pre_votes(const Machine& machine, const Core& core, const Seen& seen) {
    std::size_t possible = 1;
    for (const replication::Voter& voter : core.options().voters.voters()) {
        const auto other = seen_.find(static_cast<NodeTag>(voter.key.id.value()));
        const bool hears = other != seen_.end() && other->second.hears_leader_since &&
                           *other->second.hears_leader_since < seen.prospective_since;
        possible += voter.key.id != id_of(machine) && !hears ? 1 : 0;
    }
    if (possible < core.options().voters.majority()) {
        fail_rule(
            "controller {} stands in epoch {}, although {} voters at most can have granted "
            "its pre-vote: the others hear the leader",
            machine.tag(), core.epoch(), possible);
    }
}

/// A leader that a majority is silent to resigns.
void QuorumChecker::check_majority(const Machine& machine, const Core& core, const Leader& role,
                                   Seen& seen) {
    std::vector<TimePoint> contacts;
    for (const auto& [id, progress] : role.voters) {
        contacts.push_back(progress.last_contact);
    }
    const std::size_t others = core.options().voters.majority() - 1;
    if (others == 0) {
        return;
    }
    std::ranges::sort(contacts, std::greater<>());
    const TimePoint now = machine.clock().now();
    const bool was_paused = now > std::exchange(seen.last_step, now) + kResignGrace;
    if (was_paused || now <= contacts[others - 1] + core.options().fetch_timeout * 3 / 2) {
        seen.silent_since.reset();
    } else if (!seen.silent_since) {
        seen.silent_since = now;
    } else if (now > *seen.silent_since + kResignGrace) {
        fail_rule("controller {} leads epoch {}, although a majority has been silent for {} ms",
                  machine.tag(), core.epoch(),
                  std::chrono::duration_cast<std::chrono::milliseconds>(now - contacts[others - 1])
                      .count());
    }
}

void QuorumChecker::check_watermark(const Machine& machine, const Core& core, Seen& seen) {
    const Offset watermark = core.high_watermark();
    if (watermark < seen.high_watermark) {
        fail_rule("the high watermark of controller {} falls from {} to {}", machine.tag(),
                  seen.high_watermark, watermark);
    }
    committed_end_ = std::max(committed_end_, watermark);
    seen.kept = std::max(seen.kept, std::min(watermark, seen.durable_end));
    const auto* const leader = std::get_if<Leader>(&core.role());
    if (watermark == std::exchange(seen.high_watermark, watermark) || leader == nullptr) {
        return;
    }
    if (watermark <= leader->epoch_start_offset) {
        fail_rule(
            "controller {} commits up to {} without a record of its epoch {}, which begins "
            "at {}",
            machine.tag(), watermark, core.epoch(), leader->epoch_start_offset);
    }
    std::size_t holders = 0;
    for (const auto& [node, other] : seen_) {
        holders += other.durable_end >= watermark ? 1 : 0;
    }
    if (holders < core.options().voters.majority()) {
        fail_rule("controller {} commits up to {}, which is durable at only {} controllers",
                  machine.tag(), watermark, holders);
    }
}

/// Compares the committed part of a node's log with what was seen of it on others.
void QuorumChecker::compare(const Machine& machine, const replication::RaftNode& raft,
                            Offset end_offset, Seen& seen) {
    constexpr std::size_t kBytes = 1 << 20;
    storage::ReadCursor place;
    const auto read = raft.read(seen.compared, end_offset, kBytes, place);
    if (!read) {
        return;  // its disk has failed or is damaged
    }
    record::BatchCursor cursor(read->bytes.view());
    while (const auto batch = cursor.next()) {
        if (!batch->crc_matches() || batch->last_offset() >= end_offset) {
            return;
        }
        const BatchId id{batch->last_offset() + 1, batch->leader_epoch(), batch->crc()};
        const auto [known, is_new] = committed_.try_emplace(batch->base_offset(), id);
        if (known->second != id) {
            fail_rule(
                "controller {} has another committed record at offset {}, of epoch {}, than "
                "was committed before, of epoch {}",
                machine.tag(), batch->base_offset(), id.epoch, known->second.epoch);
            return;
        }
        seen.compared = id.end_offset;
    }
}

}  // namespace hw::sim
