#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "replication/raft/raft_core.h"
#include "test/unit/raft/quorum_setup.h"

namespace hw::replication {

inline const TimePoint kStart = TimePoint() + std::chrono::hours(1);
inline constexpr Duration kTick{1};

/// A node of a quorum: a core with a clock that a test moves. Takes the part of the other nodes,
/// and checks after every input that the persisted epoch did not fall, and that the next deadline
/// is not in the past.
class CoreDriver {
public:
    explicit CoreDriver(Setup setup = {})
        : core(options_of(setup.self, setup.voters), setup.persisted, setup.log,
               Random(setup.seed)),
          persisted(setup.persisted) {}

    /// Gives the core an input, and keeps the effects.
    template <class Input>
    void input(Input give) {
        effects = {};
        give(effects);
        if (effects.persist) {
            if (effects.persist->epoch < persisted.epoch) {
                FAIL("the persisted epoch falls");
            }
            persisted = *effects.persist;
        }
        if (effects.fetch) {
            fetch_sent = *effects.fetch;
        }
        if (!effects.calls.empty()) {
            calls_sent = effects.calls;
        }
    }
    void start() {
        input([&](RaftEffects& out) { core.start(now, out); });
    }
    void on_time() {
        input([&](RaftEffects& out) { core.on_time(now, out); });
        if (core.next_deadline() < now) {
            FAIL("the next deadline is in the past");
        }
    }
    /// Moves the clock to the next deadline.
    void reach_deadline() {
        REQUIRE(core.next_deadline() != kNever);
        now = std::max(now, core.next_deadline());
        on_time();
    }
    /// Moves the clock, past all deadlines on the way. The effects are those of the last one.
    void pass(Duration duration) {
        const TimePoint until = now + duration;
        for (int calls = 0; core.next_deadline() <= until; ++calls) {
            REQUIRE(calls < 1000);
            reach_deadline();
        }
        now = until;
    }
    template <class R>
    [[nodiscard]] bool is() const {
        return std::holds_alternative<R>(core.role());
    }

    // --- Requests of the others

    EpochAnswer vote(std::int32_t epoch, BrokerId candidate, LogEnd log = {},
                     VoteKind kind = VoteKind::vote) {
        EpochAnswer answer;
        const VoteCall call{
            .kind = kind, .epoch = LeaderEpoch(epoch), .candidate = candidate, .log = log};
        input([&](RaftEffects& out) { answer = core.on_vote(call, now, out); });
        return answer;
    }
    EpochAnswer pre_vote(std::int32_t epoch, BrokerId candidate, LogEnd log = {}) {
        return vote(epoch, candidate, log, VoteKind::pre_vote);
    }
    EpochAnswer begin_epoch(std::int32_t epoch, BrokerId leader) {
        EpochAnswer answer;
        const BeginEpochCall call{LeaderEpoch(epoch), leader};
        input([&](RaftEffects& out) { answer = core.on_begin_epoch(call, now, out); });
        return answer;
    }
    EpochAnswer end_epoch(std::int32_t epoch, BrokerId leader, std::vector<BrokerId> successors) {
        EpochAnswer answer;
        const EndEpochCall call{LeaderEpoch(epoch), leader, std::move(successors)};
        input([&](RaftEffects& out) { answer = core.on_end_epoch(call, now, out); });
        return answer;
    }
    FetchVerdict fetch(BrokerId replica, LogEnd end) {
        return fetch_in(core.epoch().value(), replica, end);
    }
    FetchVerdict fetch_in(std::int32_t epoch, BrokerId replica, LogEnd end) {
        FetchVerdict verdict;
        const RaftFetch call{.to = core.options().self.id,
                             .epoch = LeaderEpoch(epoch),
                             .offset = end.end_offset,
                             .last_epoch = end.epoch,
                             .high_watermark = Offset(0)};
        input([&](RaftEffects& out) { verdict = core.on_fetch(replica, call, now, out); });
        return verdict;
    }

    // --- Answers of the others

    /// The newest request to a node.
    [[nodiscard]] RaftCall call_to(BrokerId to) const {
        for (const RaftCall& call : calls_sent) {
            if (call.to == to) {
                return call;
            }
        }
        FAIL("there is no call to node " << to.value());
        return {};
    }
    void answer(const RaftCall& call, const EpochAnswer& answer) {
        input([&](RaftEffects& out) { core.on_answer(call, answer, now, out); });
    }
    void grant(BrokerId from) {
        answer(call_to(from), {.epoch = core.epoch(), .vote_granted = true});
    }
    void refuse(BrokerId from) { answer(call_to(from), {.epoch = core.epoch()}); }
    void lose_call(BrokerId to) {
        const RaftCall call = call_to(to);
        input([&](RaftEffects& out) { core.on_no_answer(call, now, out); });
    }
    /// The answer to the newest Fetch. True if its records are taken.
    bool fetched(const RaftFetchAnswer& answer) { return fetched(fetch_sent, answer); }
    bool fetched(const RaftFetch& call, const RaftFetchAnswer& answer) {
        bool takes_records = false;
        input([&](RaftEffects& out) {
            takes_records = core.on_fetch_answer(call, answer, now, out);
        });
        return takes_records;
    }
    /// An answer of the leader, without error.
    [[nodiscard]] RaftFetchAnswer from_leader(std::int64_t high_watermark = -1) const {
        return {.epoch = core.epoch(),
                .leader = core.leader(),
                .diverging = {},
                .high_watermark = Offset(high_watermark)};
    }
    bool fetched_records(std::int64_t high_watermark = -1) {
        RaftFetchAnswer answer = from_leader(high_watermark);
        answer.has_records = true;
        return fetched(answer);
    }
    bool diverging(LogEnd end, std::int64_t high_watermark = -1) {
        RaftFetchAnswer answer = from_leader(high_watermark);
        answer.diverging = end;
        return fetched(answer);
    }
    void fetch_error(wire::ErrorCode error, BrokerId leader) {
        fetched({.error = error, .epoch = core.epoch(), .leader = leader, .diverging = {}});
    }
    void fetch_fails(FetchFailure failure = FetchFailure::no_answer) {
        effects = {};
        core.on_fetch_failed(fetch_sent, failure, now);
    }

    // --- The own log

    void stage(std::int64_t end_offset) { stage(core.epoch().value(), end_offset); }
    void stage(std::int32_t epoch, std::int64_t end_offset) {
        effects = {};
        core.on_staged(LeaderEpoch(epoch), Offset(end_offset));
    }
    void durable(std::int64_t end_offset) {
        input([&](RaftEffects& out) { core.on_durable(Offset(end_offset), now, out); });
    }
    void durable() { durable(core.log().end().end_offset.value()); }
    void truncated(std::int64_t end_offset) {
        input([&](RaftEffects& out) { core.on_truncated(Offset(end_offset), now, out); });
    }

    // --- Whole changes of role

    /// Until this node asks for pre-votes.
    void become_prospective() {
        for (int deadlines = 0; !is<Prospective>(); ++deadlines) {
            REQUIRE(deadlines < 100);
            reach_deadline();
        }
    }
    void become_candidate() {
        become_prospective();
        for (std::int32_t id = 2; is<Prospective>(); ++id) {
            grant(BrokerId(id));
        }
        REQUIRE(is<Candidate>());
    }
    /// With its first record staged and durable here.
    void become_leader() {
        become_candidate();
        for (std::int32_t id = 2; is<Candidate>(); ++id) {
            grant(BrokerId(id));
        }
        REQUIRE(is<Leader>());
        const RaftEffects won = effects;
        stage(core.log().end().end_offset.value() + 1);
        durable();
        effects = won;
    }
    void become_follower(std::int32_t epoch, BrokerId leader) {
        REQUIRE(begin_epoch(epoch, leader).error == wire::ErrorCode::none);
        REQUIRE(is<Follower>());
    }

    RaftCore core;
    TimePoint now = kStart;
    RaftEffects effects;               ///< of the newest input
    ElectionState persisted;           ///< on stable storage
    RaftFetch fetch_sent;              ///< the newest Fetch
    std::vector<RaftCall> calls_sent;  ///< the newest requests
};

/// A started node.
inline CoreDriver started(Setup setup = {}) {
    CoreDriver node(std::move(setup));
    node.start();
    return node;
}

}  // namespace hw::replication
