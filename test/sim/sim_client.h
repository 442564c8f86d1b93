#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "broker/net/peer_channel.h"
#include "protocol/base/clock.h"
#include "protocol/base/random.h"
#include "protocol/wire/error_code.h"
#include "test/sim/checker.h"
#include "test/sim/consumer_judge.h"
#include "test/sim/event_trace.h"
#include "test/sim/group_judge.h"
#include "test/sim/offset_judge.h"
#include "test/sim/plan.h"
#include "test/sim/recorder.h"
#include "test/sim/sim_network.h"
#include "test/sim/sim_shard.h"
#include "test/sim/team_state.h"

namespace hw::sim {

/// How often a group has changed its protocol while it had a member that saw both.
struct ProtocolChanges {
    std::uint64_t to_consumer = 0;
    std::uint64_t to_classic = 0;
};

/// State that all clients of a run share. They run on one shard of a separate machine.
struct ClientWorld {
    SimShard& shard;
    const Clock& clock;
    SimNetwork& network;
    Checker& checker;
    Recorder& recorder;
    EventTrace& trace;
    OffsetJudge& offsets;
    GroupJudge& groups;
    ConsumerJudge& consumers;
    std::function<Leadership(PartitionNumber, BrokerId)> leadership;  ///< at present
    /// The same of a coordinator: its epoch, if it is the newest and can decide.
    std::function<std::optional<LeaderEpoch>(PartitionNumber, BrokerId)> coordinator_epoch;
    std::vector<Endpoint> brokers;  ///< addresses that clients ask for metadata
    /// By partition: readers begin again when this has changed, at the end of each life of a broker
    /// that has the partition.
    std::vector<std::uint64_t> restarts;
    std::vector<TeamState> teams;
    std::vector<ProtocolChanges> protocol_changes;  ///< by team
    bool producers_finish = false;                  ///< producers end after one more success
    bool readers_finish = false;                    ///< readers end when they have read everything
    bool admins_finish = false;
    bool committers_finish = false;    ///< committers end after one more commit and read
    bool members_finish = false;       ///< members end when their group has settled
    std::size_t producers = 0;         ///< number of running producers
    std::size_t readers = 0;           ///< number of running readers
    std::size_t admins = 0;            ///< number of running admins
    std::size_t committers = 0;        ///< number of running committers
    std::size_t members = 0;           ///< number of running members
    std::int64_t member_commits = 0;   ///< sent by members
    std::uint64_t fenced_members = 0;  ///< times that a member of a consumer group was fenced
    std::uint64_t moved_commits = 0;   ///< first acknowledgements by another coordinator
    std::uint64_t follower_reads = 0;  ///< number of records that followers have answered
    std::uint64_t operations = 0;      ///< number of answered requests
};

/// What the code of a commit means, or the error if there was no answer.
[[nodiscard]] WriteOutcome outcome_of_commit(const Result<wire::ErrorCode>& code);

/// Base of a client: its connection to one broker, and its own random numbers. It finds the leader
/// of a partition as Kafka's clients do: it asks any broker, and asks again after an error.
class SimClient {
public:
    SimClient(ClientWorld& world, std::string_view name, std::uint64_t seed)
        : world_(world),
          random_(seed),
          channel_(world.shard, world.clock, std::string(name), [this](TimePoint deadline) {
              return world_.network.connect(world_.shard, target_, deadline);
          }) {}
    SimClient(const SimClient&) = delete;
    SimClient& operator=(const SimClient&) = delete;

protected:
    /// The leader of a partition, as a broker told it.
    struct Leader {
        BrokerId broker = kNoBroker;
        LeaderEpoch epoch = kNoLeaderEpoch;
    };

    ~SimClient() = default;

    /// Waits for a random time up to `max`.
    [[nodiscard]] Task<> pause(Duration max);
    /// Connects to any broker at the next call.
    void choose_broker();
    /// Asks any broker for the leader, and connects to it at the next call. There may be none. With
    /// `knows_epochs` ignores a leader of an older epoch than one that it has heard of (KIP-320).
    [[nodiscard]] Task<> find_leader(const PartitionPlan& partition, bool knows_epochs = true);
    /// Asks any broker for the coordinator of a group, and connects to it at the next call. Returns
    /// the code of the answer; success also without an answer, then there is no coordinator.
    [[nodiscard]] Task<wire::ErrorCode> find_coordinator(const std::string& group,
                                                         TimePoint deadline);
    /// Connects to that broker at the next call. False if the metadata did not name it.
    [[nodiscard]] bool choose_broker(BrokerId broker);
    /// Connects to that address at the next call.
    void connect_to(const Endpoint& target);
    /// After an error: the leader must be asked for again.
    void forget_leader() { leader_.reset(); }
    /// Adds an error to the trace, unless it is the one that came last.
    void report(std::string error);
    [[nodiscard]] const std::optional<Leader>& leader() const { return leader_; }

    ClientWorld& world_;
    Random random_;
    std::optional<BrokerId> coordinator_;  ///< of the client's group

private:
    Endpoint target_;
    std::optional<Leader> leader_;
    std::map<BrokerId, Endpoint> addresses_;  ///< of the last metadata
    LeaderEpoch newest_epoch_ = kNoLeaderEpoch;
    std::string last_error_;

protected:
    broker::PeerChannel channel_;
};

}  // namespace hw::sim
