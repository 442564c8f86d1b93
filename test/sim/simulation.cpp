#include "test/sim/simulation.h"

#include <array>
#include <utility>

#include "protocol/schema/api/create_topics.h"

namespace hw::sim {

using replication::Durability;
using wire::ErrorCode;

namespace {

std::vector<Durability> durabilities(const Plan& plan) {
    std::vector<Durability> all;
    for (const PartitionPlan& partition : plan.partitions) {
        all.push_back(partition.durability);
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

bool loses_power(End end) {
    return end == End::power_loss || end == End::freeze_and_power_loss || end == End::sync_error ||
           end == End::full_disk_and_power_loss;
}

/// The configs of a topic for the request that creates it.
std::vector<schema::CreateTopicsRequest::Config> configs_of(const TopicPlan& topic) {
    std::vector<schema::CreateTopicsRequest::Config> configs;
    for (const auto& [name, value] : topic.configs) {
        schema::CreateTopicsRequest::Config config;
        config.name = name;
        config.value = value;
        configs.push_back(config);
    }
    return configs;
}

}  // namespace

Simulation::Simulation(const SimulationOptions& options)
    : options_(options),
      plan_(draw_plan(options.seed)),
      scheduler_(options.seed),
      trace_(scheduler_, options.echo),
      process_world_{.scheduler = scheduler_,
                     .network = network_,
                     .clock = clock_,
                     .entropy = entropy_,
                     .log = trace_,
                     .data_shards = plan_.data_shards,
                     .defer_one_in = plan_.defer_one_in,
                     .mutants = options.mutants},
      checker_(durabilities(plan_), producer_facts(plan_)) {
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
}

Simulation::~Simulation() {
    client_shard_.drop();
    if (process_) {
        crash(false);
    }
}

bool Simulation::step_until(const std::function<bool()>& done, Duration limit) {
    bool is_done = false;
    const auto ends = [&] {
        if (const auto& failed = disk_.sync_failed()) {
            checker_.on_sync_failed(*failed);
        }
        if (scheduler_.now() >= second_end_) {
            second_end_ = scheduler_.now() + std::chrono::seconds(1);
            second_steps_ = scheduler_.steps();
        } else if (scheduler_.steps() - second_steps_ > kMaxStepsPerSecond) {
            fail_rule(fmt::format("the node spins: it makes more than {} steps in a second",
                                  kMaxStepsPerSecond));
        }
        is_done = done();
        return is_done || !goes_on();
    };
    scheduler_.run_until(ends, scheduler_.now() + limit);
    return is_done;
}

void Simulation::fail_rule(std::string rule) {
    if (goes_on()) {
        broken_ = std::move(rule);
    }
}

Verdict Simulation::run() {
    set_up();
    for (const LifePlan& life : plan_.lives) {
        if (goes_on()) {
            live(life);
        }
    }
    if (goes_on()) {
        run_final_life();
    }
    if (goes_on()) {
        checker_.on_end();
    }
    Verdict verdict{.broken = checker_.broken() ? checker_.broken() : broken_,
                    .last_events = {trace_.last().begin(), trace_.last().end()},
                    .has_faults = plan_.has_faults,
                    .full_disks = count_of(full_disks_),
                    .wall_jumps = count_of(wall_jumps_),
                    .damages = count_of(damages_),
                    .damage_reports = checker_.damage_reports() + refused_starts_,
                    .lives = clients_.ended_lives,
                    .operations = clients_.operations,
                    .acknowledged = checker_.acknowledged(),
                    .read = checker_.read(),
                    .steps = scheduler_.steps(),
                    .trace_hash = scheduler_.trace_hash(),
                    .simulated = scheduler_.now().time_since_epoch()};
    return verdict;
}

/// Creates the topics in a first life without faults, and starts the clients after it.
void Simulation::set_up() {
    begin_life();
    finish_start();
    client_shard_.spawn(create_topics());
    if (!step_until([this] { return topics_created_; }, kPatience)) {
        fail_rule("the topics could not be created");
    }
    stop_in_order();
    for (const auto& producer : producers_) {
        client_shard_.spawn(producer->run());
    }
    for (const auto& reader : readers_) {
        client_shard_.spawn(reader->run());
    }
}

Task<> Simulation::create_topics() {
    std::vector<std::vector<schema::CreateTopicsRequest::Config>> configs;
    for (const TopicPlan& topic : plan_.topics) {
        configs.push_back(configs_of(topic));
    }
    std::vector<schema::CreateTopicsRequest::Topic> topics;
    for (std::size_t i = 0; i < plan_.topics.size(); ++i) {
        schema::CreateTopicsRequest::Topic topic;
        topic.name = plan_.topics[i].name;
        topic.num_partitions = plan_.topics[i].partitions;
        topic.replication_factor = 1;
        topic.configs = configs[i];
        topics.push_back(topic);
    }
    schema::CreateTopicsRequest request;
    request.topics = topics;
    request.timeout_ms = Millis(10'000);
    broker::PeerChannel channel(client_shard_, client_clock_, "admin", [this](TimePoint deadline) {
        return network_.connect(client_shard_, kBrokerAddress, deadline);
    });
    const auto answer = co_await replication::call<schema::CreateTopicsResponse>(
        channel, request, ApiVersion(7), client_clock_.now() + kPatience);
    topics_created_ = answer.has_value();
    if (answer) {
        for (const auto& topic : (*answer)->topics) {
            topics_created_ = topics_created_ && topic.error_code == ErrorCode::none;
        }
    }
    co_await channel.stop();
}

void Simulation::begin_life() {
    trace_.add(fmt::format("life {} begins", clients_.ended_lives + 1));
    process_ = std::make_unique<BrokerProcess>(process_world_, disk_);
    process_->begin_start();
}

/// Without disk faults a start must succeed.
void Simulation::finish_start() {
    if (!step_until([this] { return process_->started().has_value(); }, kPatience)) {
        fail_rule("a start did not end within a minute");
    } else if (const auto& started = *process_->started(); !started) {
        fail_rule("a start failed: " + started.error().message);
    }
}

void Simulation::live(const LifePlan& life) {
    disk_.faults() = life.disk;
    network_.set_faults(life.network);
    if (life.damage && life.damage->after == Duration::zero()) {
        make_damage(*life.damage);
    }
    begin_life();
    if (life.damage) {
        // If the damage makes the start fail, the life continues with the repaired file.
        step_until([this] { return process_->started().has_value(); }, kPatience);
        repair_if_refused();
    }
    run_life(life);
    repair();
}

void Simulation::make_damage(const DamagePlan& plan) {
    std::vector<std::string> folders{"/data/__cluster_metadata-0"};
    const std::size_t first = plan.seed % plan_.partitions.size();
    for (std::size_t i = 0; i < plan_.partitions.size() && !plan.is_of_metadata; ++i) {
        const PartitionPlan& partition = plan_.partitions[(first + i) % plan_.partitions.size()];
        folders.insert(folders.end() - 1,
                       fmt::format("/data/{}-{}", partition.topic, partition.index));
    }
    if (!damage_.make(plan, folders)) {
        return;
    }
    trace_.add("damage at rest: " + damage_.text());
    note(damages_);
    for (std::uint32_t i = 0; i < plan_.partitions.size(); ++i) {
        const PartitionPlan& partition = plan_.partitions[i];
        if (damage_.path().starts_with(
                fmt::format("/data/{}-{}/", partition.topic, partition.index))) {
            checker_.on_damaged(PartitionNumber(i));
        }
    }
}

void Simulation::repair_if_refused() {
    const auto& started = process_->started();
    const bool is_refused = started && !started->has_value() && !damage_.path().empty() &&
                            started->error().message.find(damage_.path()) != std::string::npos;
    if (!goes_on() || !is_refused) {
        return;
    }
    trace_.add("the start is refused: " + started->error().message);
    ++refused_starts_;
    stop_in_order();
    crash(false);
    repair();
    begin_life();
}

void Simulation::repair() {
    if (!damage_.path().empty()) {
        trace_.add("the damage is repaired");
        damage_.repair();
    }
    checker_.on_repaired();
}

void Simulation::run_life(const LifePlan& life) {
    const TimePoint end = scheduler_.now() + life.length;
    const auto has_ended = [this] { return process_->ended(); };
    if (life.damage && life.damage->after > Duration::zero() &&
        !step_until(has_ended, life.damage->after)) {
        make_damage(*life.damage);
    }
    if (life.wall_jump && !step_until(has_ended, life.wall_jump->after)) {
        jump_wall(*life.wall_jump);
    }
    step_until(has_ended, end - scheduler_.now());
    if (goes_on() && process_->started() && !process_->started()->has_value()) {
        fail_rule("a start failed: " + process_->started()->error().message);
    }
    if (process_->ended()) {
        fail_rule("the node ended by itself");
    }
    if (goes_on()) {
        trace_.add(fmt::format("the life ends with {}", name_of(life.end)));
        end_life(life);
    }
}

void Simulation::jump_wall(const WallJump& jump) {
    const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(jump.ahead).count();
    trace_.add(fmt::format("the broker's wall clock is now {} minutes ahead", minutes));
    clock_.set_wall(jump.ahead);
    note(wall_jumps_);
}

void Simulation::note(Fault& fault) {
    ++fault.times;
    fault.acknowledged = checker_.acknowledged();
}

FaultCount Simulation::count_of(const Fault& fault) const {
    return {
        .times = fault.times,
        .acknowledged_after = fault.times == 0 ? 0 : checker_.acknowledged() - fault.acknowledged};
}

bool Simulation::has_given_up() const {
    const auto& started = process_->started();
    return process_->ended() || (started && !started->has_value());
}

void Simulation::end_life(const LifePlan& life) {
    switch (life.end) {
        case End::clean_stop:
            finish_start();
            stop_in_order();
            return;
        case End::freeze_and_kill:
        case End::freeze_and_power_loss:
            disk_.faults().freeze_after = disk_.operations() + life.freeze_after;
            step_until([this] { return has_given_up(); }, kGiveUpTimeout);
            break;
        case End::sync_error:
            disk_.faults().sync_error_one_in = life.sync_error_one_in;
            if (!step_until([this] { return has_given_up(); }, kGiveUpTimeout) &&
                disk_.sync_failed()) {
                fail_rule("a sync failed, but the node continued");
            }
            break;
        case End::full_disk:
        case End::full_disk_and_power_loss:
            fill_disk(life);
            return;
        case End::process_kill:
        case End::power_loss:
            break;
    }
    crash(loses_power(life.end));
}

/// Fills the disk and later frees it. A process that has given up is started again after a while,
/// even if the disk is still full.
void Simulation::fill_disk(const LifePlan& life) {
    const std::uint64_t refusals = disk_.refusals();
    std::uint64_t refusals_before = refusals;
    const TimePoint full_until = scheduler_.now() + life.full_for;
    disk_.faults().space_left = life.space_left;
    while (step_until([this] { return has_given_up(); }, full_until - scheduler_.now())) {
        end_on_full_disk(life);
        step_until([] { return false; }, kRestartDelay);
        refusals_before = disk_.refusals();
        begin_life();
    }
    disk_.faults().space_left = DiskFaults::kNoLimit;
    trace_.add("the disk has space again");
    const bool must_end = disk_.refusals() > refusals_before;
    if (must_end && !step_until([this] { return has_given_up(); }, kGiveUpTimeout)) {
        fail_rule("a write failed for lack of space, but the node continued");
    }
    end_on_full_disk(life);
    if (disk_.refusals() > refusals) {
        note(full_disks_);
    }
}

/// Stops a node that has given up. The stop is orderly, as in the real program.
void Simulation::end_on_full_disk(const LifePlan& life) {
    if (!step_until([this] { return process_->started().has_value(); }, kPatience)) {
        fail_rule("a start did not end within a minute");
    }
    stop_in_order();
    crash(loses_power(life.end));
}

void Simulation::stop_in_order() {
    if (!goes_on()) {
        return;
    }
    process_->begin_stop();
    if (!step_until([this] { return process_->stopped(); }, kPatience)) {
        fail_rule("a stop did not end within a minute");
        return;
    }
    end_process();
}

/// Cuts off the node's disk and network before it destroys the node's objects.
void Simulation::crash(bool power_loss) {
    network_.cut(BrokerProcess::kTag);
    if (power_loss) {
        disk_.power_loss();
        checker_.on_power_loss();
    } else {
        disk_.process_kill();
    }
    end_process();
}

void Simulation::end_process() {
    if (process_) {
        process_.reset();
        ++clients_.ended_lives;
    }
}

/// Runs a last life without faults, in which every request must end and every promise be kept.
void Simulation::run_final_life() {
    disk_.faults() = {};
    network_.set_faults({});
    clock_.set_wall({});
    begin_life();
    finish_start();
    clients_.producers_finish = true;
    if (!step_until([this] { return clients_.producers == 0; }, kPatience)) {
        fail_rule("a producer had no success within a minute after the last fault");
    }
    clients_.readers_finish = true;
    if (!step_until([this] { return clients_.readers == 0; }, kPatience)) {
        fail_rule("a reader did not reach the end within a minute after the last fault");
    }
    stop_in_order();
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
