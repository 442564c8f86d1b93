#include "broker/coordinator/consumer/consumer_group.h"

#include <chrono>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "test/unit/groups/consumer_world.h"

namespace hw::broker {
namespace {

using std::chrono::seconds;
using wire::ErrorCode;

TEST_CASE("consumer group: the first member gets all partitions with its first answer",
          "[groups]") {
    Consumers consumers;
    consumers.set_topic("a", 3);
    const ConsumerAnswer answer = consumers.beat("m1", 0, joining());
    CHECK(answer.code == ErrorCode::none);
    CHECK(answer.member == "m1");
    CHECK(answer.epoch == 1);
    CHECK(answer.interval == kBusyInterval);
    CHECK(answer.assignment == of_a({0, 1, 2}));
    CHECK(consumers.group().state() == ConsumerState::stable);

    const ConsumerAnswer next = consumers.beat("m1", 1);
    CHECK(next.epoch == 1);
    CHECK(next.interval == kStableInterval);
    CHECK_FALSE(next.assignment.has_value());
}

TEST_CASE("consumer group: a heartbeat of a stable group decides nothing, but is heard",
          "[groups]") {
    Consumers groups;
    groups.set_topic("a", 2);
    static_cast<void>(groups.beat("m", 0, joining()));
    groups.pass(kSession - std::chrono::seconds(1));
    Decision decision;
    const ConsumerHeartbeat beat{.member = "m",
                                 .epoch = 1,
                                 .instance = {},
                                 .rack = {},
                                 .rebalance_timeout = {},
                                 .topics = {},
                                 .pattern = {},
                                 .assignor = {},
                                 .owned = {},
                                 .client_id = "client",
                                 .client_host = "/127.0.0.1"};
    const ConsumerAnswer answer =
        groups.machine.heartbeat("g", beat, groups.image, {groups.now, groups.wall}, decision);
    CHECK(answer.code == wire::ErrorCode::none);
    CHECK(answer.member == "m");
    CHECK(answer.epoch == 1);
    CHECK(answer.interval == kStableInterval);
    CHECK_FALSE(answer.assignment.has_value());
    CHECK(decision.records.empty());
    CHECK(decision.then.empty());
    groups.pass(kSession - std::chrono::seconds(1));
    CHECK(groups.group().members().size() == 1);
    groups.pass(std::chrono::seconds(1));
    CHECK(groups.group().members().empty());
}

TEST_CASE("consumer group: a member gets a partition when the one that had it has given it up",
          "[groups]") {
    Consumers consumers;
    consumers.set_topic("a", 2);
    consumers.beat("m1", 0, joining());
    const ConsumerAnswer joined = consumers.beat("m2", 0, joining());
    CHECK(joined.epoch == 2);
    CHECK(joined.assignment == of_a({}));
    CHECK(consumers.position("m2").state == MemberState::waiting);

    const ConsumerAnswer told = consumers.beat("m1", 1, {.owned = of_a({0, 1})});
    CHECK(told.epoch == 1);
    REQUIRE(told.assignment.has_value());
    REQUIRE(size_of(*told.assignment) == 1);
    const bool keeps_first = told.assignment == of_a({0});
    const Assignment kept = keeps_first ? of_a({0}) : of_a({1});
    const Assignment moved = keeps_first ? of_a({1}) : of_a({0});
    CHECK(consumers.group().state() == ConsumerState::reconciling);

    SECTION("not before it says so") {
        CHECK_FALSE(consumers.beat("m2", 2).assignment.has_value());
        CHECK_FALSE(consumers.beat("m1", 1).assignment.has_value());
        CHECK_FALSE(consumers.beat("m1", 1, {.owned = of_a({0, 1})}).assignment.has_value());
        CHECK_FALSE(consumers.beat("m2", 2).assignment.has_value());
        CHECK(consumers.position("m1").epoch == 1);
    }
    SECTION("then") {
        CHECK(consumers.beat("m1", 1, {.owned = kept}).epoch == 2);
        CHECK(consumers.beat("m2", 2).assignment == moved);
        CHECK(consumers.group().state() == ConsumerState::stable);
    }
    SECTION("also when it does not give it up in time") {
        for (int i = 0; i < 61; ++i) {
            consumers.pass(seconds(1));
            consumers.beat("m2", 2);
        }
        CHECK(consumers.beat("m1", 1).code == ErrorCode::unknown_member_id);
        CHECK(consumers.position("m2").assigned.front().partitions.size() == 2);
    }
}

TEST_CASE("consumer group: a member that was silent for a session is removed", "[groups]") {
    Consumers consumers;
    consumers.set_topic("a", 2);
    consumers.beat("m1", 0, joining());
    consumers.beat("m2", 0, joining());
    consumers.pass(kSession - seconds(1));
    consumers.beat("m2", 2);
    consumers.pass(seconds(1));
    CHECK(consumers.group().members().size() == 1);
    CHECK(consumers.beat("m2", 2).assignment == of_a({0, 1}));
    CHECK(consumers.beat("m1", 1).code == ErrorCode::unknown_member_id);
}

TEST_CASE("consumer group: a member that leaves gives up its partitions at once", "[groups]") {
    Consumers consumers;
    consumers.set_topic("a", 2);
    consumers.beat("m1", 0, joining());
    consumers.beat("m2", 0, joining());
    CHECK(consumers.beat("m1", kLeaveEpoch).epoch == kLeaveEpoch);
    CHECK(consumers.beat("m2", 2).assignment == of_a({0, 1}));
    CHECK(consumers.beat("m2", kLeaveEpoch).code == ErrorCode::none);
    CHECK(consumers.group().state() == ConsumerState::empty);
    CHECK(consumers.beat("m2", kLeaveEpoch).code == ErrorCode::unknown_member_id);
}

TEST_CASE("consumer group: epochs that a member cannot have are fenced", "[groups]") {
    Consumers consumers;
    consumers.set_topic("a", 2);
    consumers.beat("m1", 0, joining());
    consumers.beat("m2", 0, joining());
    CHECK(consumers.beat("m1", 2).code == ErrorCode::fenced_member_epoch);
    CHECK(consumers.beat("m3", 1).code == ErrorCode::unknown_member_id);
    consumers.beat("m1", 1, {.owned = of_a({0, 1})});
    const Assignment kept = partitions_of(consumers.position("m1").assigned);
    REQUIRE(consumers.beat("m1", 1, {.owned = kept}).epoch == 2);

    // The answer was lost: it comes with its previous epoch, and has no more than it may have.
    const ConsumerAnswer again = consumers.beat("m1", 1, {.owned = kept});
    CHECK(again.epoch == 2);
    CHECK(again.assignment == kept);
    CHECK(consumers.beat("m1", 1, {.owned = of_a({})}).epoch == 2);
    CHECK(consumers.beat("m1", 1, {.owned = of_a({0, 1})}).code == ErrorCode::fenced_member_epoch);
    CHECK(consumers.beat("m1", 1).code == ErrorCode::fenced_member_epoch);
    CHECK(consumers.beat("m1", 0, joining()).code == ErrorCode::fenced_member_epoch);
}

TEST_CASE("consumer group: a member whose first answer was lost joins again", "[groups]") {
    Consumers consumers;
    consumers.set_topic("a", 2);
    consumers.beat("m1", 0, joining());
    const ConsumerAnswer again = consumers.beat("m1", 0, joining());
    CHECK(again.epoch == 1);
    CHECK(again.assignment == of_a({0, 1}));
    CHECK(consumers.group().epoch() == 1);
}

TEST_CASE("consumer group: a full heartbeat is answered with the whole assignment", "[groups]") {
    Consumers consumers;
    consumers.set_topic("a", 1);
    consumers.beat("m1", 0, joining());
    Said all = joining();
    all.owned = of_a({0});
    CHECK(consumers.beat("m1", 1, all).assignment == of_a({0}));
}

TEST_CASE("consumer group: a static member that is away keeps its partitions for its next process",
          "[groups]") {
    Consumers consumers;
    consumers.set_topic("a", 2);
    consumers.beat("m1", 0, joining({"a"}, "i1"));
    consumers.beat("m2", 0, joining());
    consumers.beat("m1", 1, {.instance = "i1", .owned = of_a({0, 1})});
    const Assignment kept = partitions_of(consumers.position("m1").assigned);
    consumers.beat("m1", 1, {.instance = "i1", .owned = kept});
    const Assignment others = *consumers.beat("m2", 2).assignment;
    REQUIRE(consumers.group().state() == ConsumerState::stable);
    const std::int32_t epoch = consumers.group().epoch();

    CHECK(consumers.beat("m3", 0, joining({"a"}, "i1")).code == ErrorCode::unreleased_instance_id);
    REQUIRE(consumers.beat("m1", kAwayEpoch, {.instance = "i1"}).code == ErrorCode::none);
    CHECK_FALSE(consumers.beat("m2", 2).assignment.has_value());

    SECTION("it is back") {
        const std::string id = GENERATE("m3", "m1");
        const ConsumerAnswer back = consumers.beat(id, 0, joining({"a"}, "i1"));
        CHECK(back.code == ErrorCode::none);
        CHECK(back.epoch == epoch);
        CHECK(back.assignment == kept);
        CHECK(consumers.group().epoch() == epoch);
        CHECK(consumers.group().members().size() == 2);
        if (id == "m3") {
            CHECK(consumers.beat("m1", 2, {.instance = "i1"}).code ==
                  ErrorCode::fenced_instance_id);
            CHECK(consumers.beat("m1", 2).code == ErrorCode::unknown_member_id);
        }
    }
    SECTION("it stays away") {
        consumers.pass(kSession / 2);
        consumers.beat("m2", 2);
        consumers.pass(kSession / 2);
        CHECK(consumers.beat("m2", 2).assignment == of_a({0, 1}));
    }
    SECTION("an unknown instance") {
        CHECK(consumers.beat("m4", 2, {.instance = "i2"}).code == ErrorCode::unknown_member_id);
    }
}

TEST_CASE("consumer group: commits of a member count for what it has had since their epoch",
          "[groups]") {
    Consumers consumers;
    consumers.set_topic("a", 2);
    consumers.beat("m1", 0, joining());
    consumers.beat("m2", 0, joining());
    consumers.beat("m1", 1, {.owned = of_a({0, 1})});
    const Assignment kept = partitions_of(consumers.position("m1").assigned);
    const PartitionIndex mine = kept.front().partitions.front();
    const PartitionIndex moved(1 - mine.value());
    const TopicId topic = Consumers::id_of("a");
    const ConsumerGroup& group = consumers.group();

    // It is giving one up, and may still commit for it.
    CHECK(group.check_commit("m1", 1) == ErrorCode::none);
    CHECK(group.may_commit("m1", 1, topic, moved));
    consumers.beat("m1", 1, {.owned = kept});
    consumers.beat("m2", 2);
    // A commit with its previous epoch was under way.
    CHECK(group.check_commit("m1", 1) == ErrorCode::none);
    CHECK(group.may_commit("m1", 1, topic, mine));
    CHECK_FALSE(group.may_commit("m1", 1, topic, moved));
    CHECK(group.may_commit("m2", 2, topic, moved));
    CHECK_FALSE(group.may_commit("m2", 1, topic, moved));
    CHECK(group.check_commit("m1", 3) == ErrorCode::stale_member_epoch);
    CHECK(group.check_commit("m1", -1) == ErrorCode::stale_member_epoch);
    CHECK(group.check_commit("m3", 1) == ErrorCode::unknown_member_id);
    CHECK(group.check_commit("", -1) == ErrorCode::unknown_member_id);
}

TEST_CASE("consumer group: topics that are made, grow or go change what members have", "[groups]") {
    Consumers consumers;
    consumers.beat("m1", 0, joining({"a", "b"}));
    CHECK(consumers.group().state() == ConsumerState::stable);
    consumers.set_topic("a", 1);
    consumers.pass(seconds(2));
    CHECK(consumers.beat("m1", 1).assignment == of_a({0}));
    consumers.set_topic("a", 3);
    consumers.pass(seconds(2));
    CHECK(consumers.beat("m1", 2).assignment == of_a({0, 1, 2}));
    consumers.set_topic("c", 1);
    consumers.pass(seconds(2));
    CHECK_FALSE(consumers.beat("m1", 3).assignment.has_value());
    CHECK(consumers.group().epoch() == 3);
    consumers.delete_topic("a");
    consumers.pass(seconds(2));
    CHECK(consumers.beat("m1", 3).assignment == of_a({}));
}

TEST_CASE("consumer group: older metadata of another shard change nothing", "[groups]") {
    Consumers consumers;
    const auto old = consumers.image;
    consumers.set_topic("a", 1);
    consumers.beat("m1", 0, joining());
    consumers.pass(seconds(2));
    consumers.image = old;
    CHECK_FALSE(consumers.beat("m1", 1).assignment.has_value());
    CHECK(consumers.group().epoch() == 1);
}

TEST_CASE("consumer group: another subscription is assigned anew", "[groups]") {
    Consumers consumers;
    consumers.set_topic("a", 1);
    consumers.set_topic("b", 1);
    consumers.beat("m1", 0, joining({"a"}));
    const ConsumerAnswer answer = consumers.beat("m1", 1, {.topics = {{"b"}}});
    CHECK(answer.assignment == of_a({}));  // it must first give up the partition of "a"
    CHECK(consumers.beat("m1", 1, {.owned = of_a({})}).assignment ==
          Assignment{{Consumers::id_of("b"), {PartitionIndex(0)}}});
    CHECK(consumers.group().subscribes("b"));
    CHECK_FALSE(consumers.group().subscribes("a"));
}

TEST_CASE("consumer group: the assignor is the one that most members want", "[groups]") {
    Consumers consumers;
    consumers.set_topic("a", 2);
    consumers.beat("m1", 0, joining());
    CHECK(consumers.group().assignor() == "uniform");
    Said wants = joining();
    wants.assignor = "range";
    consumers.beat("m2", 0, wants);
    CHECK(consumers.group().assignor() == "range");
}

TEST_CASE("consumer group: a full group takes no further member", "[groups]") {
    Consumers consumers(2);
    consumers.set_topic("a", 2);
    consumers.beat("m1", 0, joining());
    consumers.beat("m2", 0, joining());
    CHECK(consumers.beat("m3", 0, joining()).code == ErrorCode::group_max_size_reached);
    CHECK(consumers.beat("m2", 2).code == ErrorCode::none);
}

TEST_CASE("consumer group: a member cannot say more than the group may keep", "[groups]") {
    Consumers consumers;
    consumers.set_topic("a", 2);
    const auto most = static_cast<std::size_t>(ConsumerGroup::kMaxBytes);
    const Said much = joining({std::string(most, 'x')});
    CHECK(consumers.beat("m1", 0, much).code == ErrorCode::group_max_size_reached);
    CHECK(consumers.beat("m1", 0, joining()).epoch == 1);
    CHECK(consumers.beat("m1", 1, much).code == ErrorCode::group_max_size_reached);
    CHECK(consumers.beat("m1", 1).code == ErrorCode::none);
    CHECK(consumers.group().bytes() < 10'000);
}

TEST_CASE("consumer group: nothing is left of a first member that is refused", "[groups]") {
    Consumers consumers(0);
    CHECK(consumers.beat("m1", 0, joining()).code == ErrorCode::group_max_size_reached);
    CHECK(consumers.machine.find("g") == nullptr);
}

TEST_CASE("consumer group: a large assignment is computed elsewhere", "[groups]") {
    Consumers consumers;
    consumers.set_topic("a", 5000);
    consumers.beat("m1", 0, joining());
    CHECK(consumers.questions.empty());  // nobody waits for the first member
    const ConsumerAnswer joined = consumers.beat("m2", 0, joining());
    CHECK(joined.epoch == 1);
    CHECK(joined.assignment == of_a({}));
    CHECK(joined.interval == kBusyInterval);
    CHECK(consumers.group().state() == ConsumerState::assigning);
    REQUIRE(consumers.questions.size() == 1);

    SECTION("the answer is taken") {
        consumers.beat("m1", 1);
        CHECK(consumers.questions.size() == 1);
        consumers.answer_question();
        CHECK(consumers.group().target_epoch() == 2);
        CHECK(size_of(*consumers.beat("m1", 1).assignment) == 2500);
    }
    SECTION("a member that came meanwhile is in the next one") {
        consumers.beat("m3", 0, joining());
        consumers.answer_question();
        CHECK(consumers.group().target_epoch() == 2);
        CHECK(consumers.group().epoch() == 3);
        consumers.beat("m3", 1);
        REQUIRE(consumers.questions.size() == 1);
        consumers.answer_question();
        CHECK(size_of(consumers.group().members().at("m3").target) == 1666);
    }
    SECTION("the answer to an earlier coordinator is not taken") {
        auto old = std::get<TargetQuestion>(consumers.questions.front());
        old.ticket = std::make_shared<const int>(1);
        Decision decision;
        consumers.machine.take("g", compute(std::move(old)), consumers.wall, decision);
        CHECK(decision.records.empty());
    }
    SECTION("a member that is gone is not in the targets") {
        consumers.beat("m2", kLeaveEpoch);
        consumers.answer_question();
        CHECK(consumers.group().members().size() == 1);
        consumers.beat("m1", 1);
        REQUIRE(consumers.questions.size() == 1);
        consumers.answer_question();
        CHECK(size_of(consumers.group().members().at("m1").target) == 5000);
    }
}

TEST_CASE("consumer group: a static member that is back while targets are computed is in the next",
          "[groups]") {
    Consumers consumers;
    consumers.set_topic("a", 5000);
    consumers.beat("m1", 0, joining());
    consumers.beat("s1", 0, joining({"a"}, "i1"));
    REQUIRE(consumers.questions.size() == 1);
    consumers.beat("s1", kAwayEpoch, {.instance = "i1"});
    consumers.beat("s2", 0, joining({"a"}, "i1"));
    consumers.answer_question();
    consumers.beat("m1", 1);
    REQUIRE(consumers.questions.size() == 1);
    consumers.answer_question();
    CHECK(size_of(consumers.group().members().at("s2").target) == 2500);
}

TEST_CASE("consumer group: a member with a pattern gets the topics that match", "[groups]") {
    Consumers consumers;
    consumers.set_topic("a", 1);
    consumers.set_topic("b", 1);
    Said by_pattern = joining({});
    by_pattern.pattern = "[ac].*";
    CHECK(consumers.beat("m1", 0, by_pattern).assignment == of_a({}));
    REQUIRE(consumers.questions.size() == 1);
    consumers.beat("m1", 1);
    CHECK(consumers.questions.size() == 1);
    consumers.answer_question();
    CHECK(consumers.beat("m1", 1).assignment == of_a({0}));
    CHECK(consumers.group().subscribes("a"));
    CHECK_FALSE(consumers.group().subscribes("b"));

    SECTION("also one that is created later") {
        consumers.set_topic("c", 1);
        consumers.pass(seconds(2));
        consumers.beat("m1", 2);
        REQUIRE(consumers.questions.size() == 1);
        consumers.answer_question();
        CHECK(size_of(*consumers.beat("m1", 2).assignment) == 2);
    }
    SECTION("metadata without a matching topic change nothing") {
        consumers.set_topic("d", 1);
        consumers.pass(seconds(2));
        consumers.beat("m1", 2);
        REQUIRE(consumers.questions.size() == 1);
        const std::size_t records = consumers.log.size();
        consumers.answer_question();
        CHECK(consumers.log.size() == records);
        consumers.pass(seconds(2));
        consumers.beat("m1", 2);
        CHECK(consumers.questions.empty());
    }
    SECTION("a member that takes it back keeps none") {
        const ConsumerAnswer answer = consumers.beat("m1", 2, {.topics = {{"b"}}, .pattern = ""});
        CHECK(answer.assignment == of_a({}));
        CHECK_FALSE(consumers.group().subscribes("a"));
    }
    SECTION("nothing is kept of a pattern that nobody has any more") {
        consumers.beat("m1", kLeaveEpoch);
        CHECK_FALSE(consumers.group().subscribes("a"));
        CHECK(consumers.group().bytes() == 0);
    }
    SECTION("another coordinator knows the topics") {
        GroupMachine loaded(consumers.options(100));
        for (const auto& record : consumers.log) {
            REQUIRE(loaded.apply(record.key(), record.value()).has_value());
        }
        CHECK(loaded.find("g")->consumer->subscribes("a"));
        CHECK(loaded.find("g")->consumer->bytes() == consumers.group().bytes());
    }
}

TEST_CASE("consumer group: internal topics and bad patterns match nothing", "[groups]") {
    Consumers consumers;
    consumers.set_topic("a", 1);
    controller::TopicImage internal = *consumers.image->find_topic("a");
    internal.id = Consumers::id_of("z");
    internal.name = "z";
    internal.internal = true;
    auto next = std::make_shared<controller::MetadataImage>(*consumers.image);
    next->put(std::move(internal));
    consumers.publish(std::move(next));
    const ResolvedPatterns resolved =
        resolve({.ticket = nullptr, .image = consumers.image, .patterns = {".*", "("}});
    CHECK(resolved.topics == PatternTopics{{"(", {}}, {".*", {"a"}}});
    CHECK(resolved.position == consumers.image->last_offset());
}

}  // namespace
}  // namespace hw::broker
