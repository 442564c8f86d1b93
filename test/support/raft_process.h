#pragma once

#include <memory>
#include <string>

#include <catch2/catch.hpp>

#include "protocol/base/clock.h"
#include "replication/raft/raft_node.h"
#include "storage/log_loader.h"
#include "test/sim/sim_disk.h"
#include "test/sim/sim_shard.h"

namespace hw::test {

inline const std::string kMetadataDirectory = "/data";
inline const std::string kMetadataFolder = kMetadataDirectory + "/__cluster_metadata-0";

/// A log sink that discards everything.
class NullLogSink final : public LogSink {
public:
    void write(LogLevel, std::string_view, std::string_view) override {}
    bool enabled(LogLevel) const override { return false; }
};

/// Virtual time with a fixed wall clock, so that written bytes do not depend on time.
class FixedWallClock final : public Clock {
public:
    explicit FixedWallClock(const sim::Scheduler& scheduler) : scheduler_(&scheduler) {}

    [[nodiscard]] TimePoint now() const override { return scheduler_->now(); }
    [[nodiscard]] Timestamp wall_now() const override { return Timestamp(1'767'225'600'000); }

private:
    const sim::Scheduler* scheduler_;
};

inline void make_metadata_folder(sim::SimDisk& disk) {
    REQUIRE(disk.make_directories(kMetadataFolder));
    REQUIRE(disk.sync_directory(kMetadataDirectory));
    REQUIRE(disk.sync_directory("/"));
}

/// A process that is the only voter of a metadata quorum, on the disk of its machine. The
/// destructor destroys waiting coroutines before the objects that they wait for.
class RaftProcess {
public:
    RaftProcess(sim::Scheduler& scheduler, sim::SimDisk& disk, LogSink& log)
        : shard(scheduler, 1, 0),
          clock(scheduler),
          directory_(disk, shard, clock, {kMetadataDirectory, DirectoryId(Uuid{1, 1})},
                     Logger(log, "raft")) {
        const Logger logger(log, "raft");
        auto contents = storage::load_log({.disk = &disk,
                                           .folder = kMetadataFolder,
                                           .options = {},
                                           .shutdown = storage::Shutdown::unclean,
                                           .recovery_point = Offset(0),
                                           .log_start_offset = Offset(0),
                                           .logger = logger});
        REQUIRE(contents.has_value());
        auto state = replication::load_election_state(disk, kMetadataFolder);
        REQUIRE(state.has_value());
        const replication::ReplicaKey self{BrokerId(1), DirectoryId(Uuid{1, 1})};
        replication::RaftServices services{.shard = shard,
                                           .clock = clock,
                                           .disk = disk,
                                           .directory = directory_,
                                           .log = logger,
                                           .sender = {},
                                           .peers = {}};
        replication::RaftOptions options{
            .self = self, .voters = replication::VoterSet({{self, {"localhost", 9093}}})};
        node = std::make_shared<replication::RaftNode>(services, std::move(options),
                                                       std::move(*contents), *state, Random(1));
        directory_.start();
    }
    ~RaftProcess() { shard.drop(); }
    RaftProcess(const RaftProcess&) = delete;
    RaftProcess& operator=(const RaftProcess&) = delete;

    sim::SimShard shard;
    FixedWallClock clock;
    std::shared_ptr<replication::RaftNode> node;

private:
    storage::LogDirectory directory_;
};

}  // namespace hw::test
