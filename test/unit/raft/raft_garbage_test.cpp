#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "test/unit/raft/core_driver.h"

/// Peers that send anything at any time. A core must not assert, and must keep its promises.
namespace hw::replication {
namespace {

/// The promises: each one is checked after every event.
class Promises {
public:
    explicit Promises(const CoreDriver& node) : epoch_(node.core.epoch()), state_(node.persisted) {}

    void check(const CoreDriver& node) {
        REQUIRE(node.core.epoch() >= epoch_);
        REQUIRE(node.core.high_watermark() >= high_watermark_);
        REQUIRE(node.core.high_watermark() <= node.core.log().end().end_offset);
        // A vote is not taken back in its epoch.
        const bool same_epoch = node.persisted.epoch == state_.epoch;
        if (same_epoch && state_.voted.id != kNoBroker) {
            REQUIRE(node.persisted.voted.id == state_.voted.id);
        }
        if (const auto& append = node.effects.append) {
            REQUIRE(append->epoch > led_);
            led_ = append->epoch;
        }
        epoch_ = node.core.epoch();
        high_watermark_ = node.core.high_watermark();
        state_ = node.persisted;
    }

private:
    LeaderEpoch epoch_;
    Offset high_watermark_{0};
    ElectionState state_;
    LeaderEpoch led_;  ///< at least that of the newest LeaderChange record
};

/// Gives a core random inputs, of which those of its own log are valid.
class Peers {
public:
    /// `node` has just been started.
    Peers(CoreDriver& node, std::uint64_t seed) : node_(node), random_(seed) { follow_effects(); }

    void act() {
        switch (random_.below(14)) {
            case 0:
                node_.vote(epoch().value(), id(), end(), kind());
                break;
            case 1:
                node_.begin_epoch(epoch().value(), id());
                break;
            case 2:
                node_.end_epoch(epoch().value(), id(), {id(), id(), id()});
                break;
            case 3:
            case 4:
                fetch_here();
                break;
            case 5:
            case 6:
                answer_call();
                break;
            case 7:
            case 8:
                answer_fetch();
                break;
            case 9:
                fail_fetch();
                break;
            case 10:
                use_log();
                break;
            case 11:
                node_.now += Duration(random_.between(0, 500'000'000));
                node_.on_time();
                break;
            case 12:
                if (node_.core.next_deadline() != kNever) {
                    node_.reach_deadline();
                }
                break;
            default:
                if (random_.chance(1, 5)) {
                    node_.input([&](RaftEffects& out) { node_.core.resign(node_.now, out); });
                }
                break;
        }
        follow_effects();
    }
    /// Indexes of the roles that the node had.
    [[nodiscard]] const std::set<std::size_t>& roles() const { return roles_; }

private:
    LeaderEpoch epoch() {
        const std::int32_t own = node_.core.epoch().value();
        switch (random_.below(40)) {
            case 0:
                return LeaderEpoch(-1);
            case 1:
                return LeaderEpoch(INT32_MIN);
            case 2:
                // Rare, because nothing is above it.
                return LeaderEpoch(random_.chance(1, 50) ? kMaxEpoch : 0);
            default:
                return LeaderEpoch(static_cast<std::int32_t>(
                    std::min<std::int64_t>(own + random_.between(-1, 1), kMaxEpoch)));
        }
    }
    BrokerId id() {
        constexpr std::int32_t kIds[] = {1, 2, 3, 2, 3, 4, 9, -1, INT32_MAX, INT32_MIN};
        return BrokerId(kIds[random_.below(std::size(kIds))]);
    }
    Offset offset() {
        switch (random_.below(20)) {
            case 0:
                return kNoOffset;
            case 1:
                return Offset(INT64_MAX);
            case 2:
                return Offset(INT64_MIN);
            default:
                return Offset(random_.between(0, node_.core.log().end().end_offset.value() + 2));
        }
    }
    LogEnd end() {
        return random_.chance(1, 2) ? node_.core.log().end() : LogEnd{epoch(), offset()};
    }
    VoteKind kind() { return random_.chance(1, 2) ? VoteKind::pre_vote : VoteKind::vote; }
    wire::ErrorCode error() {
        constexpr wire::ErrorCode kErrors[] = {
            wire::ErrorCode::fenced_leader_epoch, wire::ErrorCode::not_leader_or_follower,
            wire::ErrorCode::unknown_leader_epoch, wire::ErrorCode::unknown_server_error};
        return random_.chance(2, 3) ? wire::ErrorCode::none
                                    : kErrors[random_.below(std::size(kErrors))];
    }
    /// The newest fetch, or an older one; there must be one.
    const RaftFetch& some_fetch() {
        return random_.chance(2, 3) ? fetches_.back() : fetches_[random_.below(fetches_.size())];
    }
    void fetch_here() { node_.fetch_in(epoch().value(), id(), end()); }
    void answer_call() {
        if (node_.calls_sent.empty()) {
            return;
        }
        const RaftCall& call = node_.calls_sent[random_.below(node_.calls_sent.size())];
        node_.answer(RaftCall(call), {error(), epoch(), id(), random_.chance(2, 3)});
    }
    void fail_fetch() {
        if (!fetches_.empty()) {
            const auto failure =
                random_.chance(1, 2) ? FetchFailure::refused : FetchFailure::no_answer;
            node_.core.on_fetch_failed(some_fetch(), failure, node_.now);
        }
    }
    void answer_fetch() {
        if (fetches_.empty()) {
            return;
        }
        RaftFetchAnswer answer{.error = error(),
                               .epoch = epoch(),
                               .leader = id(),
                               .diverging = {},
                               .high_watermark = offset(),
                               .has_records = random_.chance(1, 2)};
        if (random_.chance(1, 3)) {
            answer.diverging = end();
        }
        if (!node_.fetched(some_fetch(), answer)) {
            return;
        }
        // The node itself refuses records that do not continue the log.
        if (random_.chance(1, 5)) {
            node_.core.on_bad_records(node_.now);
        } else {
            const LeaderEpoch least = node_.core.log().end().epoch;
            const LeaderEpoch most = node_.core.epoch();
            stage(random_.chance(1, 2) ? least : most);
        }
    }
    void use_log() {
        if (node_.core.log().is_truncating()) {
            const std::int64_t end = node_.core.log().end().end_offset.value();
            const std::int64_t least = std::min(node_.core.high_watermark().value(), end);
            node_.truncated(random_.between(least, end));
        } else if (node_.core.leads() && random_.chance(1, 2)) {
            stage(node_.core.epoch());
        } else {
            node_.durable();
        }
    }
    void stage(LeaderEpoch epoch) {
        node_.core.on_staged(epoch, node_.core.log().end().end_offset + random_.between(1, 3));
    }
    /// Does what the core asks for, in the own log, and checks its promises.
    void follow_effects() {
        promises_.check(node_);
        const RaftEffects done = std::exchange(node_.effects, {});
        if (done.fetch) {
            fetches_.push_back(*done.fetch);
        }
        if (done.append && node_.core.leads()) {
            stage(done.append->epoch);
        }
        roles_.insert(node_.core.role().index());
    }

    CoreDriver& node_;
    Random random_;
    Promises promises_{node_};
    std::vector<RaftFetch> fetches_;  ///< all that were sent
    std::set<std::size_t> roles_;
};

/// Runs a node with random peers. Returns the indexes of the roles that it had.
std::set<std::size_t> run(std::uint64_t seed, BrokerId self, std::int32_t voters) {
    CoreDriver node = started({.self = self, .voters = voters, .seed = seed});
    Peers peers(node, seed);
    for (int events = 0; events < 2000; ++events) {
        peers.act();
    }
    return peers.roles();
}

TEST_CASE("raft garbage: nothing that peers send ends a voter, or makes it break a promise",
          "[raft]") {
    std::set<std::size_t> roles;
    for (std::uint64_t seed = 1; seed <= 100; ++seed) {
        INFO("seed " << seed);
        roles.merge(run(seed, kOne, 3));
    }
    CHECK(roles == std::set<std::size_t>{0, 1, 2, 3, 4, 5});
}

TEST_CASE("raft garbage: nothing that peers send ends an observer", "[raft]") {
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
        INFO("seed " << seed);
        CHECK(run(seed, kObserver, 3) == std::set<std::size_t>{6});
    }
}

TEST_CASE("raft garbage: nothing that peers send takes the leadership from the only voter",
          "[raft]") {
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
        INFO("seed " << seed);
        CHECK(run(seed, kOne, 1) == std::set<std::size_t>{3});
    }
}

TEST_CASE("raft garbage: a voter of five keeps its promises, too", "[raft]") {
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
        INFO("seed " << seed);
        run(seed, kOne, 5);
    }
}

}  // namespace
}  // namespace hw::replication
