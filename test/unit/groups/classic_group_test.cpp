#include "broker/coordinator/classic/classic_group.h"

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "test/sim/scheduler.h"
#include "test/sim/sim_shard.h"

namespace hw::broker {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using wire::ErrorCode;

constexpr Duration kDelay = seconds(3);
constexpr Duration kSession = seconds(10);
constexpr Duration kRebalance = seconds(60);

/// How a member joins.
struct Joining {
    std::string member = "";
    std::optional<std::string> instance = {};
    std::vector<ClassicProtocol> protocols = {{"range", "topics"}};
    std::string type = "consumer";
    bool must_know_id = false;
    bool may_skip_assignment = true;
    Duration rebalance = kRebalance;
};

/// A group as a coordinator has it: it appends the records and applies them.
struct Groups {
    JoinCall join(const Joining& joining) {
        const auto call = std::make_shared<CallFor<JoinAnswer>>(shard);
        ClassicJoin join{.member = joining.member,
                         .instance = {},
                         .client_id = "client",
                         .client_host = "/127.0.0.1",
                         .protocol_type = joining.type,
                         .protocols = joining.protocols,
                         .rebalance_timeout = joining.rebalance,
                         .session_timeout = kSession,
                         .must_know_id = joining.must_know_id,
                         .may_skip_assignment = joining.may_skip_assignment,
                         .new_id = {},
                         .call = call};
        const std::string new_id = fmt::format("m{}", ++ids);
        join.new_id = new_id;
        if (joining.instance) {
            join.instance = *joining.instance;
        }
        Decision decision;
        group.join(std::move(join), now, wall, decision);
        carry_out(decision);
        return call;
    }
    SyncCall sync(const std::string& member, std::int32_t generation,
                  const std::map<std::string, std::string>& assignments = {},
                  std::optional<std::string> instance = {}) {
        const auto call = std::make_shared<CallFor<SyncAnswer>>(shard);
        ClassicSync sync{.member = member,
                         .instance = {},
                         .generation = generation,
                         .protocol_type = {},
                         .protocol = {},
                         .assignments = {},
                         .call = call};
        if (instance) {
            sync.instance = *instance;
        }
        for (const auto& [id, bytes] : assignments) {
            sync.assignments.push_back({id, bytes});
        }
        Decision decision;
        group.sync(std::move(sync), now, wall, decision);
        carry_out(decision);
        return call;
    }
    std::vector<ErrorCode> leave(std::vector<LeavingMember> members) {
        Decision decision;
        const auto codes = group.leave(members, now, wall, decision);
        carry_out(decision);
        return codes;
    }
    ErrorCode heartbeat(const std::string& member, std::int32_t generation) {
        return group.heartbeat(member, {}, generation, now);
    }
    void pass(Duration time) {
        const TimePoint end = now + time;
        while (group.next_deadline() <= end) {
            now = std::max(now, group.next_deadline());
            Decision decision;
            group.on_deadline(now, wall, decision);
            carry_out(decision);
        }
        now = end;
    }
    void carry_out(Decision& decision) {
        const std::optional<wire::Refusal> refusal =
            decision.records.empty() ? std::nullopt : std::exchange(refusal_of_next, std::nullopt);
        if (!refusal) {
            for (ClassicRecord& one : std::exchange(made, {})) {
                log.push_back(one);
                group.apply(one);
            }
        }
        made.clear();
        for (auto& then : std::exchange(decision.then, {})) {
            then(refusal ? &*refusal : nullptr, decision);
        }
        for (const CallPtr& call : decision.answers) {
            ended.insert(call);
        }
    }
    [[nodiscard]] bool has_ended(const CallPtr& call) const { return ended.contains(call); }
    const JoinAnswer& answer(const JoinCall& call) const {
        REQUIRE(has_ended(call));
        return call->result;
    }
    const SyncAnswer& answer(const SyncCall& call) const {
        REQUIRE(has_ended(call));
        return call->result;
    }
    /// A stable group of `size` members, m1 and so on, each with an assignment of its own.
    void make_stable(int size) {
        std::vector<JoinCall> calls;
        std::map<std::string, std::string> assignments;
        for (int i = 0; i < size; ++i) {
            calls.push_back(join({}));
        }
        pass(kDelay + kDelay);
        for (const JoinCall& call : calls) {
            REQUIRE(answer(call).code == ErrorCode::none);
            assignments[answer(call).member] = "of " + answer(call).member;
        }
        for (const JoinCall& call : calls) {
            const bool leads = answer(call).leader == answer(call).member;
            static_cast<void>(sync(answer(call).member, group.generation(),
                                   leads ? assignments : std::map<std::string, std::string>()));
        }
        REQUIRE(group.state() == ClassicState::stable);
    }

    sim::Scheduler scheduler{1};
    sim::SimShard shard{scheduler, 1, 0};
    TimePoint now{};
    Timestamp wall{1000};
    int ids = 0;
    std::vector<ClassicRecord> made;
    std::vector<ClassicRecord> log;
    std::optional<wire::Refusal> refusal_of_next;
    std::set<CallPtr> ended;
    ClassicGroup group{{.initial_delay = kDelay, .max_size = 3},
                       [this](const ClassicRecord& record) {
                           made.push_back(record);
                           return schema::EncodedGroupRecord(Buffer(0), 0, false);
                       }};
};

TEST_CASE("classic group: members that come during the initial delay are in the first generation",
          "[groups][classic]") {
    Groups groups;
    const auto first = groups.join({});
    groups.pass(seconds(2));
    const auto second = groups.join({});
    groups.pass(seconds(1));
    CHECK_FALSE(groups.has_ended(first));  // extended, because another member has come
    groups.pass(seconds(3));
    const JoinAnswer& leader = groups.answer(first);
    CHECK(leader.code == ErrorCode::none);
    CHECK(leader.generation == 1);
    CHECK(leader.member == "m1");
    CHECK(leader.leader == "m1");
    CHECK(leader.protocol == "range");
    CHECK(leader.protocol_type == "consumer");
    REQUIRE(leader.members->size() == 2);
    CHECK((*leader.members)[1].id == "m2");
    CHECK((*leader.members)[1].metadata == "topics");
    const JoinAnswer& follower = groups.answer(second);
    CHECK(follower.generation == 1);
    CHECK(follower.leader == "m1");
    CHECK(follower.members == nullptr);
    CHECK(groups.group.state() == ClassicState::completing);
    CHECK(groups.log.empty());
}

TEST_CASE("classic group: each member gets its part of what the leader assigns, once it is stored",
          "[groups][classic]") {
    Groups groups;
    const auto first = groups.join({});
    const auto second = groups.join({});
    groups.pass(2 * kDelay);
    const auto early = groups.sync("m2", 1);
    CHECK_FALSE(groups.has_ended(early));
    const auto leader = groups.sync("m1", 1, {{"m1", "a"}, {"m2", "b"}, {"stranger", "c"}});
    CHECK(groups.answer(leader).assignment == "a");
    CHECK(groups.answer(early).assignment == "b");
    CHECK(groups.answer(early).protocol == "range");
    CHECK(groups.group.state() == ClassicState::stable);
    REQUIRE(groups.log.size() == 1);
    CHECK(groups.log[0].generation == 1);
    CHECK(groups.log[0].leader == "m1");
    REQUIRE(groups.log[0].members.size() == 2);
    CHECK(groups.log[0].members[1].assignment == "b");
    CHECK(groups.log[0].members[1].protocols == std::vector<ClassicProtocol>{{"range", "topics"}});
    CHECK(groups.answer(groups.sync("m2", 1)).assignment == "b");
}

TEST_CASE("classic group: an assignment that cannot be stored makes all join again",
          "[groups][classic]") {
    Groups groups;
    const auto first = groups.join({});
    const auto second = groups.join({});
    groups.pass(2 * kDelay);
    const auto waiting = groups.sync("m2", 1);
    groups.refusal_of_next = wire::Refusal{ErrorCode::coordinator_not_available, "no"};
    const auto leader = groups.sync("m1", 1, {{"m1", "a"}, {"m2", "b"}});
    CHECK(groups.answer(leader).code == ErrorCode::coordinator_not_available);
    CHECK(groups.answer(waiting).code == ErrorCode::coordinator_not_available);
    CHECK(groups.group.state() == ClassicState::preparing);
    CHECK(groups.heartbeat("m1", 1) == ErrorCode::rebalance_in_progress);
    CHECK(groups.log.empty());
}

TEST_CASE("classic group: a new member makes the others join again", "[groups][classic]") {
    Groups groups;
    groups.make_stable(2);
    CHECK(groups.heartbeat("m1", 1) == ErrorCode::none);
    const auto third = groups.join({});
    CHECK(groups.heartbeat("m1", 1) == ErrorCode::rebalance_in_progress);
    CHECK(groups.answer(groups.sync("m1", 1)).code == ErrorCode::rebalance_in_progress);
    const auto first = groups.join({.member = "m1"});
    CHECK_FALSE(groups.has_ended(third));
    const auto second = groups.join({.member = "m2"});
    CHECK(groups.answer(first).generation == 2);
    CHECK(groups.answer(second).generation == 2);
    CHECK(groups.answer(third).generation == 2);
    CHECK(groups.answer(first).members->size() == 3);
}

TEST_CASE("classic group: who does not join within the rebalance timeout is removed",
          "[groups][classic]") {
    Groups groups;
    groups.make_stable(2);
    const auto third = groups.join({});
    const auto second = groups.join({.member = "m2"});
    for (int i = 0; i < 70; ++i) {
        static_cast<void>(groups.heartbeat("m1", 1));
        groups.pass(seconds(1));
    }
    CHECK(groups.answer(second).generation == 2);
    CHECK(groups.answer(second).leader == "m2");
    CHECK(groups.answer(second).members->size() == 2);
    CHECK(groups.answer(third).leader == "m2");
    CHECK(groups.heartbeat("m1", 1) == ErrorCode::unknown_member_id);
}

TEST_CASE("classic group: a member that is silent for its session is removed",
          "[groups][classic]") {
    Groups groups;
    groups.make_stable(2);
    for (int i = 0; i < 12; ++i) {
        groups.pass(seconds(1));
        static_cast<void>(groups.heartbeat("m1", 1));
    }
    CHECK(groups.heartbeat("m2", 1) == ErrorCode::unknown_member_id);
    CHECK(groups.heartbeat("m1", 1) == ErrorCode::rebalance_in_progress);
    const auto first = groups.join({.member = "m1"});
    CHECK(groups.answer(first).generation == 2);
    CHECK(groups.answer(first).members->size() == 1);
}

TEST_CASE("classic group: a group whose members are all gone is empty, and that is stored",
          "[groups][classic]") {
    Groups groups;
    groups.make_stable(2);
    SECTION("silent") {
        groups.pass(seconds(11));
    }
    SECTION("gone") {
        CHECK(groups.leave({{"m1", {}}, {"m2", {}}}) ==
              std::vector{ErrorCode::none, ErrorCode::none});
    }
    CHECK(groups.group.state() == ClassicState::empty);
    REQUIRE(groups.log.size() == 2);
    CHECK(groups.log[1].members.empty());
    CHECK(groups.log[1].generation == 2);
    CHECK_FALSE(groups.log[1].leader.has_value());
    CHECK(groups.log[1].protocol_type == "consumer");
    CHECK(groups.group.check_commit("", {}, -1) == ErrorCode::none);
    groups.pass(kRebalance);
    CHECK(groups.group.next_deadline() == kNever);
    CHECK(groups.log.size() == 2);
}

TEST_CASE("classic group: a member that joins but never syncs is removed", "[groups][classic]") {
    Groups groups;
    const auto first = groups.join({});
    const auto second = groups.join({});
    groups.pass(2 * kDelay);
    static_cast<void>(groups.sync("m1", 1, {{"m1", "a"}}));
    for (int i = 0; i < 70; ++i) {
        static_cast<void>(groups.heartbeat("m1", 1));
        static_cast<void>(groups.heartbeat("m2", 1));
        groups.pass(seconds(1));
    }
    CHECK(groups.heartbeat("m2", 1) == ErrorCode::unknown_member_id);
    CHECK(groups.heartbeat("m1", 1) == ErrorCode::rebalance_in_progress);
}

TEST_CASE("classic group: a new member is first told its id, if its client knows that",
          "[groups][classic]") {
    Groups groups;
    const auto told = groups.join({.must_know_id = true});
    CHECK(groups.answer(told).code == ErrorCode::member_id_required);
    CHECK(groups.answer(told).member == "m1");
    CHECK(groups.group.members().empty());
    const auto joined = groups.join({.member = "m1", .must_know_id = true});
    groups.pass(kDelay);
    CHECK(groups.answer(joined).code == ErrorCode::none);
    CHECK(groups.answer(joined).member == "m1");
}

TEST_CASE("classic group: an id that was given out and not used is forgotten, and holds up nobody",
          "[groups][classic]") {
    Groups groups;
    groups.make_stable(1);
    const auto told = groups.join({.must_know_id = true});
    const std::string id = groups.answer(told).member;
    SECTION("after the session") {
        const auto first = groups.join({.member = "m1"});
        CHECK_FALSE(groups.has_ended(first));
        groups.pass(kSession);
        CHECK(groups.answer(first).generation == 2);
    }
    SECTION("when its owner leaves") {
        const auto first = groups.join({.member = "m1"});
        CHECK(groups.leave({{id, {}}}) == std::vector{ErrorCode::none});
        CHECK(groups.answer(first).generation == 2);
    }
    CHECK(groups.answer(groups.join({.member = id})).code == ErrorCode::unknown_member_id);
}

TEST_CASE("classic group: a new member that has waited for five minutes is removed, and told",
          "[groups][classic]") {
    Groups groups;
    const auto first = groups.join({.rebalance = std::chrono::minutes(10)});
    groups.pass(kDelay);
    static_cast<void>(groups.sync("m1", 1, {{"m1", "a"}}));
    const auto lost = groups.join({});
    for (int i = 0; i < 301; ++i) {
        CHECK(groups.heartbeat("m1", 1) == ErrorCode::rebalance_in_progress);
        CHECK(groups.has_ended(lost) == (i >= 300));
        groups.pass(seconds(1));
    }
    CHECK(groups.answer(lost).code == ErrorCode::unknown_member_id);
    const auto again = groups.join({.member = "m1", .rebalance = std::chrono::minutes(10)});
    CHECK(groups.answer(again).generation == 2);
}

TEST_CASE("classic group: ids that are given out and not used leave no trace, and are limited",
          "[groups][classic]") {
    Groups groups;
    for (int i = 0; i < 3; ++i) {
        CHECK(groups.answer(groups.join({.must_know_id = true})).code ==
              ErrorCode::member_id_required);
    }
    CHECK(groups.answer(groups.join({.must_know_id = true})).code ==
          ErrorCode::group_max_size_reached);
    groups.pass(kSession);
    CHECK(groups.group.is_unused());
    CHECK(groups.log.empty());
    CHECK(groups.answer(groups.join({.must_know_id = true})).code == ErrorCode::member_id_required);
}

TEST_CASE("classic group: what its members say is limited", "[groups][classic]") {
    Groups groups;
    const std::string much(ClassicGroup::kMaxBytes / 2, 'x');
    const auto first = groups.join({.protocols = {{"range", much}}});
    CHECK(groups.answer(groups.join({.protocols = {{"range", much}}})).code ==
          ErrorCode::group_max_size_reached);
    groups.pass(kDelay);
    CHECK(groups.answer(first).members->size() == 1);
    CHECK(groups.leave({{"m1", {}}}) == std::vector{ErrorCode::none});
    const auto second = groups.join({.protocols = {{"range", much}}});
    groups.pass(kDelay);
    CHECK(groups.answer(second).code == ErrorCode::none);
}

TEST_CASE("classic group: the leader rebalances by joining again, others only with other protocols",
          "[groups][classic]") {
    Groups groups;
    groups.make_stable(2);
    const auto same = groups.join({.member = "m2"});
    CHECK(groups.answer(same).generation == 1);
    CHECK(groups.group.state() == ClassicState::stable);
    SECTION("the leader") {
        const auto leader = groups.join({.member = "m1"});
        CHECK_FALSE(groups.has_ended(leader));
    }
    SECTION("another member, with other metadata") {
        const auto other = groups.join({.member = "m2", .protocols = {{"range", "more"}}});
        CHECK_FALSE(groups.has_ended(other));
    }
    CHECK(groups.group.state() == ClassicState::preparing);
}

TEST_CASE("classic group: the protocol is one that all support, and that most prefer",
          "[groups][classic]") {
    Groups groups;
    const auto first = groups.join({.protocols = {{"x", "1"}, {"y", "2"}, {"z", "3"}}});
    const auto second = groups.join({.protocols = {{"z", "4"}, {"y", "5"}}});
    const auto third = groups.join({.protocols = {{"z", "6"}, {"y", "7"}, {"x", "8"}}});
    groups.pass(2 * kDelay);
    CHECK(groups.answer(first).protocol == "z");
    CHECK((*groups.answer(first).members)[1].metadata == "4");
    const auto none = groups.join({.member = "m2", .protocols = {{"w", "9"}}});
    CHECK(groups.answer(none).code == ErrorCode::inconsistent_group_protocol);
    const auto type = groups.join({.member = "m2", .type = "connect"});
    CHECK(groups.answer(type).code == ErrorCode::inconsistent_group_protocol);
    Groups empty;
    CHECK(empty.answer(empty.join({.protocols = {}})).code ==
          ErrorCode::inconsistent_group_protocol);
    CHECK(empty.answer(empty.join({.type = ""})).code == ErrorCode::inconsistent_group_protocol);
}

TEST_CASE("classic group: it takes no more members than the limit", "[groups][classic]") {
    Groups groups;
    groups.make_stable(3);
    CHECK(groups.answer(groups.join({})).code == ErrorCode::group_max_size_reached);
    CHECK(groups.group.state() == ClassicState::stable);
    CHECK(groups.leave({{"m3", {}}}) == std::vector{ErrorCode::none});
    const auto again = groups.join({});
    CHECK_FALSE(groups.has_ended(again));
}

TEST_CASE("classic group: a static member that is back keeps its assignment without a rebalance",
          "[groups][classic][static]") {
    Groups groups;
    const auto first = groups.join({.instance = "i"});
    groups.pass(kDelay);
    static_cast<void>(groups.sync("m1", 1, {{"m1", "a"}}, "i"));
    REQUIRE(groups.group.state() == ClassicState::stable);
    const bool knows = GENERATE(true, false);
    SECTION("stored") {
        const auto back = groups.join({.instance = "i", .may_skip_assignment = knows});
        CHECK(groups.answer(back).code == ErrorCode::none);
        CHECK(groups.answer(back).generation == 1);
        CHECK(groups.answer(back).member == "m2");
        CHECK(groups.answer(back).skips_assignment == knows);
        CHECK(groups.answer(back).leader == (knows ? "m2" : "m1"));
        CHECK((groups.answer(back).members != nullptr) == knows);
        CHECK(groups.log.back().members[0].id == "m2");
        CHECK(groups.answer(groups.sync("m2", 1, {}, "i")).assignment == "a");
        CHECK(groups.answer(groups.sync("m1", 1, {}, "i")).code == ErrorCode::fenced_instance_id);
        CHECK(groups.group.heartbeat("m1", "i", 1, groups.now) == ErrorCode::fenced_instance_id);
        CHECK(groups.heartbeat("m1", 1) == ErrorCode::unknown_member_id);
    }
    SECTION("not stored") {
        groups.refusal_of_next = wire::Refusal{ErrorCode::coordinator_not_available, "no"};
        const auto back = groups.join({.instance = "i", .may_skip_assignment = knows});
        CHECK(groups.answer(back).code == ErrorCode::coordinator_not_available);
        CHECK(groups.answer(groups.sync("m1", 1, {}, "i")).assignment == "a");
        CHECK(groups.heartbeat("m2", 1) == ErrorCode::unknown_member_id);
    }
}

TEST_CASE("classic group: a static member that is back with other protocols causes a rebalance",
          "[groups][classic][static]") {
    Groups groups;
    const auto first = groups.join({.instance = "i"});
    groups.pass(kDelay);
    static_cast<void>(groups.sync("m1", 1, {{"m1", "a"}}, "i"));
    const auto back = groups.join({.instance = "i", .protocols = {{"other", "x"}}});
    CHECK(groups.answer(back).code == ErrorCode::inconsistent_group_protocol);
    const auto both =
        groups.join({.instance = "i", .protocols = {{"other", "x"}, {"range", "topics"}}});
    CHECK(groups.answer(both).generation == 2);
    CHECK(groups.answer(both).protocol == "other");
}

TEST_CASE("classic group: an administrator removes a static member by its instance",
          "[groups][classic][static]") {
    Groups groups;
    const auto first = groups.join({.instance = "i"});
    groups.pass(kDelay);
    static_cast<void>(groups.sync("m1", 1, {{"m1", "a"}}, "i"));
    CHECK(
        groups.leave({{"", "none"}, {"m9", "i"}, {"", "i"}}) ==
        std::vector{ErrorCode::unknown_member_id, ErrorCode::fenced_instance_id, ErrorCode::none});
    CHECK(groups.group.state() == ClassicState::empty);
}

TEST_CASE("classic group: a request with an old generation is refused", "[groups][classic]") {
    Groups groups;
    groups.make_stable(1);
    CHECK(groups.heartbeat("m1", 0) == ErrorCode::illegal_generation);
    CHECK(groups.heartbeat("m1", 2) == ErrorCode::illegal_generation);
    CHECK(groups.answer(groups.sync("m1", 0)).code == ErrorCode::illegal_generation);
    CHECK(groups.group.check_commit("m1", {}, 0) == ErrorCode::illegal_generation);
    CHECK(groups.group.check_commit("m1", {}, 1) == ErrorCode::none);
    CHECK(groups.group.check_commit("m9", {}, 1) == ErrorCode::unknown_member_id);
    CHECK(groups.group.check_commit("", {}, -1) == ErrorCode::unknown_member_id);
}

TEST_CASE("classic group: no offsets are committed while the assignment is made",
          "[groups][classic]") {
    Groups groups;
    const auto first = groups.join({});
    groups.pass(kDelay);
    CHECK(groups.group.check_commit("m1", {}, 1) == ErrorCode::rebalance_in_progress);
    static_cast<void>(groups.sync("m1", 1, {{"m1", "a"}}));
    CHECK(groups.group.check_commit("m1", {}, 1) == ErrorCode::none);
    const auto second = groups.join({});
    // Members that are about to lose partitions commit what they have read of them.
    CHECK(groups.group.check_commit("m1", {}, 1) == ErrorCode::none);
}

TEST_CASE("classic group: a group that was loaded goes on, and its members have new sessions",
          "[groups][classic]") {
    Groups before;
    before.make_stable(2);
    Groups after;
    after.group.apply(before.log.back());
    after.now = TimePoint(seconds(100));
    after.group.begin_sessions(after.now);
    CHECK(after.group.state() == ClassicState::stable);
    CHECK(after.group.generation() == 1);
    CHECK(after.answer(after.sync("m2", 1)).assignment == "of m2");
    after.pass(seconds(9));
    CHECK(after.heartbeat("m1", 1) == ErrorCode::none);
    after.pass(seconds(2));
    CHECK(after.heartbeat("m2", 1) == ErrorCode::unknown_member_id);
    CHECK(after.heartbeat("m1", 1) == ErrorCode::rebalance_in_progress);
}

TEST_CASE("classic group: a member that was loaded is what its last record says",
          "[groups][classic]") {
    Groups before;
    before.make_stable(2);
    const auto owns_nothing = before.join(
        {.member = "m2", .protocols = {{"range", "owns nothing"}}, .rebalance = seconds(30)});
    static_cast<void>(before.join({.member = "m1"}));
    static_cast<void>(before.sync("m1", 2, {{"m1", "of m1"}, {"m2", "of m2"}}));
    REQUIRE(before.log.size() == 2);
    Groups after;
    after.group.apply(before.log.front());
    after.group.apply(before.log.back());
    const ClassicMember& member = after.group.members().at("m2");
    CHECK(member.protocols == std::vector<ClassicProtocol>{{"range", "owns nothing"}});
    CHECK(member.rebalance_timeout == seconds(30));
    // So one that gives something up is noticed.
    const auto again = after.join({.member = "m2", .protocols = {{"range", "topics"}}});
    CHECK(after.group.state() == ClassicState::preparing);
    CHECK_FALSE(after.has_ended(again));
}

/// A protocol whose metadata have a size in MiB.
ClassicProtocol large(int size) {
    return {"range", std::string(static_cast<std::size_t>(size) << 20, 'x')};
}

TEST_CASE("classic group: a member that joins again is counted once", "[groups][classic]") {
    Groups groups;
    const auto first = groups.join({.protocols = {large(40)}});
    groups.pass(kDelay);
    static_cast<void>(groups.sync("m1", 1, {{"m1", "a"}}));
    const auto again = groups.join({.member = "m1", .protocols = {large(41)}});
    CHECK(groups.answer(again).generation == 2);
    const auto other = groups.join({.protocols = {large(30)}});
    CHECK(groups.answer(other).code == ErrorCode::group_max_size_reached);
}

TEST_CASE("classic group: a member that says too much goes, and its partitions get another owner",
          "[groups][classic]") {
    Groups groups;
    groups.make_stable(2);
    const auto call = groups.join({.member = "m2", .protocols = {large(65)}});
    CHECK(groups.answer(call).code == ErrorCode::group_max_size_reached);
    CHECK(groups.group.state() == ClassicState::preparing);
    CHECK(groups.heartbeat("m1", 1) == ErrorCode::rebalance_in_progress);
}

TEST_CASE("classic group: restarts of a static member leave nothing behind",
          "[groups][classic][static]") {
    Groups groups;
    static_cast<void>(groups.join({.instance = "i", .protocols = {large(20)}}));
    static_cast<void>(groups.join({}));
    for (int i = 0; i < 20; ++i) {
        const auto back = groups.join({.instance = "i", .protocols = {large(20)}});
        CHECK_FALSE(groups.has_ended(back));  // it waits for the initial delay
    }
}

TEST_CASE("classic group: a static member that is back waits as long as the others take",
          "[groups][classic][static]") {
    Groups groups;
    const auto first = groups.join({.instance = "i"});
    groups.pass(kDelay);
    static_cast<void>(groups.sync("m1", 1, {{"m1", "a"}}, "i"));
    const auto other = groups.join({});  // its JoinGroup waits for the static member
    CHECK_FALSE(groups.has_ended(other));
    const auto gone = groups.join({.member = "m1", .instance = "i"});
    CHECK(groups.answer(gone).code == ErrorCode::none);
    const auto third = groups.join({});
    const auto back = groups.join({.instance = "i"});
    for (int i = 0; i < 4; ++i) {
        groups.pass(kSession / 2);
        CHECK(groups.heartbeat(groups.answer(other).member, 2) == ErrorCode::rebalance_in_progress);
    }
    CHECK_FALSE(groups.has_ended(back));
}

TEST_CASE("classic group: what a static member says when it is back is stored",
          "[groups][classic][static]") {
    Groups groups;
    static_cast<void>(groups.join({.instance = "i"}));
    groups.pass(kDelay);
    static_cast<void>(groups.sync("m1", 1, {{"m1", "a"}}, "i"));
    static_cast<void>(groups.join({.instance = "i", .rebalance = seconds(7)}));
    CHECK(groups.log.back().members[0].rebalance_timeout == seconds(7));
}

TEST_CASE("classic group: an id that was given out is not for a static member",
          "[groups][classic][static]") {
    Groups groups;
    const auto known = groups.join({.instance = "i"});
    const auto told = groups.join({.must_know_id = true});
    CHECK(groups.answer(told).code == ErrorCode::member_id_required);
    const auto thief = groups.join({.member = groups.answer(told).member, .instance = "i"});
    CHECK(groups.answer(thief).code == ErrorCode::fenced_instance_id);
    CHECK_FALSE(groups.has_ended(known));
}

TEST_CASE("classic group: an assignment that is too large for the log is not tried again",
          "[groups][classic]") {
    Groups groups;
    static_cast<void>(groups.join({}));
    groups.pass(kDelay);
    groups.refusal_of_next = wire::Refusal{ErrorCode::invalid_commit_offset_size, "too large"};
    CHECK(groups.answer(groups.sync("m1", 1, {{"m1", "a"}})).code ==
          ErrorCode::unknown_server_error);
}

TEST_CASE("classic group: members without rebalance timeouts that are away are waited for",
          "[groups][classic][static]") {
    Groups groups;
    static_cast<void>(groups.join({.instance = "i", .rebalance = {}}));
    groups.pass(kDelay);
    static_cast<void>(groups.sync("m1", 1, {{"m1", "a"}}, "i"));
    static_cast<void>(groups.join({.rebalance = {}}));
    static_cast<void>(groups.leave({{"m2", {}}}));
    CHECK(groups.group.next_deadline() > groups.now);
}

TEST_CASE("classic group: any record that a log may have does no harm", "[groups][classic]") {
    ClassicMember member;
    member.id = "m";
    member.session_timeout = kSession;
    member.protocols = {{"", ""}};
    const bool has_members = GENERATE(false, true);
    Groups groups;
    groups.group.apply(
        {.protocol_type = "consumer",
         .generation = 3,
         .protocol = {},
         .leader = "ghost",
         .state_since = Timestamp(0),
         .members = has_members ? std::vector{member} : std::vector<ClassicMember>()});
    groups.group.begin_sessions(groups.now);
    const auto call = groups.join({.member = has_members ? "m" : "", .protocols = {{"", "x"}}});
    groups.pass(kDelay + kRebalance);
    CHECK(groups.answer(call).generation > 3);
}

}  // namespace
}  // namespace hw::broker
