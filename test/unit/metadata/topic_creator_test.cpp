#include "broker/metadata/topic_creator.h"

#include <optional>
#include <vector>

#include <catch2/catch.hpp>

#include "test/sim/sim_clock.h"
#include "test/support/answered_peer.h"
#include "test/support/raft_process.h"

namespace hw::broker {
namespace {

using schema::CreateTopicsRequest;
using schema::CreateTopicsResponse;
using wire::ErrorCode;
using Refusals = TopicCreator::Refusals;

class Lines final : public LogSink {
public:
    void write(LogLevel, std::string_view, std::string_view) override { ++count; }
    bool enabled(LogLevel) const override { return true; }

    std::uint64_t count = 0;
};

/// A data shard, the control shard with the creator, and a controller that the test plays.
struct World {
    explicit World(std::uint64_t seed = 1) : scheduler(seed) {}
    ~World() {
        bool stopped = false;
        control.spawn(stop_creator(stopped));
        while (controller.waiting() > 0) {
            controller.fail_with(ErrorKind::closed);
        }
        CHECK(run_until([&] { return stopped; }));
    }

    Task<> stop_creator(bool& stopped) {
        co_await creator.stop();
        stopped = true;
    }
    bool run_until(const std::function<bool()>& done) {
        return scheduler.run_until(done, scheduler.now() + std::chrono::minutes(1));
    }
    void ask(TopicCreator::Names names) {
        creator.create(data, std::move(names),
                       [this](const Refusals& refusals) { answers.push_back(refusals); });
    }
    void pass(Duration span) {
        bool is_over = false;
        scheduler.park(sim::kWorld, [&] { is_over = true; }, scheduler.now() + span);
        CHECK(run_until([&] { return is_over; }));
    }
    bool waiting(std::size_t calls) {
        return run_until([&] { return controller.waiting() == calls; });
    }
    bool answered(std::size_t count) {
        return run_until([&] { return answers.size() == count; });
    }
    /// The controller answers the oldest creation.
    void answer(ErrorCode code) {
        const std::string name(controller.front<CreateTopicsRequest>()->topics[0].name);
        const CreateTopicsResponse::Topic topic{.name = name, .error_code = code};
        CreateTopicsResponse response;
        response.topics = {&topic, 1};
        controller.answer(response);
    }
    /// Adds these topics to the metadata image.
    void show(std::initializer_list<std::string> names) {
        for (const std::string& name : names) {
            ++last_id;
            image.put(controller::TopicImage{.id = TopicId(Uuid{1, last_id}),
                                             .name = name,
                                             .internal = false,
                                             .partitions = {}});
        }
        control.post(
            [this] { creator.on_image(std::make_shared<const controller::MetadataImage>(image)); });
    }

    sim::Scheduler scheduler;
    sim::SimShard data{scheduler, 1, 0};
    sim::SimShard control{scheduler, 1, 1};
    sim::SimClock clock{scheduler};
    Lines log;
    test::AnsweredPeer controller{control};
    TopicCreator creator{control, clock, controller, {}, Logger(log, "test")};
    controller::MetadataImage image{"cluster"};
    std::uint64_t last_id = 0;
    std::vector<Refusals> answers;
};

TEST_CASE(
    "topic creator: the controller chooses the counts, and the caller waits for the topic's "
    "metadata",
    "[metadata][auto-create]") {
    World world(GENERATE(range(std::uint64_t{1}, std::uint64_t{10})));
    world.ask({"orders"});
    REQUIRE(world.waiting(1));
    const auto request = world.controller.front<CreateTopicsRequest>();
    REQUIRE(request->topics.size() == 1);
    CHECK(request->topics[0].name == "orders");
    CHECK(request->topics[0].num_partitions == -1);
    CHECK(request->topics[0].replication_factor == -1);
    CHECK_FALSE(request->validate_only);
    world.answer(ErrorCode::none);
    world.pass(std::chrono::milliseconds(10));
    CHECK(world.answers.empty());
    world.show({"orders"});
    world.pass(std::chrono::milliseconds(10));
    REQUIRE(world.answers.size() == 1);
    CHECK(world.answers.front().empty());
}

TEST_CASE("topic creator: callers that need the same topic share one creation",
          "[metadata][auto-create]") {
    World world(GENERATE(range(std::uint64_t{1}, std::uint64_t{10})));
    world.ask({"a"});
    world.ask({"a", "b"});
    REQUIRE(world.waiting(2));
    world.show({"a"});
    REQUIRE(world.answered(1));
    world.answer(ErrorCode::none);
    world.answer(ErrorCode::none);
    world.show({"b"});
    REQUIRE(world.answered(2));
    CHECK(world.answers.back().empty());
    CHECK(world.controller.count() == 2);
}

TEST_CASE("topic creator: the caller also waits for a topic that another broker has just created",
          "[metadata][auto-create]") {
    World world;
    world.ask({"a"});
    REQUIRE(world.waiting(1));
    world.answer(ErrorCode::topic_already_exists);
    world.show({"a"});
    REQUIRE(world.answered(1));
    CHECK(world.answers.front().empty());
}

TEST_CASE("topic creator: no request is sent for a topic that the image has",
          "[metadata][auto-create]") {
    World world;
    world.show({"a"});
    world.ask({"a"});
    REQUIRE(world.answered(1));
    CHECK(world.answers.front().empty());
    CHECK(world.controller.count() == 0);
}

TEST_CASE("topic creator: the caller gets the controller's refusal, and may try again",
          "[metadata][auto-create]") {
    World world;
    world.ask({"a"});
    REQUIRE(world.waiting(1));
    const ErrorCode code =
        GENERATE(ErrorCode::policy_violation, ErrorCode::invalid_replication_factor);
    world.answer(code);
    REQUIRE(world.answered(1));
    // More brokers may join, so the client waits.
    const bool may_pass = code == ErrorCode::invalid_replication_factor;
    CHECK(world.answers.front() ==
          Refusals{{"a", may_pass ? ErrorCode::unknown_topic_or_partition : code}});
    world.ask({"a"});
    CHECK(world.waiting(1));
}

TEST_CASE("topic creator: after a retriable failure the caller gets UNKNOWN_TOPIC_OR_PARTITION",
          "[metadata][auto-create]") {
    World world;
    world.ask({"a"});
    REQUIRE(world.waiting(1));
    SECTION("the controller has changed") {
        world.answer(ErrorCode::not_controller);
    }
    SECTION("the controller is away") {
        world.controller.fail_with(ErrorKind::closed);
    }
    SECTION("the answer does not have the topic") {
        world.controller.answer(CreateTopicsResponse());
    }
    REQUIRE(world.answered(1));
    CHECK(world.answers.front() == Refusals{{"a", ErrorCode::unknown_topic_or_partition}});
}

TEST_CASE("topic creator: a caller waits for at most kMaxWait", "[metadata][auto-create]") {
    World world;
    world.ask({"made", "slow"});
    REQUIRE(world.waiting(2));
    world.answer(ErrorCode::none);
    world.pass(TopicCreator::kMaxWait - std::chrono::milliseconds(10));
    CHECK(world.answers.empty());
    world.pass(std::chrono::milliseconds(20));
    REQUIRE(world.answers.size() == 1);
    CHECK(world.answers.front() == Refusals{{"made", ErrorCode::leader_not_available},
                                            {"slow", ErrorCode::leader_not_available}});
}

TEST_CASE("topic creator: creations over the limit are not started", "[metadata][auto-create]") {
    World world;
    TopicCreator::Names names;
    for (std::size_t number = 0; number < TopicCreator::kMaxCreations; ++number) {
        names.insert(fmt::format("topic-{}", number));
    }
    world.ask(names);
    REQUIRE(world.waiting(TopicCreator::kMaxCreations));
    world.ask({"topic-0", "one-more"});
    REQUIRE(world.answered(2));
    CHECK(world.answers.back() == Refusals{{"one-more", ErrorCode::unknown_topic_or_partition},
                                           {"topic-0", ErrorCode::leader_not_available}});
    CHECK(world.controller.count() == TopicCreator::kMaxCreations);
}

TEST_CASE("topic creator: a stop ends all waits, and no further request is sent",
          "[metadata][auto-create]") {
    World world;
    world.ask({"a"});
    REQUIRE(world.waiting(1));
    world.creator.begin_stop();
    world.pass(std::chrono::milliseconds(10));
    CHECK(world.answers == std::vector<Refusals>{{{"a", ErrorCode::leader_not_available}}});
    world.ask({"b"});
    REQUIRE(world.answered(2));
    CHECK(world.answers.back() == Refusals{{"b", ErrorCode::unknown_topic_or_partition}});
    CHECK(world.controller.count() == 1);
}

TEST_CASE("topic creator: creations that fail do not flood the log", "[metadata][auto-create]") {
    World world;
    for (std::uint64_t number = 0; number < 2 * RateLimitedLog::kLines; ++number) {
        world.ask({"topic-" + std::to_string(number)});
        REQUIRE(world.waiting(1));
        world.answer(ErrorCode::policy_violation);
        REQUIRE(world.answered(number + 1));
    }
    CHECK(world.log.count == RateLimitedLog::kLines);
}

}  // namespace
}  // namespace hw::broker
