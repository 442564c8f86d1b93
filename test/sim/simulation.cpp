#include "test/sim/simulation.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <utility>

#include "storage/log_folder.h"
#include "test/sim/team_topics.h"

namespace hw::sim {
namespace {

std::vector<PartitionFacts> partition_facts(const Plan& plan) {
    std::vector<PartitionFacts> all;
    for (const PartitionPlan& partition : plan.partitions) {
        all.push_back(partition.facts);
    }
    return all;
}

std::vector<ProducerFacts> producer_facts(const Plan& plan) {
    std::vector<ProducerFacts> all;
    for (const ProducerPlan& producer : plan.producers) {
        all.push_back(producer.facts);
    }
    return all;
}

/// The names of the registers, in the order of their numbers.
std::vector<std::string> register_names(const Plan& plan) {
    std::vector<std::string> names;
    for (const GroupPlan& group : plan.groups) {
        for (const auto& [number, unused] : group.registers) {
            const PartitionPlan& partition = plan.partitions[number.value()];
            names.push_back(
                fmt::format("{} for {}-{}", group.name, partition.topic, partition.index));
        }
    }
    return names;
}

/// The names of the groups with members.
std::vector<std::string> team_names(const Plan& plan) {
    std::vector<std::string> names;
    for (const std::size_t group : plan.teams) {
        names.push_back(plan.groups[group].name);
    }
    return names;
}

std::vector<TeamState> teams_of(const Plan& plan) {
    std::vector<TeamState> teams;
    for (std::size_t team = 0; team < plan.teams.size(); ++team) {
        const auto members = std::ranges::count_if(plan.members, [team](const MemberPlan& member) {
            return member.team == team && !member.dies;
        });
        teams.emplace_back(static_cast<std::size_t>(members),
                           TeamTopics(plan, plan.groups[plan.teams[team]]).all().size());
    }
    return teams;
}

}  // namespace

Simulation::Simulation(const SimulationOptions& options)
    : options_(options),
      plan_(draw_plan(options.seed)),
      scheduler_(options.seed),
      trace_(scheduler_, options.echo),
      process_world_{.scheduler = scheduler_,
                     .network = network_,
                     .entropy = entropy_,
                     .data_shards = plan_.data_shards,
                     .defer_one_in = plan_.defer_one_in,
                     .mutants = options.mutants},
      checker_(partition_facts(plan_), producer_facts(plan_)),
      recorder_(scheduler_, plan_),
      offset_judge_(register_names(plan_)),
      group_judge_(team_names(plan_)),
      consumer_judge_(team_names(plan_)),
      placement_(plan_.partitions.size()),
      clients_{.shard = client_shard_,
               .clock = client_clock_,
               .network = network_,
               .checker = checker_,
               .recorder = recorder_,
               .trace = trace_,
               .offsets = offset_judge_,
               .groups = group_judge_,
               .consumers = consumer_judge_,
               .leadership =
                   [this](PartitionNumber partition, BrokerId broker) {
                       return replica_checker_.leadership(partition, broker);
                   },
               .coordinator_epoch =
                   [this](PartitionNumber partition, BrokerId broker) {
                       return replica_checker_.coordinator_epoch(partition, broker);
                   },
               .brokers = plan_.brokers(),
               .restarts = std::vector<std::uint64_t>(plan_.partitions.size()),
               .teams = teams_of(plan_),
               .protocol_changes = std::vector<ProtocolChanges>(plan_.teams.size())},
      cluster_script_{stage_, scheduler_, network_, machines_},
      admin_(clients_, options.seed << 16) {
    for (const NodePlan& node : plan_.nodes) {
        machines_.push_back(
            std::make_unique<Machine>(process_world_, trace_, node, plan_.properties(node)));
        Machine& machine = *machines_.back();
        machine.on_end([this, id = node.id](ProcessEnd end) { on_life_end(id, end); });
        scripts_.emplace_back(MachineScript::Ports{stage_, checker_, plan_, tallies_}, machine);
    }
    std::uint64_t seed = options.seed << 16;
    for (std::uint32_t i = 0; i < plan_.producers.size(); ++i) {
        const ProducerPlan& producer = plan_.producers[i];
        const PartitionPlan& partition = plan_.partitions[producer.facts.partition.value()];
        producers_.push_back(std::make_unique<SimProducer>(clients_, ProducerNumber(i), producer,
                                                           partition, ++seed));
    }
    for (const ReaderPlan& reader : plan_.readers) {
        readers_.push_back(std::make_unique<SimReader>(
            clients_, reader, plan_.partitions[reader.partition.value()], ++seed));
    }
    for (std::size_t i = 0; i < plan_.committers.size(); ++i) {
        committers_.push_back(std::make_unique<SimCommitter>(clients_, i, plan_, ++seed));
    }
    for (std::size_t i = 0; i < plan_.members.size(); ++i) {
        switch (plan_.groups[plan_.members[i].group].kind) {
            case GroupKind::classic:
                members_.push_back(std::make_unique<SimMember>(clients_, i, plan_, ++seed));
                break;
            case GroupKind::consumer:
                consumers_.push_back(std::make_unique<SimConsumer>(clients_, i, plan_, ++seed));
                break;
            case GroupKind::mixed:
                changers_.push_back(std::make_unique<SimChanger>(clients_, i, plan_, ++seed));
        }
    }
}

Simulation::~Simulation() {
    stage_.drop();
    client_shard_.drop();
}

bool Simulation::step_until(const std::function<bool()>& done, Duration limit) {
    bool is_done = false;
    const auto ends = [&] {
        after_step();
        is_done = done();
        return is_done || !goes_on();
    };
    scheduler_.run_until(ends, scheduler_.now() + limit);
    return is_done;
}

std::optional<std::string> Simulation::broken() const {
    for (const auto* const broken :
         {&checker_.broken(), &stage_.broken(), &quorum_checker_.broken(),
          &metadata_checker_.broken(), &replica_checker_.broken()}) {
        if (*broken) {
            return *broken;
        }
    }
    return std::nullopt;
}

void Simulation::after_step() {
    if (const NodeTag node = scheduler_.last_node(); node != kWorld && node <= machines_.size()) {
        quorum_checker_.after_step(*machines_[node - 1]);
        metadata_checker_.after_step(*machines_[node - 1], quorum_checker_.committed_end());
        const BrokerProcess* const process = machines_[node - 1]->process();
        if (process != nullptr && process->node().controller_metadata() != nullptr) {
            isr_tracker_.after_image(*process->node().controller_metadata());
        }
        replica_checker_.after_step(*machines_[node - 1]);
    }
    for (const auto& machine : machines_) {
        note_failed_syncs(*machine);
    }
    stage_.wake_scripts();
    check_spin();
}

void Simulation::note_failed_syncs(const Machine& machine) {
    for (const auto& [directory, when] : machine.disk().failed_syncs()) {
        for (std::uint32_t i = 0; i < placement_.size(); ++i) {
            const auto folder = machine.folder_of(plan_.partitions[i]);
            if (folder && folder->starts_with(directory + "/")) {
                checker_.on_sync_failed(PartitionNumber(i), when);
            }
        }
    }
}

void Simulation::check_spin() {
    if (scheduler_.now() >= second_end_) {
        second_end_ = scheduler_.now() + std::chrono::seconds(1);
        second_steps_ = scheduler_.steps();
    } else if (scheduler_.steps() - second_steps_ > kMaxStepsPerSecond * machines_.size()) {
        fail_rule(fmt::format("a node spins: {} nodes make more than {} steps in a second",
                              machines_.size(), kMaxStepsPerSecond * machines_.size()));
    }
}

void Simulation::fail_rule(std::string rule) {
    if (goes_on()) {
        stage_.fail_rule(std::move(rule));
    }
}

Verdict Simulation::run() {
    set_up();
    run_faults();
    run_without_faults();
    return verdict();
}

std::optional<std::string> Simulation::judge() {
    auto broken = recorder_.judge();
    if (!broken) {
        broken = offset_judge_.judge();
    }
    if (!broken) {
        broken = group_judge_.judge();
    }
    return broken ? std::move(broken) : consumer_judge_.judge();
}

MemberMarks Simulation::member_marks() const {
    const auto changed =
        std::ranges::count_if(clients_.protocol_changes, [](const ProtocolChanges& changes) {
            return changes.to_consumer > 0 && changes.to_classic > 0;
        });
    return {.generations = group_judge_.generations(),
            .commits = group_judge_.commits(),
            .grants = consumer_judge_.grants(),
            .consumer_commits = consumer_judge_.commits(),
            .fenced = clients_.fenced_members,
            .protocol_changes = static_cast<std::uint64_t>(changed)};
}

Verdict Simulation::verdict() {
    return {.broken = goes_on() ? judge() : broken(),
            .last_events = {trace_.last().begin(), trace_.last().end()},
            .has_faults = plan_.has_faults,
            .full_disks = count_of(tallies_.full_disks),
            .wall_jumps = count_of(tallies_.wall_jumps),
            .damages = count_of(tallies_.damages),
            .failed_directories = count_of(tallies_.failed_directories),
            .moved_off_failed = moved_off_failed_,
            .starts_without_directory = tallies_.starts_without_directory,
            .damage_reports = checker_.damage_reports() + tallies_.refused_starts,
            .nodes = machines_.size(),
            .cluster_faults = plan_.faults.size(),
            .quorum = quorum_checker_.marks(),
            .replicas = replica_checker_.marks(),
            .follower_reads = clients_.follower_reads,
            .offsets = {.acknowledged = offset_judge_.acknowledged(),
                        .read = offset_judge_.read(),
                        .read_at_replaced = offset_judge_.read_at_replaced(),
                        .stale = offset_judge_.stale_reads(),
                        .moved = clients_.moved_commits},
            .members = member_marks(),
            .lives = ended_lives_,
            .operations = clients_.operations,
            .acknowledged = checker_.acknowledged(),
            .read = checker_.read(),
            .steps = scheduler_.steps(),
            .trace_hash = scheduler_.trace_hash(),
            .simulated = scheduler_.now().time_since_epoch()};
}

/// Starts all nodes, and creates the topics, without faults. Then starts the clients.
void Simulation::set_up() {
    for (const auto& machine : machines_) {
        if (machine->plan().is_controller && plan_.controllers() > 1) {
            machine->format("simulated-cluster");
        }
    }
    start_missing();
    bool is_created = false;
    for (int attempt = 0; attempt < 5 && !is_created && goes_on(); ++attempt) {
        bool has_ended = false;
        client_shard_.spawn(admin_.create(plan_, is_created, has_ended));
        step_until([&] { return has_ended; }, kPatience);
    }
    if (!is_created) {
        fail_rule("the topics could not be created");
    }
    if (goes_on()) {
        // The first of them lets the brokers create the offsets topic.
        for (const auto& committer : committers_) {
            client_shard_.spawn(committer->run());
        }
        for (const auto& member : members_) {
            client_shard_.spawn(member->run());
        }
        for (const auto& consumer : consumers_) {
            client_shard_.spawn(consumer->run());
        }
        for (const auto& changer : changers_) {
            client_shard_.spawn(changer->run());
        }
        learn_placement();
        start_clients();
    }
}

/// Finds the replicas by their folders. Replicas stay where they were created.
void Simulation::learn_placement() {
    const auto is_complete = [this] {
        for (std::uint32_t i = 0; i < placement_.size(); ++i) {
            placement_[i] = find_replicas(plan_.partitions[i]);
            const auto wanted = plan_.partitions[i].facts.replication_factor;
            if (std::ssize(placement_[i]) < wanted) {
                return false;
            }
        }
        return true;
    };
    if (!step_until(is_complete, kPatience)) {
        fail_rule("not all replicas were created within a minute");
    }
}

std::vector<NodeTag> Simulation::find_replicas(const PartitionPlan& partition) const {
    std::vector<NodeTag> found;
    for (const auto& machine : machines_) {
        if (machine->folder_of(partition)) {
            found.push_back(machine->tag());
        }
    }
    return found;
}

void Simulation::start_clients() {
    for (const auto& producer : producers_) {
        client_shard_.spawn(producer->run());
    }
    for (const auto& reader : readers_) {
        client_shard_.spawn(reader->run());
    }
    client_shard_.spawn(admin_.run());
}

void Simulation::on_life_end(NodeTag node, ProcessEnd end) {
    ++ended_lives_;
    for (std::uint32_t i = 0; i < placement_.size(); ++i) {
        if (std::ranges::count(placement_[i], node) == 0) {
            continue;
        }
        ++clients_.restarts[i];
    }
    if (end == ProcessEnd::power_loss) {
        isr_tracker_.on_power_loss(node);
    }
}

void Simulation::on_loss(PartitionNumber partition, IsrTracker::Loss loss) {
    if (loss == IsrTracker::Loss::power_loss) {
        checker_.on_power_loss(partition);
        recorder_.on_power_loss(partition);
    } else {
        ++clients_.restarts[partition.value()];
        checker_.on_unclean_election(partition);
        recorder_.on_unclean_election(partition);
    }
}

FaultCount Simulation::count_of(const FaultTally& fault) const {
    return {
        .times = fault.times,
        .acknowledged_after = fault.times == 0 ? 0 : checker_.acknowledged() - fault.acknowledged};
}

bool Simulation::all_started() const {
    return std::ranges::all_of(machines_, [](const auto& machine) {
        return machine->process() != nullptr && machine->is_started();
    });
}

/// Starts the nodes that do not run, and waits until all have started.
void Simulation::start_missing() {
    for (const auto& machine : machines_) {
        if (machine->process() == nullptr) {
            machine->start();
        }
    }
    if (!step_until([this] { return all_started(); }, kPatience)) {
        fail_rule("the nodes did not all start within a minute");
        return;
    }
    for (const auto& machine : machines_) {
        if (const auto& started = *machine->process()->started(); !started) {
            fail_rule(fmt::format("node {} could not start: {}", machine->tag(),
                                  started.error().message));
        }
    }
}

void Simulation::run_faults() {
    if (!goes_on()) {
        return;
    }
    for (const ClusterFault& fault : plan_.faults) {
        stage_.spawn(cluster_script_.run(fault));
    }
    for (MachineScript& script : scripts_) {
        stage_.spawn(script.run());
    }
    constexpr Duration kLimit = std::chrono::minutes(30);
    if (!step_until([this] { return stage_.is_over(); }, kLimit)) {
        fail_rule("the lives of the nodes did not end");
    }
}

void Simulation::run_without_faults() {
    if (!goes_on()) {
        return;
    }
    trace_.add("all faults end");
    network_.set_faults({});
    network_.heal();
    for (const auto& machine : machines_) {
        machine->disk().faults() = {};
        machine->clock().set_wall({});
    }
    start_missing();
    if (plan_.last_failure && goes_on()) {
        run_failed_directory();
    }
    clients_.producers_finish = true;
    clients_.admins_finish = true;
    clients_.committers_finish = true;
    clients_.members_finish = true;
    const auto have_finished = [this] {
        return clients_.producers == 0 && clients_.admins == 0 && clients_.committers == 0 &&
               clients_.members == 0;
    };
    if (!step_until(have_finished, kPatience)) {
        fail_rule(fmt::format(
            "{} producers, {} admins, {} committers of offsets and {} members of "
            "groups had no success within a minute after the last fault",
            clients_.producers, clients_.admins, clients_.committers, clients_.members));
    }
    if (admin_.broken()) {
        fail_rule(*admin_.broken());
    }
    for (std::uint64_t& restarts : clients_.restarts) {
        ++restarts;
    }
    for (std::uint32_t i = 0; i < plan_.partitions.size(); ++i) {
        const PartitionNumber number(i);
        checker_.begin_final_read(number, replica_checker_.in_sync_end(number));
    }
    recorder_.begin_final_read();
    clients_.readers_finish = true;
    if (!step_until([this] { return clients_.readers == 0; }, kPatience)) {
        fail_rule("a reader did not reach the end within a minute after the last fault");
    }
    check_replicas();
    stop_all();
    if (goes_on()) {
        checker_.on_end();
    }
}

bool Simulation::has_moved(PartitionNumber number, NodeTag node) const {
    const IsrTracker::Tracked& tracked = isr_tracker_.tracked(number);
    if (tracked.isr == std::set{node}) {
        return tracked.leader == kNoBroker;
    }
    if (tracked.isr.contains(node) || tracked.leader == kNoBroker) {
        return false;
    }
    const Machine& machine = *machines_[static_cast<NodeTag>(tracked.leader.value()) - 1];
    const auto* const replica =
        machine.process() == nullptr ? nullptr : machine.process()->node().inspect(*tracked.key);
    return replica != nullptr && replica->leads();
}

void Simulation::run_failed_directory() {
    const auto& [node, directory] = *plan_.last_failure;
    Machine& machine = *machines_[node - 1];
    std::vector<PartitionNumber> affected;
    std::vector<PartitionNumber> led;
    for (std::uint32_t i = 0; i < placement_.size(); ++i) {
        const auto folder = machine.folder_of(plan_.partitions[i]);
        if (folder && folder->starts_with(directory + "/")) {
            affected.emplace_back(i);
            if (isr_tracker_.tracked(affected.back()).leader.value() == std::int64_t{node}) {
                led.push_back(affected.back());
            }
        }
    }
    trace_.add(fmt::format("node {} loses its directory {}, and goes on", node, directory));
    machine.disk().faults().failed.insert(directory);
    const auto have_moved = [&] {
        return std::ranges::all_of(affected, [&](auto number) { return has_moved(number, node); });
    };
    if (!step_until(have_moved, kPatience)) {
        fail_rule(fmt::format("the partitions in {} of node {} were not moved within a minute",
                              directory, node));
    }
    moved_off_failed_ += static_cast<std::uint64_t>(std::ranges::count_if(
        led, [this](auto number) { return isr_tracker_.tracked(number).leader != kNoBroker; }));
    step_until([] { return false; }, std::chrono::seconds(2));
    if (machine.has_given_up()) {
        fail_rule(fmt::format("node {} ended, although only {} had failed", node, directory));
    }
    if (goes_on()) {
        stage_.spawn(scripts_[node - 1].stop_in_order());
        step_until([this] { return stage_.is_over(); }, kPatience * 2);
        machine.disk().faults().failed.clear();
        start_missing();
    }
}

std::string Simulation::log_of(NodeTag node, const PartitionPlan& partition) const {
    SimDisk& disk = machines_[node - 1]->disk();
    const std::string folder = machines_[node - 1]->folder_of(partition).value_or("");
    std::map<std::string, std::string> segments;
    const auto entries = disk.list(folder);
    for (const auto& entry : entries ? *entries : std::vector<storage::DirectoryEntry>()) {
        if (storage::parse_file_name(entry.name, storage::kLogSuffix)) {
            segments[entry.name] = disk.contents(folder + "/" + entry.name);
        }
    }
    std::string bytes;
    for (const auto& [name, part] : segments) {
        bytes += part;
    }
    return bytes;
}

/// Waits until all replicas of each partition have the same bytes.
void Simulation::check_replicas() {
    for (std::uint32_t i = 0; i < placement_.size() && goes_on(); ++i) {
        const PartitionPlan& partition = plan_.partitions[i];
        const auto are_equal = [&] {
            const std::string first = log_of(placement_[i].front(), partition);
            return std::ranges::all_of(
                placement_[i], [&](NodeTag node) { return log_of(node, partition) == first; });
        };
        const TimePoint end = scheduler_.now() + kPatience;
        while (goes_on() && !are_equal()) {
            if (scheduler_.now() >= end) {
                fail_rule(
                    fmt::format("the replicas of {}-{} are not equal a minute after the last fault",
                                partition.topic, partition.index));
            }
            step_until([] { return false; }, std::chrono::milliseconds(100));
        }
    }
}

/// Stops all nodes in order, one after the other; those that may need others before these.
void Simulation::stop_all() {
    for (std::size_t i = machines_.size(); i > 0 && goes_on(); --i) {
        stage_.spawn(scripts_[i - 1].stop_in_order());
        step_until([this] { return stage_.is_over(); }, kPatience * 2);
    }
}

Verdict simulate(const SimulationOptions& options) {
    Simulation simulation(options);
    return simulation.run();
}

std::string report(const SimulationOptions& options, const Verdict& verdict) {
    std::string text = fmt::format("seed {} failed: {}\nThe last events:\n", options.seed,
                                   verdict.broken.value_or("nothing is broken"));
    for (const std::string& event : verdict.last_events) {
        text += "  " + event + "\n";
    }
    return text + fmt::format("To repeat it: hw-sim --seed {} --trace\n", options.seed);
}

}  // namespace hw::sim
