#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>

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

inline const replication::ReplicaKey kRaftSelf{BrokerId(1), DirectoryId(Uuid{1, 1})};

/// The quorum of a RaftProcess. By default its node is the only voter.
struct RaftQuorum {
    replication::VoterSet voters{{{kRaftSelf, {"localhost", 9093}}}};
    std::map<BrokerId, replication::RaftPeer> peers;  ///< all voters but the process's own node
};

/// A process that is voter 1 of a metadata quorum, on the disk of its machine. The destructor
/// destroys waiting coroutines before the objects that they wait for.
class RaftProcess {
public:
    RaftProcess(sim::Scheduler& scheduler, sim::SimDisk& disk, LogSink& log, RaftQuorum quorum = {})
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
        replication::RaftServices services{.shard = shard,
                                           .clock = clock,
                                           .disk = disk,
                                           .directory = directory_,
                                           .log = logger,
                                           .sender = {},
                                           .peers = std::move(quorum.peers)};
        replication::RaftOptions options{.self = kRaftSelf, .voters = std::move(quorum.voters)};
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
