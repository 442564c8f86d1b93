#include "test/sim/mutant_table.h"

#include <vector>

namespace hw::sim {
namespace {

template <class Group>
NamedMutant named(std::string_view name, Group Mutants::* group, bool Group::* rule) {
    return {name, [group, rule](Mutants& mutants) { mutants.*group.*rule = true; }};
}

NamedMutant of_log(std::string_view name, bool storage::LogMutants::* rule) {
    return named(name, &Mutants::log, rule);
}

NamedMutant of_leader(std::string_view name, bool replication::LeaderMutants::* rule) {
    return named(name, &Mutants::leader, rule);
}

NamedMutant of_follower(std::string_view name, bool replication::FollowerMutants::* rule) {
    return named(name, &Mutants::follower, rule);
}

NamedMutant of_controller(std::string_view name, bool controller::ControllerMutants::* rule) {
    return named(name, &Mutants::controller, rule);
}

NamedMutant of_quorum(std::string_view name, bool replication::RaftMutants::* rule) {
    return named(name, &Mutants::raft, rule);
}

NamedMutant of_coordinator(std::string_view name, bool broker::CoordinatorMutants::* rule) {
    return named(name, &Mutants::coordinator, rule);
}

NamedMutant of_group(std::string_view name, bool broker::ClassicMutants::* rule) {
    return named(name, &Mutants::group, rule);
}

NamedMutant of_consumers(std::string_view name, bool broker::ConsumerMutants::* rule) {
    return named(name, &Mutants::consumer, rule);
}

std::vector<NamedMutant> replica_mutants() {
    using replication::FollowerMutants;
    using replication::LeaderMutants;
    using storage::LogMutants;
    return {
        of_log("durable_end_before_sync", &LogMutants::durable_end_before_sync),
        of_log("ticket_outlives_truncation", &LogMutants::ticket_outlives_truncation),
        of_log("snapshot_outlives_truncation", &LogMutants::snapshot_outlives_truncation),
        of_log("folder_is_not_synced", &LogMutants::folder_is_not_synced),
        of_leader("acknowledges_before_sync", &LeaderMutants::acknowledges_before_sync),
        of_leader("ignores_min_isr", &LeaderMutants::ignores_min_isr),
        of_leader("ignores_other_replicas", &LeaderMutants::ignores_other_replicas),
        of_leader("forgets_epoch_start", &LeaderMutants::forgets_epoch_start),
        of_leader("ignores_proposed_members", &LeaderMutants::ignores_proposed_members),
        of_leader("adds_before_watermark", &LeaderMutants::adds_before_watermark),
        of_leader("adds_before_epoch_start", &LeaderMutants::adds_before_epoch_start),
        of_leader("rolls_back_unknown", &LeaderMutants::rolls_back_unknown),
        of_follower("fetches_before_sync", &FollowerMutants::fetches_before_sync),
        of_follower("truncates_to_watermark", &FollowerMutants::truncates_to_watermark),
        of_follower("takes_end_of_other_epoch", &FollowerMutants::takes_end_of_other_epoch),
        of_follower("takes_diverging_watermark", &FollowerMutants::takes_diverging_watermark),
        of_follower("watermark_beyond_log_end", &FollowerMutants::watermark_beyond_log_end),
        of_follower("takes_answers_of_other_log", &FollowerMutants::takes_answers_of_other_log),
    };
}

std::vector<NamedMutant> metadata_mutants() {
    using controller::ControllerMutants;
    using replication::RaftMutants;
    return {
        of_controller("ignores_partition_epoch", &ControllerMutants::ignores_partition_epoch),
        of_controller("admits_ineligible_replicas", &ControllerMutants::admits_ineligible_replicas),
        of_controller("elects_fenced_brokers", &ControllerMutants::elects_fenced_brokers),
        of_controller("elects_uncleanly", &ControllerMutants::elects_uncleanly),
        of_quorum("counts_before_durable", &RaftMutants::counts_before_durable),
        of_quorum("commits_old_epoch", &RaftMutants::commits_old_epoch),
        of_quorum("votes_for_short_log", &RaftMutants::votes_for_short_log),
        of_quorum("votes_twice", &RaftMutants::votes_twice),
        of_quorum("forgets_vote", &RaftMutants::forgets_vote),
        of_quorum("reuses_epoch", &RaftMutants::reuses_epoch),
        of_quorum("fetches_before_durable", &RaftMutants::fetches_before_durable),
        of_quorum("trusts_watermark_early", &RaftMutants::trusts_watermark_early),
        of_quorum("takes_late_answers", &RaftMutants::takes_late_answers),
        of_quorum("grants_any_pre_vote", &RaftMutants::grants_any_pre_vote),
        of_quorum("leads_without_majority", &RaftMutants::leads_without_majority),
        of_quorum("answers_before_durable", &RaftMutants::answers_before_durable),
        of_quorum("truncates_committed", &RaftMutants::truncates_committed),
    };
}

std::vector<NamedMutant> group_mutants() {
    using broker::ClassicMutants;
    using broker::ConsumerMutants;
    using broker::CoordinatorMutants;
    return {
        of_coordinator("answers_before_commit", &CoordinatorMutants::answers_before_commit),
        of_coordinator("loads_to_watermark", &CoordinatorMutants::loads_to_watermark),
        of_coordinator("keeps_state_when_resigned", &CoordinatorMutants::keeps_state_when_resigned),
        of_group("answers_sync_unstored", &ClassicMutants::answers_sync_unstored),
        of_group("takes_old_generations", &ClassicMutants::takes_old_generations),
        of_group("takes_old_instances", &ClassicMutants::takes_old_instances),
        of_group("keeps_dead_members", &ClassicMutants::keeps_dead_members),
        of_consumers("gives_held_partitions", &ConsumerMutants::gives_held_partitions),
        of_consumers("forgets_revoking", &ConsumerMutants::forgets_revoking),
        of_consumers("takes_old_epochs", &ConsumerMutants::takes_old_epochs),
        of_consumers("takes_old_heartbeats", &ConsumerMutants::takes_old_heartbeats),
        of_consumers("keeps_silent_members", &ConsumerMutants::keeps_silent_members),
        of_consumers("forgets_instances", &ConsumerMutants::forgets_instances),
        of_consumers("forgets_classic_parts", &ConsumerMutants::forgets_classic_parts),
        of_consumers("takes_back_removed", &ConsumerMutants::takes_back_removed),
    };
}

std::vector<NamedMutant> make_all() {
    std::vector<NamedMutant> all;
    for (const auto& part : {replica_mutants(), metadata_mutants(), group_mutants()}) {
        all.insert(all.end(), part.begin(), part.end());
    }
    all.push_back({"node_spins", [](Mutants& mutants) { mutants.node_spins = true; }});
    return all;
}

}  // namespace

std::span<const NamedMutant> all_mutants() {
    static const std::vector<NamedMutant> kAll = make_all();
    return kAll;
}

std::optional<Mutants> find_mutant(std::string_view name) {
    for (const NamedMutant& mutant : all_mutants()) {
        if (mutant.name == name) {
            Mutants mutants;
            mutant.switch_on(mutants);
            return mutants;
        }
    }
    return std::nullopt;
}

}  // namespace hw::sim
