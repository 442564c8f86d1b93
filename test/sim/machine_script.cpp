#include "test/sim/machine_script.h"

#include <set>
#include <utility>

namespace hw::sim {
namespace {

ProcessEnd process_end(End end) {
    const bool loses_power = end == End::power_loss || end == End::freeze_and_power_loss ||
                             end == End::sync_error || end == End::full_disk_and_power_loss;
    return loses_power ? ProcessEnd::power_loss : ProcessEnd::kill;
}

bool is_of(const std::string& path, const PartitionPlan& partition) {
    return path.find(fmt::format("/{}-{}/", partition.topic, partition.index)) != std::string::npos;
}

}  // namespace

Task<> MachineScript::run() {
    life_ = machine_.life();
    for (const LifePlan& life : machine_.plan().lives) {
        co_await live(life);
    }
    machine_.disk().faults() = {};
    keeps_failed_directory_ = false;
    if (machine_.process() == nullptr) {
        begin_process();
    }
}

void MachineScript::begin_process() {
    std::set<std::string>& failed = machine_.disk().faults().failed;
    if (!keeps_failed_directory_) {
        failed.clear();
    }
    machine_.start();
    life_ = machine_.life();
    tell(fmt::format("begins life {}", life_));
    if (!failed.empty()) {
        tell(fmt::format("starts without its directory {}", *failed.begin()));
        ++ports_.tallies.starts_without_directory;
    }
}

Task<> MachineScript::live(const LifePlan& life) {
    DiskFaults& faults = machine_.disk().faults();
    auto failed = std::move(faults.failed);
    faults = life.disk;
    keeps_failed_directory_ = life.keeps_failed_directory;
    if (keeps_failed_directory_) {
        faults.failed = std::move(failed);
    }
    if (life.damage && life.damage->after == Duration::zero() && machine_.process() == nullptr) {
        make_damage(*life.damage);
    }
    // The first process was started before the lives began.
    if (machine_.process() == nullptr) {
        begin_process();
    }
    if (life.damage) {
        // If the damage makes the start fail, the life continues with the repaired file.
        const auto has_started = [this] { return !goes_on() || machine_.is_started(); };
        co_await ports_.stage.until(has_started, kPatience);
        co_await repair_if_refused();
    }
    co_await run_life(life);
    repair();
    co_await ports_.stage.sleep(life.down_for);
}

void MachineScript::make_damage(const DamagePlan& plan) {
    const auto& partitions = ports_.plan.partitions;
    std::vector<std::string> folders{"/data/__cluster_metadata-0"};
    const std::size_t first = plan.seed % partitions.size();
    for (std::size_t i = 0; i < partitions.size() && !plan.is_of_metadata; ++i) {
        const PartitionPlan& partition = partitions[(first + i) % partitions.size()];
        if (const auto folder = machine_.folder_of(partition)) {
            folders.insert(folders.end() - 1, *folder);
        }
    }
    if (!machine_.damage().make(plan, folders)) {
        return;
    }
    tell("has damage at rest: " + machine_.damage().text());
    ports_.tallies.damages.note(ports_.checker);
    for (std::uint32_t i = 0; i < partitions.size(); ++i) {
        if (is_of(machine_.damage().path(), partitions[i])) {
            ports_.checker.on_damaged(PartitionNumber(i));
        }
    }
}

Task<> MachineScript::repair_if_refused() {
    const std::string damaged = machine_.damage().path();
    const auto failure = goes_on() ? machine_.process()->failure() : std::nullopt;
    if (damaged.empty() || !failure || failure->message.find(damaged) == std::string::npos) {
        co_return;
    }
    tell("ends because of the damage: " + failure->message);
    ++ports_.tallies.refused_starts;
    co_await stop_in_order();
    repair();
    if (machine_.process() == nullptr) {
        begin_process();
    }
}

void MachineScript::repair() {
    const std::string damaged = machine_.damage().path();
    if (damaged.empty()) {
        return;
    }
    tell("is repaired");
    machine_.damage().repair();
    const auto& partitions = ports_.plan.partitions;
    for (std::uint32_t i = 0; i < partitions.size(); ++i) {
        if (is_of(damaged, partitions[i])) {
            ports_.checker.on_repaired(PartitionNumber(i));
        }
    }
}

Task<> MachineScript::run_life(const LifePlan& life) {
    Stage& stage = ports_.stage;
    const TimePoint end = stage.now() + life.length;
    const auto has_ended = [this] { return !goes_on() || machine_.process()->ended(); };
    if (life.damage && life.damage->after > Duration::zero()) {
        const bool ended = co_await stage.until(has_ended, life.damage->after);
        if (!ended) {
            make_damage(*life.damage);
        }
    }
    if (life.wall_jump) {
        const bool ended = co_await stage.until(has_ended, life.wall_jump->after);
        if (!ended) {
            jump_wall(*life.wall_jump);
        }
    }
    if (life.failed_directory) {
        co_await fail_directory(*life.failed_directory);
    }
    co_await stage.until(has_ended, end - stage.now());
    co_await repair_if_refused();
    if (!goes_on()) {
        co_return;
    }
    if (machine_.is_started() && !machine_.process()->started()->has_value()) {
        fail_rule("could not start: " + machine_.process()->started()->error().message);
    }
    if (machine_.process()->ended() && !(life.failed_directory && could_not_tell())) {
        fail_rule("ended by itself");
    }
    tell(fmt::format("ends its life with {}", name_of(life.end)));
    co_await end_life(life);
}

/// The process has ended because no controller could be told of the failed directory.
bool MachineScript::could_not_tell() const {
    return machine_.process()->failure()->message.find("log.dir.failure.timeout.ms") !=
           std::string::npos;
}

/// Does nothing if the process does not serve by then.
Task<> MachineScript::fail_directory(const DirectoryFailure& failure) {
    const auto has_ended = [this] { return !goes_on() || machine_.process()->ended(); };
    const bool ended = co_await ports_.stage.until(has_ended, failure.after);
    if (ended || !machine_.is_started()) {
        co_return;
    }
    tell(fmt::format("loses its directory {}", failure.directory));
    machine_.disk().faults().failed.insert(failure.directory);
    ports_.tallies.failed_directories.note(ports_.checker);
}

void MachineScript::jump_wall(const WallJump& jump) {
    const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(jump.ahead).count();
    tell(fmt::format("has a wall clock that is {} minutes ahead", minutes));
    machine_.clock().set_wall(jump.ahead);
    ports_.tallies.wall_jumps.note(ports_.checker);
}

Task<> MachineScript::end_life(const LifePlan& life) {
    switch (life.end) {
        case End::clean_stop:
            co_await stop_in_order();
            co_return;
        case End::freeze_and_kill:
        case End::freeze_and_power_loss:
            co_await freeze(life);
            break;
        case End::sync_error:
            co_await fail_syncs(life);
            break;
        case End::full_disk:
        case End::full_disk_and_power_loss:
            co_await fill_disk(life);
            co_return;
        case End::process_kill:
        case End::power_loss:
            break;
    }
    if (goes_on()) {
        machine_.end_process(process_end(life.end));
    }
}

Task<bool> MachineScript::gives_up() {
    const auto has_given_up = [this] { return !goes_on() || machine_.has_given_up(); };
    const auto has_given_up_or_pauses = [this, has_given_up] {
        return has_given_up() || machine_.is_paused();
    };
    const auto runs = [this] { return !machine_.is_paused(); };
    co_await ports_.stage.until(has_given_up_or_pauses, kGiveUpTimeout);
    while (goes_on() && machine_.is_paused()) {
        co_await ports_.stage.until(runs, kPatience);
        co_await ports_.stage.until(has_given_up_or_pauses, kGiveUpTimeout);
    }
    co_return has_given_up();
}

Task<> MachineScript::freeze(const LifePlan& life) {
    SimDisk& disk = machine_.disk();
    disk.faults().freeze_after = disk.operations() + life.freeze_after;
    co_await gives_up();
}

Task<> MachineScript::fail_syncs(const LifePlan& life) {
    machine_.disk().faults().sync_error_one_in = life.sync_error_one_in;
    const bool given_up = co_await gives_up();
    if (!given_up && !machine_.disk().failed_syncs().empty() && must_give_up()) {
        fail_rule("continued after a failed sync");
    }
}

/// Fills the disk and later frees it. A process that has given up is started again after a while,
/// even if the disk is still full.
Task<> MachineScript::fill_disk(const LifePlan& life) {
    Stage& stage = ports_.stage;
    SimDisk& disk = machine_.disk();
    const std::uint64_t refusals = disk.refusals();
    std::uint64_t refusals_before = refusals;
    const TimePoint full_until = stage.now() + life.full_for;
    disk.faults().space_left = life.space_left;
    const auto has_given_up = [this] { return !goes_on() || machine_.has_given_up(); };
    for (;;) {
        const bool given_up = co_await stage.until(has_given_up, full_until - stage.now());
        if (!given_up) {
            break;
        }
        co_await end_on_full_disk(life);
        co_await stage.sleep(kRestartDelay);
        refusals_before = disk.refusals();
        begin_process();
    }
    disk.faults().space_left = DiskFaults::kNoLimit;
    tell("has space on its disk again");
    if (disk.refusals() > refusals_before) {
        const bool given_up = co_await gives_up();
        if (!given_up && must_give_up()) {
            fail_rule("continued after a write that failed for lack of space");
        }
    }
    co_await end_on_full_disk(life);
    if (disk.refusals() > refusals) {
        ports_.tallies.full_disks.note(ports_.checker);
    }
}

/// Stops a node that has given up, in order, as the real program does.
Task<> MachineScript::end_on_full_disk(const LifePlan& life) {
    if (goes_on()) {
        const bool with_power_loss = process_end(life.end) == ProcessEnd::power_loss;
        co_await stop_in_order();
        if (with_power_loss) {
            machine_.end_process(ProcessEnd::power_loss);
        }
    }
}

Task<> MachineScript::stop_in_order() {
    Stage& stage = ports_.stage;
    life_ = machine_.life();
    const auto has_started = [this] { return !goes_on() || machine_.is_started(); };
    if (!has_started()) {
        // A clean stop ends a start that is still waiting for other nodes.
        machine_.process()->cancel_start();
    }
    const bool started = co_await stage.until(has_started, kPatience);
    if (!started) {
        fail_rule("did not end its start within a minute");
    }
    if (!goes_on()) {
        co_return;
    }
    machine_.process()->begin_stop();
    const auto has_stopped = [this] { return !goes_on() || machine_.process()->stopped(); };
    const bool stopped = co_await stage.until(has_stopped, kPatience);
    if (!stopped) {
        fail_rule("did not stop within a minute");
    } else if (goes_on()) {
        machine_.end_process(ProcessEnd::stop);
    }
}

void MachineScript::tell(std::string_view event) const {
    ports_.stage.tell(fmt::format("node {} {}", machine_.tag(), event));
}

void MachineScript::fail_rule(std::string_view rule) const {
    ports_.stage.fail_rule(fmt::format("node {} {}", machine_.tag(), rule));
}

}  // namespace hw::sim
