#pragma once

#include <array>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "protocol/schema/api/vote.h"
#include "replication/raft/metadata_topic.h"
#include "test/support/answered_peer.h"
#include "test/support/raft_process.h"
#include "test/unit/api/handler_world.h"

namespace hw::broker {

inline constexpr BrokerId kSelf{1};
inline constexpr BrokerId kTwo{2};
inline constexpr BrokerId kThree{3};

/// Ignores what the raft node reports.
class SilentListener final : public replication::RaftListener {
public:
    void on_activate(LeaderEpoch, Offset) override {}
    void on_resign(LeaderEpoch) override {}
    void on_committed(Offset) override {}
    void on_leader(BrokerId) override {}
    void on_failure(const Error&) override {}
};

/// A message that names the metadata log only.
template <class Message>
struct OnePartition {
    explicit OnePartition(const typename Message::Partition& partition) : partitions{partition} {
        topics[0].topic_name = replication::kMetadataTopic;
        topics[0].partitions = partitions;
        message.topics = topics;
    }
    OnePartition(const OnePartition&) = delete;
    OnePartition& operator=(const OnePartition&) = delete;

    std::array<typename Message::Partition, 1> partitions;
    std::array<typename Message::Topic, 1> topics;
    Message message;
};

/// Controller 1 of the voters 1, 2 and 3, of which the test plays the other two.
struct QuorumWorld : HandlerWorld {
    QuorumWorld() { process.node->start(raft_listener); }
    /// Destroys the coroutines that wait for the played voters, before what they use.
    ~QuorumWorld() { others.drop(); }

    /// Node 2 grants what this node asks for, until it leads.
    void win() {
        while (!core().leads()) {
            REQUIRE(run_until([&] { return core().leads() || calls.waiting() > 0; }));
            if (!core().leads()) {
                const OnePartition<schema::VoteResponse> granted(
                    {.leader_id = kNoBroker, .leader_epoch = core().epoch(), .vote_granted = true});
                calls.answer(granted.message);
            }
        }
        REQUIRE(run_until([&] { return core().log().durable_end_offset() == Offset(1); }));
    }
    /// Node `id` has the log of the leader up to `end_offset`.
    void note_fetch(BrokerId id, std::int64_t end_offset) {
        const auto verdict = process.node->fetch(id, {.to = kSelf,
                                                      .epoch = core().epoch(),
                                                      .offset = Offset(end_offset),
                                                      .last_epoch = core().epoch(),
                                                      .high_watermark = Offset(0)});
        REQUIRE(verdict.error == wire::ErrorCode::none);
    }
    const replication::RaftCore& core() { return process.node->core(); }

    sim::SimDisk disk{scheduler, 1};
    test::NullLogSink log;
    SilentListener raft_listener;
    sim::SimShard others{scheduler, 2, 0};
    test::AnsweredPeer calls{others};
    test::AnsweredPeer fetches{others};
    test::AnsweredPeer silent{others};
    test::RaftProcess process{scheduler, disk, log, make_quorum()};

private:
    test::RaftQuorum make_quorum() {
        test::make_metadata_folder(disk);
        test::RaftQuorum quorum;
        std::vector<replication::Voter> voters{{test::kRaftSelf, {"host1", 9001}}};
        for (const BrokerId id : {kTwo, kThree}) {
            const auto port = static_cast<std::uint16_t>(9000 + id.value());
            voters.push_back({{id, {}}, {fmt::format("host{}", id), port}});
        }
        quorum.peers[kTwo] = {.calls = &calls, .fetches = &fetches};
        quorum.peers[kThree] = {.calls = &silent, .fetches = &silent};
        quorum.voters = replication::VoterSet(std::move(voters));
        return quorum;
    }
};

}  // namespace hw::broker
