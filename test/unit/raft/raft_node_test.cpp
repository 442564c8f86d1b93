#include "replication/raft/raft_node.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "protocol/record/batch.h"
#include "protocol/record/record.h"
#include "storage/small_file.h"
#include "test/support/raft_process.h"

namespace hw::replication {
namespace {

using test::kMetadataFolder;

/// Stands in for the controller, and records what the node reports to it.
class RecordingListener final : public RaftListener {
public:
    void on_activate(LeaderEpoch epoch, Offset next_offset) override {
        epochs.push_back(epoch);
        first_offset = next_offset;
    }
    void on_resign(LeaderEpoch) override {}
    void on_committed(Offset end_offset) override { committed_end = end_offset; }
    void on_leader(BrokerId) override {}
    void on_failure(const Error& reason) override { failure = reason.message; }

    std::vector<LeaderEpoch> epochs;
    Offset first_offset = kNoOffset;
    Offset committed_end{0};
    std::optional<std::string> failure;
};

/// One process of the node. It ends when this is destroyed.
struct Process : test::RaftProcess {
    Process(sim::Scheduler& scheduler, sim::SimDisk& disk, LogSink& log)
        : RaftProcess(scheduler, disk, log) {
        node->start(listener);
    }

    RecordingListener listener;
};

/// A machine whose node starts, and ends in a kill or a power loss.
struct Machine {
    explicit Machine(std::uint64_t seed) : scheduler(seed) { test::make_metadata_folder(disk); }

    void boot() { process.emplace(scheduler, disk, log); }
    bool run_until(const std::function<bool()>& done) {
        return scheduler.run_until(done, scheduler.now() + std::chrono::minutes(1));
    }
    void activate() {
        REQUIRE(run_until([&] { return !process->listener.epochs.empty(); }));
    }

    /// Appends a record and notes its value at its offset.
    void append() {
        const std::string value = fmt::format("record {}", process->node->next_offset());
        const ByteView view = as_bytes(value);
        const auto offset = process->node->append({&view, 1});
        REQUIRE(offset.has_value());
        appended.resize(static_cast<std::size_t>(offset->value()));
        appended.push_back(value);
    }

    /// The values of all committed records by offset; empty for control records.
    std::vector<std::string> read() {
        std::vector<std::string> values;
        storage::ReadCursor cursor;
        const Offset end = process->node->core().high_watermark();
        for (Offset next(0); next < end;) {
            const auto answer = process->node->read(next, end, 1, cursor);
            REQUIRE(answer.has_value());
            const auto batch = record::parse_batch(answer->bytes.view());
            REQUIRE(batch.has_value());
            record::RecordCursor records(*batch, batch->records());
            while (const auto record = records.next()) {
                values.emplace_back(batch->is_control() ? std::string()
                                                        : std::string(as_text(*record->value)));
            }
            next = answer->next_offset;
        }
        return values;
    }

    sim::Scheduler scheduler;
    sim::SimDisk disk{scheduler, 1};
    test::NullLogSink log;
    std::optional<Process> process;
    std::vector<std::string> appended;  ///< by offset, in the newest process
};

TEST_CASE(
    "raft node: a node with an empty disk elects itself and writes the leader to quorum-state",
    "[raft][node]") {
    Machine machine(1);
    machine.boot();
    machine.activate();
    CHECK(machine.process->listener.epochs.front() == LeaderEpoch(1));
    CHECK(machine.process->listener.first_offset == Offset(1));
    CHECK(machine.disk.contents(kMetadataFolder + "/quorum-state") ==
          R"({"clusterId":"","leaderId":1,"leaderEpoch":1,"votedId":1,"appliedOffset":0,)"
          R"("currentVoters":[{"voterId":1}],"data_version":0})");
    CHECK(machine.read() == std::vector<std::string>{""});
}

TEST_CASE("raft node: appended records are committed later, in order", "[raft][node]") {
    Machine machine(GENERATE(range(std::uint64_t{1}, std::uint64_t{10})));
    machine.boot();
    machine.activate();
    machine.append();
    machine.append();
    machine.append();
    CHECK(machine.process->node->core().high_watermark() == Offset(1));
    REQUIRE(
        machine.run_until([&] { return machine.process->listener.committed_end == Offset(4); }));
    CHECK(machine.read() == std::vector<std::string>{"", "record 1", "record 2", "record 3"});
}

Task<> wait_for_record(RaftNode& node, Offset offset, bool& woken) {
    co_await node.wait_committed(offset, kNever);
    woken = true;
}

TEST_CASE("raft node: a wait for a record ends when the record is committed", "[raft][node]") {
    Machine machine(1);
    machine.boot();
    machine.activate();
    sim::SimShard watcher(machine.scheduler, 2, 0);
    bool woken = false;
    watcher.spawn(wait_for_record(*machine.process->node, Offset(1), woken));
    machine.scheduler.run_until([] { return false; },
                                machine.scheduler.now() + std::chrono::seconds(1));
    CHECK_FALSE(woken);
    machine.append();
    CHECK(machine.run_until([&] { return woken; }));
}

TEST_CASE("raft node: a failed sync is reported as a failure, and its records are not committed",
          "[raft][node]") {
    Machine machine(1);
    machine.boot();
    machine.activate();
    machine.disk.faults().sync_error_one_in = 1;
    machine.append();
    REQUIRE(machine.run_until([&] { return machine.process->listener.failure.has_value(); }));
    CHECK(machine.process->listener.committed_end == Offset(1));
}

/// Crashes a voter several times and checks that it keeps what it committed. Returns the number of
/// committed records.
std::size_t crash_often(std::uint64_t seed) {
    Machine machine(seed);
    Random chance(seed);
    std::vector<std::string> committed;
    LeaderEpoch newest{0};
    for (int life = 0; life < 5; ++life) {
        machine.boot();
        machine.activate();
        CHECK(machine.process->listener.epochs.front() > newest);
        newest = machine.process->listener.epochs.front();
        machine.appended = machine.read();
        REQUIRE(machine.appended.size() >= committed.size());
        CHECK(std::equal(committed.begin(), committed.end(), machine.appended.begin()));
        for (std::uint64_t step = chance.below(300); step > 0; --step) {
            if (chance.chance(1, 8)) {
                machine.append();
            }
            machine.scheduler.step();
        }
        committed = machine.appended;
        committed.resize(static_cast<std::size_t>(machine.process->listener.committed_end.value()));
        machine.process.reset();
        if (chance.chance(1, 2)) {
            machine.disk.power_loss();
        } else {
            machine.disk.process_kill();
        }
    }
    return committed.size();
}

TEST_CASE("raft node: committed records survive any crash, and every start begins a new epoch",
          "[raft][node]") {
    std::size_t committed = 0;
    for (std::uint64_t seed = 1; seed < 150; ++seed) {
        INFO("seed " << seed);
        committed += crash_often(seed);
    }
    CHECK(committed > 1000);
}

TEST_CASE("raft: the error about a damaged quorum-state says what the file is for", "[raft]") {
    sim::Scheduler scheduler(1);
    sim::SimDisk disk(scheduler, 1);
    test::make_metadata_folder(disk);
    CHECK(load_election_state(disk, kMetadataFolder));
    REQUIRE(storage::replace_small_file(disk, kMetadataFolder, "quorum-state", "{\"leader"));
    const auto refused = load_election_state(disk, kMetadataFolder);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().kind == ErrorKind::corrupt);
    CHECK_THAT(refused.error().message,
               Catch::StartsWith(kMetadataFolder + "/quorum-state") &&
                   Catch::Contains(
                       "This file records the vote of this node and its epoch: put a copy of it "
                       "back"));
}

}  // namespace
}  // namespace hw::replication
