#include "broker/coordinator/group/protocol_change.h"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "protocol/schema/consumer_protocol.h"
#include "test/sim/scheduler.h"
#include "test/sim/sim_shard.h"
#include "test/unit/groups/consumer_world.h"

namespace hw::broker {
namespace {

using wire::ErrorCode;

constexpr Duration kClassicSession = std::chrono::seconds(10);
constexpr std::string_view kEager = "range";
constexpr std::string_view kCooperative = "cooperative-sticky";

/// A JoinGroup beside the member's id.
struct Joining {
    std::vector<std::int32_t> owned = {};  ///< partitions of "a"
    std::optional<std::string> instance = {};
    std::string protocol = std::string(kEager);
    std::string topic = "a";
    std::string type = "consumer";
    std::optional<std::string> metadata = {};  ///< instead of a subscription
    bool must_know_id = false;
};

std::string subscription(const Joining& joining) {
    std::vector<PartitionIndex> partitions;
    for (const std::int32_t index : joining.owned) {
        partitions.emplace_back(index);
    }
    const schema::ConsumerProtocolSubscription::TopicPartition owned{"a", partitions};
    const std::string_view topic = joining.topic;
    schema::ConsumerProtocolSubscription told{.topics = {&topic, 1}};
    if (!partitions.empty()) {
        told.owned_partitions = {&owned, 1};
    }
    const auto bytes = schema::encode_subscription(told, ApiVersion(1));
    REQUIRE(bytes.has_value());
    return std::string(as_text(bytes->view()));
}

/// An assignment of partitions of "a", as a leader or the coordinator writes it.
std::string assigned(const std::vector<std::int32_t>& indexes) {
    std::vector<PartitionIndex> partitions;
    for (const std::int32_t index : indexes) {
        partitions.emplace_back(index);
    }
    const schema::ConsumerProtocolAssignment::TopicPartition topic{"a", partitions};
    schema::ConsumerProtocolAssignment assignment;
    if (!partitions.empty()) {
        assignment.assigned_partitions = {&topic, 1};
    }
    const auto bytes = schema::encode_assignment(assignment, ApiVersion(1));
    REQUIRE(bytes.has_value());
    return std::string(as_text(bytes->view()));
}

/// Groups with members of both protocols.
struct Mixed : Consumers {
    explicit Mixed(MigrationPolicy migration = {}) : Consumers(100, nullptr, migration) {
        set_topic("a", 4);
    }

    JoinAnswer join(const std::string& member, const Joining& joining = {}) {
        const JoinCall call = begin_join(member, joining);
        REQUIRE(ended.contains(call));
        return call->result;
    }
    JoinCall begin_join(const std::string& member, const Joining& joining = {}) {
        const auto call = std::make_shared<CallFor<JoinAnswer>>(shard);
        const std::string id = "m" + std::to_string(++ids);
        ClassicJoin join{
            .member = member,
            .instance = {},
            .client_id = "client",
            .client_host = "/127.0.0.1",
            .protocol_type = joining.type,
            .protocols = {{joining.protocol, joining.metadata.value_or(subscription(joining))}},
            .rebalance_timeout = kRebalance,
            .session_timeout = kClassicSession,
            .must_know_id = joining.must_know_id,
            .may_skip_assignment = true,
            .new_id = id,
            .call = call};
        if (joining.instance) {
            join.instance = *joining.instance;
        }
        Decision decision;
        machine.join("g", std::move(join), image, {now, wall}, decision);
        carry_out(decision);
        return call;
    }
    SyncCall begin_sync(const std::string& member, std::int32_t generation,
                        const std::map<std::string, std::string>& assignments = {}) {
        const auto call = std::make_shared<CallFor<SyncAnswer>>(shard);
        ClassicSync sync{.member = member,
                         .instance = {},
                         .generation = generation,
                         .protocol_type = {},
                         .protocol = {},
                         .assignments = {},
                         .call = call};
        for (const auto& [id, bytes] : assignments) {
            sync.assignments.push_back({id, bytes});
        }
        Decision decision;
        machine.sync("g", std::move(sync), image, {now, wall}, decision);
        carry_out(decision);
        return call;
    }
    SyncAnswer sync(const std::string& member, std::int32_t generation) {
        const SyncCall call = begin_sync(member, generation);
        REQUIRE(ended.contains(call));
        return call->result;
    }
    ErrorCode classic_beat(const std::string& member, std::int32_t generation) {
        return machine.heartbeat("g", {.member = member, .instance = {}, .generation = generation},
                                 image, now);
    }
    std::vector<ErrorCode> leave(const std::vector<LeavingMember>& members) {
        const auto call = std::make_shared<CallFor<std::vector<ErrorCode>>>(shard);
        Decision decision;
        machine.leave("g", members, call, {now, wall}, decision);
        carry_out(decision);
        REQUIRE(ended.contains(call));
        return call->result;
    }
    ErrorCode commit(const std::string& member, std::int32_t generation) {
        const OffsetToCommit offset{.topic = "a",
                                    .topic_id = id_of("a"),
                                    .partition = PartitionIndex(0),
                                    .offset = Offset(7),
                                    .metadata = {}};
        OffsetCommitResult result;
        Decision decision;
        decision.records = machine.commit({.group = "g",
                                           .member = member,
                                           .instance = {},
                                           .generation = generation,
                                           .offsets = {&offset, 1},
                                           .now = wall,
                                           .expires_at = {}},
                                          now, result);
        carry_out(decision);
        return result.refusal;
    }

    /// A stable classic group in generation 1: "m1" has partitions 0 and 1, "m2" has 2 and 3.
    void make_classic(const Joining& joining = {}) {
        const JoinCall first = begin_join("", joining);
        const JoinCall second = begin_join("", joining);
        pass({});
        REQUIRE(ended.contains(first));
        const SyncCall other = begin_sync("m2", 1);
        static_cast<void>(
            begin_sync("m1", 1, {{"m1", assigned({0, 1})}, {"m2", assigned({2, 3})}}));
        REQUIRE(other->result.assignment == assigned({2, 3}));
    }
    /// Becomes the next coordinator after `other`.
    void load(const Mixed& other) {
        image = other.image;
        now = other.now;
        for (const auto& record : other.log) {
            REQUIRE(machine.apply(record.key(), record.value()).has_value());
        }
        machine.on_active(now);
    }
    [[nodiscard]] bool is_classic() const { return machine.find("g")->classic != nullptr; }
    [[nodiscard]] bool is_consumer() const { return machine.find("g")->consumer != nullptr; }
    [[nodiscard]] const ClassicGroup& classic() const { return *machine.find("g")->classic; }
    [[nodiscard]] Assignment has(const std::string& member) const {
        return partitions_of(position(member).assigned);
    }

    sim::Scheduler scheduler{1};
    sim::SimShard shard{scheduler, 1, 0};
    int ids = 0;
};

// --- To the consumer protocol

TEST_CASE("protocol change: a consumer group takes over the members of a classic one", "[groups]") {
    Mixed groups;
    groups.make_classic();
    const ConsumerAnswer joined = groups.beat("c", 0, joining());
    CHECK(joined.code == ErrorCode::none);
    CHECK(joined.epoch == 2);
    CHECK(joined.assignment == Assignment());  // the others still have all partitions
    REQUIRE(groups.is_consumer());
    CHECK_FALSE(groups.is_classic());
    CHECK(groups.group().epoch() == 2);
    CHECK(groups.position("m1").epoch == 1);
    CHECK(groups.has("m1") == of_a({0, 1}));
    CHECK(groups.has("m2") == of_a({2, 3}));
    const ConsumerMember& member = groups.group().members().at("m1");
    CHECK(member.description.topics == std::vector<std::string>{"a"});
    CHECK(member.description.rebalance_timeout == kRebalance);
    CHECK(member.description.client_id == "client");
    CHECK(member.description.classic->session_timeout == kClassicSession);
    CHECK(member.session_end == groups.now + kClassicSession);

    Mixed next;
    next.load(groups);
    CHECK_FALSE(next.is_classic());
    CHECK(next.group().members().at("m1").description == member.description);
    CHECK(next.position("m2") == groups.position("m2"));
    CHECK(next.group().epoch() == 2);
}

TEST_CASE("protocol change: classic members of a consumer group join again and get their part",
          "[groups]") {
    Mixed groups;
    groups.make_classic();
    static_cast<void>(groups.beat("c", 0, joining()));
    CHECK(groups.classic_beat("m1", 1) == ErrorCode::rebalance_in_progress);
    CHECK(groups.commit("m1", 1) == ErrorCode::none);
    const JoinAnswer first = groups.join("m1");
    CHECK(first.code == ErrorCode::none);
    CHECK(first.generation == 2);
    CHECK(first.member == "m1");
    CHECK(first.leader.empty());
    CHECK(first.members == nullptr);
    CHECK(first.protocol_type == "consumer");
    CHECK(first.protocol == kEager);
    static_cast<void>(groups.join("m2"));
    CHECK(groups.sync("m1", 2).assignment == assigned({0}));
    CHECK(groups.sync("m2", 2).assignment == assigned({2, 3}));
    CHECK(groups.classic_beat("m1", 2) == ErrorCode::none);
    CHECK(groups.beat("c", 2).assignment == of_a({1}));
    CHECK(groups.group().state() == ConsumerState::stable);
    CHECK(groups.commit("m1", 1) == ErrorCode::illegal_generation);
    CHECK(groups.commit("m1", 2) == ErrorCode::none);
}

TEST_CASE("protocol change: a cooperative member keeps consuming what it need not give up",
          "[groups]") {
    Mixed groups;
    const Joining cooperative{.protocol = std::string(kCooperative)};
    groups.make_classic(cooperative);
    static_cast<void>(groups.beat("c", 0, joining()));
    const JoinAnswer first =
        groups.join("m1", {.owned = {0, 1}, .protocol = std::string(kCooperative)});
    CHECK(first.generation == 1);  // it has to give up a partition before
    CHECK(groups.position("m1").state == MemberState::revoking);
    CHECK(groups.sync("m1", 1).assignment == assigned({0}));
    CHECK(groups.beat("c", 2).assignment == std::nullopt);  // nothing is free yet
    CHECK(groups.classic_beat("m1", 1) == ErrorCode::rebalance_in_progress);
    const JoinAnswer second =
        groups.join("m1", {.owned = {0}, .protocol = std::string(kCooperative)});
    CHECK(second.generation == 2);
    CHECK(groups.sync("m1", 2).assignment == assigned({0}));
    CHECK(groups.beat("c", 2).assignment == of_a({1}));
}

TEST_CASE("protocol change: a classic member that waits is told when its partitions are free",
          "[groups]") {
    Mixed groups;
    static_cast<void>(groups.beat("c", 0, joining()));
    CHECK(groups.beat("c", 1, {.owned = of_a({0, 1, 2, 3})}).epoch == 1);
    const JoinAnswer joined = groups.join("");
    CHECK(joined.code == ErrorCode::none);
    CHECK(joined.generation == 2);
    CHECK(groups.sync("m1", 2).assignment == assigned({}));
    CHECK(groups.classic_beat("m1", 2) == ErrorCode::none);
    const ConsumerAnswer revoking = groups.beat("c", 1);
    REQUIRE(revoking.assignment.has_value());
    CHECK(groups.classic_beat("m1", 2) == ErrorCode::none);
    CHECK(groups.beat("c", 1, {.owned = revoking.assignment}).epoch == 2);
    CHECK(groups.classic_beat("m1", 2) == ErrorCode::rebalance_in_progress);
    CHECK(groups.join("m1").generation == 2);
    CHECK(groups.sync("m1", 2).assignment ==
          assigned(revoking.assignment == of_a({0, 1}) ? std::vector{2, 3} : std::vector{0, 1}));
    CHECK(groups.classic_beat("m1", 2) == ErrorCode::none);
}

TEST_CASE("protocol change: calls that wait in the classic group must be sent again", "[groups]") {
    Mixed groups;
    groups.make_classic();
    const JoinCall waits = groups.begin_join("m2", {.topic = "b"});
    REQUIRE_FALSE(groups.ended.contains(waits));
    static_cast<void>(groups.beat("c", 0, joining()));
    REQUIRE(groups.ended.contains(waits));
    CHECK(waits->result.code == ErrorCode::rebalance_in_progress);
    CHECK(waits->result.member == "m2");
    CHECK(groups.join("m2", {.topic = "b"}).code == ErrorCode::none);

    Mixed syncing;
    const JoinCall first = syncing.begin_join("");
    const JoinCall second = syncing.begin_join("");
    syncing.pass({});
    const SyncCall sync = syncing.begin_sync("m2", 1);
    REQUIRE_FALSE(syncing.ended.contains(sync));
    static_cast<void>(syncing.beat("c", 0, joining()));
    REQUIRE(syncing.ended.contains(sync));
    CHECK(sync->result.code == ErrorCode::rebalance_in_progress);
}

TEST_CASE("protocol change: what a cooperative member is giving up goes to nobody yet",
          "[groups]") {
    Mixed groups;
    const Joining cooperative{.protocol = std::string(kCooperative)};
    const JoinCall first = groups.begin_join("", cooperative);
    groups.pass({});
    static_cast<void>(groups.begin_sync("m1", 1, {{"m1", assigned({0, 1, 2, 3})}}));
    const JoinCall again =
        groups.begin_join("m1", {.owned = {0, 1, 2, 3}, .protocol = std::string(kCooperative)});
    CHECK(again->result.generation == 2);
    // The leader has it give up 3, which nobody gets in this generation.
    static_cast<void>(groups.begin_sync("m1", 2, {{"m1", assigned({0, 1, 2})}}));
    static_cast<void>(groups.beat("c", 0, joining()));
    CHECK(groups.has("m1") == of_a({0, 1, 2, 3}));
    CHECK(groups.beat("c", 3).assignment == std::nullopt);
}

TEST_CASE("protocol change: a group that cannot become a consumer group stays as it is",
          "[groups]") {
    Mixed groups;
    SECTION("its members are no consumers") {
        groups.make_classic({.type = "connect"});
    }
    SECTION("their metadata cannot be read") {
        groups.make_classic({.metadata = "?"});
    }
    const std::size_t records = groups.log.size();
    const ConsumerAnswer refused = groups.beat("c", 0, joining());
    CHECK(refused.code == ErrorCode::group_id_not_found);
    CHECK(refused.message.find("cannot be read") != std::string::npos);
    CHECK(groups.log.size() == records);
    CHECK(groups.is_classic());
    CHECK_FALSE(groups.is_consumer());
    CHECK(groups.classic_beat("m1", 1) == ErrorCode::none);
}

TEST_CASE("protocol change: the policy may forbid it", "[groups]") {
    SECTION("to the consumer protocol") {
        Mixed groups({.may_upgrade = false, .may_downgrade = true});
        groups.make_classic();
        const ConsumerAnswer refused = groups.beat("c", 0, joining());
        CHECK(refused.code == ErrorCode::group_id_not_found);
        CHECK(refused.message.find("group.consumer.migration.policy") != std::string::npos);
        CHECK(groups.classic_beat("m1", 1) == ErrorCode::none);
    }
    SECTION("to the classic protocol") {
        Mixed groups({.may_upgrade = true, .may_downgrade = false});
        groups.make_classic();
        static_cast<void>(groups.beat("c", 0, joining()));
        static_cast<void>(groups.beat("c", -1));
        groups.pass(std::chrono::seconds(5));
        REQUIRE(groups.is_consumer());
        CHECK(groups.join("m1").generation == 3);
        CHECK(groups.join("m2").generation == 3);
        CHECK(groups.sync("m1", 3).assignment == assigned({0, 1}));
        CHECK(groups.classic_beat("m1", 3) == ErrorCode::none);
        // None of the members leads, so that they would notice it.
        groups.set_topic("a", 6);
        groups.pass(std::chrono::seconds(2));
        CHECK(groups.classic_beat("m1", 3) == ErrorCode::rebalance_in_progress);
        CHECK(groups.join("m1").generation == 4);
        CHECK(groups.has("m1").front().partitions.size() == 3);
    }
}

TEST_CASE("protocol change: members of a large group wait for its targets without joining again",
          "[groups]") {
    Mixed groups;
    groups.make_classic();
    groups.set_topic("a", 5000);
    static_cast<void>(groups.beat("c", 0, joining()));
    REQUIRE(groups.questions.size() == 1);
    CHECK(groups.classic_beat("m1", 1) == ErrorCode::none);
    CHECK(groups.join("m1", {.owned = {0, 1}}).generation == 1);
    CHECK(groups.sync("m1", 1).assignment == assigned({0, 1}));
    groups.answer_question();
    CHECK(groups.classic_beat("m1", 1) == ErrorCode::rebalance_in_progress);
}

TEST_CASE("protocol change: a static member may go on with the consumer protocol", "[groups]") {
    Mixed groups;
    const bool is_mixed = GENERATE(false, true);
    const JoinCall call = groups.begin_join("", {.instance = "i"});
    groups.pass({});
    static_cast<void>(groups.begin_sync("m1", 1, {{"m1", assigned({0, 1, 2, 3})}}));
    if (is_mixed) {
        static_cast<void>(groups.beat("d", 0, joining()));
        CHECK(groups.group().members().size() == 2);
    }
    const ConsumerAnswer joined = groups.beat("c", 0, joining({"a"}, "i"));
    CHECK(joined.code == ErrorCode::none);
    CHECK(groups.group().members().size() == (is_mixed ? 2 : 1));
    CHECK(joined.assignment == (is_mixed ? of_a({0, 1}) : of_a({0, 1, 2, 3})));
    CHECK(groups.classic_beat("m1", 1) == ErrorCode::unknown_member_id);
}

TEST_CASE("protocol change: members have not left when that cannot be stored", "[groups]") {
    Mixed groups;
    groups.make_classic();
    static_cast<void>(groups.beat("c", 0, joining()));
    groups.refuses_next = true;
    CHECK(groups.leave({{"m9", {}}, {"m1", {}}}) ==
          std::vector{ErrorCode::unknown_member_id, ErrorCode::not_coordinator});
    CHECK(groups.group().members().size() == 3);
}

TEST_CASE("protocol change: a consumer that is refused leaves the classic group as it is",
          "[groups]") {
    Mixed groups;
    groups.make_classic();
    const std::size_t records = groups.log.size();
    groups.refuses_next = true;
    static_cast<void>(groups.beat("c", 0, joining()));
    CHECK(groups.log.size() == records);
    CHECK_FALSE(groups.is_consumer());
    CHECK(groups.classic_beat("m1", 1) == ErrorCode::none);
    CHECK(groups.beat("c", 5).code == ErrorCode::unknown_member_id);
    CHECK(groups.beat("c", 0, joining()).epoch == 2);
    CHECK_FALSE(groups.is_classic());
}

// --- To the classic protocol

TEST_CASE("protocol change: when only classic members are left, one of them assigns again",
          "[groups]") {
    Mixed groups;
    groups.make_classic();
    static_cast<void>(groups.beat("c", 0, joining()));
    static_cast<void>(groups.join("m1"));
    static_cast<void>(groups.join("m2"));
    static_cast<void>(groups.sync("m1", 2));
    static_cast<void>(groups.sync("m2", 2));
    static_cast<void>(groups.beat("c", 2));
    CHECK(groups.beat("c", -1).code == ErrorCode::none);
    groups.pass({});
    REQUIRE(groups.is_classic());
    CHECK_FALSE(groups.is_consumer());
    CHECK(groups.classic().generation() == 2);
    CHECK(groups.classic().members().at("m1").assignment == assigned({0}));
    CHECK(groups.classic().members().at("m1").session_timeout == kClassicSession);
    CHECK(groups.commit("m1", 2) == ErrorCode::none);
    CHECK(groups.classic_beat("m1", 2) == ErrorCode::rebalance_in_progress);
    CHECK(groups.classic_beat("m2", 2) == ErrorCode::rebalance_in_progress);
    const JoinCall first = groups.begin_join("m1");
    const JoinCall second = groups.begin_join("m2");
    REQUIRE(groups.ended.contains(first));
    CHECK(first->result.generation == 3);
    CHECK(first->result.leader == "m1");
    CHECK(first->result.members->size() == 2);

    Mixed next;
    next.load(groups);
    CHECK(next.is_classic());
    CHECK_FALSE(next.is_consumer());
    CHECK(next.classic().generation() == 2);
    // Otherwise nobody would get the partition that "c" had.
    CHECK(next.classic_beat("m1", 2) == ErrorCode::rebalance_in_progress);
    CHECK(next.classic().members().at("m1").metadata_for(kEager) == subscription({}));
}

TEST_CASE("protocol change: the last consumer may also be removed", "[groups]") {
    Mixed groups;
    groups.make_classic();
    static_cast<void>(groups.beat("c", 0, joining()));
    static_cast<void>(groups.join("m1"));
    static_cast<void>(groups.join("m2"));
    static_cast<void>(groups.sync("m1", 2));
    static_cast<void>(groups.sync("m2", 2));
    SECTION("because it is silent") {
        for (Duration past{}; past < kSession; past += std::chrono::seconds(5)) {
            CHECK(groups.classic_beat("m1", 2) == ErrorCode::none);
            CHECK(groups.classic_beat("m2", 2) == ErrorCode::none);
            groups.pass(std::chrono::seconds(5));
        }
    }
    SECTION("by an administrator") {
        CHECK(groups.leave({{"c", {}}}) == std::vector{ErrorCode::none});
        groups.pass({});
    }
    CHECK(groups.is_classic());
    CHECK_FALSE(groups.is_consumer());
}

TEST_CASE("protocol change: the classic group has what members have and are giving up",
          "[groups]") {
    Mixed groups;
    groups.make_classic({.protocol = std::string(kCooperative)});
    static_cast<void>(groups.beat("c", 0, joining()));
    static_cast<void>(groups.join("m1", {.owned = {0, 1}, .protocol = std::string(kCooperative)}));
    CHECK(groups.has("m1") == of_a({0}));
    static_cast<void>(groups.beat("c", -1));
    groups.pass({});
    REQUIRE(groups.is_classic());
    CHECK(groups.classic().generation() == 2);
    CHECK(groups.classic().members().at("m1").assignment == assigned({0, 1}));
}

TEST_CASE("protocol change: a static member may go back to the classic protocol", "[groups]") {
    Mixed groups;
    static_cast<void>(groups.beat("c", 0, joining({"a"}, "i")));
    const JoinAnswer back = groups.join("", {.instance = "i"});
    CHECK(back.code == ErrorCode::none);
    CHECK(back.member == "m1");
    CHECK(groups.group().members().size() == 1);
    CHECK(groups.beat("c", 1, {.instance = "i"}).code == ErrorCode::fenced_instance_id);
    groups.pass({});
    REQUIRE(groups.is_classic());
    CHECK(groups.classic().members().at("m1").instance == "i");
    CHECK(groups.classic().members().at("m1").assignment == assigned({0, 1, 2, 3}));
}

TEST_CASE("protocol change: a downgrade that cannot be stored is tried again", "[groups]") {
    Mixed groups;
    groups.make_classic();
    static_cast<void>(groups.beat("c", 0, joining()));
    static_cast<void>(groups.beat("c", -1));
    groups.refuses_next = true;
    groups.pass({});
    CHECK(groups.is_consumer());
    CHECK_FALSE(groups.is_classic());
    groups.pass(std::chrono::seconds(1));
    CHECK_FALSE(groups.is_consumer());
    CHECK(groups.is_classic());
}

TEST_CASE("protocol change: silent members are removed also while a downgrade cannot be stored",
          "[groups]") {
    Mixed groups;
    groups.make_classic();
    static_cast<void>(groups.beat("c", 0, joining()));
    static_cast<void>(groups.beat("c", -1));
    for (Duration past{}; past < kClassicSession; past += std::chrono::seconds(1)) {
        groups.refuses_next = true;
        groups.pass(std::chrono::seconds(1));
        REQUIRE(groups.is_consumer());
        CHECK(groups.classic_beat("m1", 1) == ErrorCode::rebalance_in_progress);
    }
    groups.pass({});
    REQUIRE(groups.is_consumer());
    CHECK_FALSE(groups.group().members().contains("m2"));
}

TEST_CASE("protocol change: a new coordinator ends a downgrade that was only begun", "[groups]") {
    Mixed groups;
    groups.make_classic();
    static_cast<void>(groups.beat("c", 0, joining()));
    static_cast<void>(groups.beat("c", -1));
    CHECK(groups.is_consumer());
    Mixed next;
    next.load(groups);
    CHECK(next.is_consumer());
    CHECK(next.classic_beat("m1", 1) == ErrorCode::rebalance_in_progress);
    next.pass({});
    CHECK(next.is_classic());
}

// --- Groups without members

TEST_CASE("protocol change: epochs and generations of an empty group go on", "[groups]") {
    Mixed groups;
    groups.make_classic();
    CHECK(groups.leave({{"m1", {}}, {"m2", {}}}) == std::vector{ErrorCode::none, ErrorCode::none});
    CHECK(groups.classic().generation() == 2);
    CHECK(groups.beat("c", 0, joining()).epoch == 3);
    CHECK_FALSE(groups.is_classic());
    static_cast<void>(groups.beat("c", -1));
    CHECK(groups.group().epoch() == 4);
    CHECK(groups.join("m1").code == ErrorCode::unknown_member_id);
    CHECK(groups.join("", {.type = ""}).code == ErrorCode::inconsistent_group_protocol);
    CHECK_FALSE(groups.is_classic());
    const bool is_stored = GENERATE(true, false);
    groups.refuses_next = !is_stored;
    const JoinCall call = groups.begin_join("");
    CHECK(groups.is_classic() == is_stored);
    CHECK(groups.is_consumer() != is_stored);
    if (is_stored) {
        Mixed next;
        next.load(groups);
        CHECK(next.is_classic());
        CHECK_FALSE(next.is_consumer());
        groups.pass({});
        CHECK(call->result.generation == 5);
    }
}

TEST_CASE("protocol change: an id that was given out does not keep a group classic", "[groups]") {
    Mixed groups;
    CHECK(groups.join("", {.must_know_id = true}).code == ErrorCode::member_id_required);
    CHECK(groups.is_classic());
    CHECK(groups.beat("c", 0, joining()).epoch == 1);
    CHECK(groups.join("m1").code == ErrorCode::none);
    CHECK(groups.group().members().size() == 2);
}

// --- Bad input

TEST_CASE("protocol change: requests of the classic protocol that a consumer group refuses",
          "[groups]") {
    Mixed groups;
    groups.make_classic();
    static_cast<void>(groups.beat("c", 0, joining()));
    const auto code_of = [&](const std::string& member, const Joining& joining) {
        return groups.join(member, joining).code;
    };
    CHECK(code_of("", {.type = "connect"}) == ErrorCode::inconsistent_group_protocol);
    CHECK(code_of("", {.protocol = "other"}) == ErrorCode::inconsistent_group_protocol);
    CHECK(code_of("", {.metadata = "?"}) == ErrorCode::inconsistent_group_protocol);
    const std::string much(std::size_t{2} << 20, 'x');
    CHECK(code_of("", {.metadata = much}) == ErrorCode::unknown_server_error);
    CHECK(code_of("m1", {.protocol = "other"}) == ErrorCode::inconsistent_group_protocol);
    CHECK(code_of("", {.must_know_id = true}) == ErrorCode::member_id_required);
    CHECK(code_of("removed", {.owned = {0}}) == ErrorCode::unknown_member_id);
    CHECK(code_of("stranger", {.instance = "i"}) == ErrorCode::unknown_member_id);
    CHECK(groups.group().members().size() == 3);

    CHECK(groups.classic_beat("c", 2) == ErrorCode::unknown_member_id);
    CHECK(groups.classic_beat("m9", 2) == ErrorCode::unknown_member_id);
    CHECK(groups.classic_beat("m1", 7) == ErrorCode::illegal_generation);
    CHECK(groups.sync("c", 2).code == ErrorCode::unknown_member_id);
    CHECK(groups.sync("m1", 7).code == ErrorCode::illegal_generation);
    CHECK(groups.sync("m1", 1).code == ErrorCode::rebalance_in_progress);
    CHECK(groups.commit("m1", 7) == ErrorCode::illegal_generation);
    CHECK(groups.commit("m9", 1) == ErrorCode::unknown_member_id);
    CHECK(groups.leave({{"m9", {}}, {"", "i"}, {"m1", {}}, {"m1", {}}}) ==
          std::vector{ErrorCode::unknown_member_id, ErrorCode::unknown_member_id, ErrorCode::none,
                      ErrorCode::unknown_member_id});
}

TEST_CASE("protocol change: a classic member that does not come back in time is removed",
          "[groups]") {
    Mixed groups;
    groups.make_classic();
    static_cast<void>(groups.beat("c", 0, joining()));
    const bool syncs = GENERATE(false, true);
    if (syncs) {
        static_cast<void>(groups.join("m1"));  // and never sends SyncGroup
    }
    for (Duration past{}; past < kRebalance; past += std::chrono::seconds(5)) {
        CHECK(groups.group().members().contains("m1"));
        static_cast<void>(groups.classic_beat("m1", syncs ? 2 : 1));
        static_cast<void>(groups.classic_beat("m2", 1));
        static_cast<void>(groups.beat("c", groups.position("c").epoch));
        groups.pass(std::chrono::seconds(5));
    }
    CHECK_FALSE(groups.group().members().contains("m1"));
}

TEST_CASE("protocol change: a classic member that is silent is removed after its session",
          "[groups]") {
    Mixed groups;
    groups.make_classic();
    static_cast<void>(groups.beat("c", 0, joining()));
    groups.pass(kClassicSession);
    CHECK(groups.group().members().size() == 1);
}

}  // namespace
}  // namespace hw::broker
