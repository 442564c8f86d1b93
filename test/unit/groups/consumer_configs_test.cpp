#include <chrono>
#include <memory>
#include <utility>

#include <catch2/catch.hpp>

#include "test/unit/config/support.h"
#include "test/unit/groups/consumer_world.h"

namespace hw::broker {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using wire::ErrorCode;

constexpr std::size_t kMaxSize = 100;
constexpr const char* kBroker =
    "group.consumer.min.session.timeout.ms=6000\n"
    "group.consumer.max.session.timeout.ms=60000\n";

struct Broker {
    config::Settings settings = config::settings_of(kBroker);
};

/// Groups of a broker whose group "g" gets configs.
struct Configured : Broker, Consumers {
    Configured() : Consumers(kMaxSize, &settings) { set_topic("a", 2); }

    void set(const controller::ConfigValues& values, const std::string& group = "g") {
        auto next = std::make_shared<controller::MetadataImage>(*image);
        next->set_configs({controller::ConfigResourceType::group, group}, values);
        publish(std::move(next));
    }
    /// A machine that has loaded the log, as that of the next coordinator.
    std::unique_ptr<GroupMachine> loaded() {
        auto next = std::make_unique<GroupMachine>(options(kMaxSize, &settings));
        for (const auto& record : log) {
            REQUIRE(next->apply(record.key(), record.value()).has_value());
        }
        return next;
    }
};

TEST_CASE("group configs: a running member is told the interval that is set for its group",
          "[groups][configs]") {
    Configured consumers;
    consumers.beat("m1", 0, joining());
    CHECK(consumers.beat("m1", 1).interval == kStableInterval);
    consumers.set({{"consumer.heartbeat.interval.ms", "7000"}});
    CHECK(consumers.beat("m1", 1).interval == seconds(7));
    consumers.set({{"consumer.heartbeat.interval.ms", "8000"}});
    CHECK(consumers.beat("m1", 1).interval == seconds(8));
    consumers.set({});
    CHECK(consumers.beat("m1", 1).interval == kStableInterval);
}

TEST_CASE("group configs: while the group assigns partitions, members report as often as in others",
          "[groups][configs]") {
    Configured consumers;
    consumers.set({{"consumer.heartbeat.interval.ms", "7000"}});
    CHECK(consumers.beat("m1", 0, joining()).interval == kBusyInterval);
    CHECK(consumers.beat("m1", 1).interval == seconds(7));
    consumers.beat("m2", 0, joining());
    CHECK(consumers.beat("m1", 1).interval == kBusyInterval);
}

TEST_CASE("group configs: those of another group, and of a topic of that name, do not matter",
          "[groups][configs]") {
    Configured consumers;
    consumers.beat("m1", 0, joining());
    consumers.set({{"consumer.heartbeat.interval.ms", "7000"}}, "other");
    auto next = std::make_shared<controller::MetadataImage>(*consumers.image);
    next->set_configs({controller::ConfigResourceType::topic, "g"},
                      {{"consumer.heartbeat.interval.ms", "7000"}});
    consumers.publish(std::move(next));
    CHECK(consumers.beat("m1", 1).interval == kStableInterval);
}

TEST_CASE("group configs: a session is as long as the group says from the next heartbeat on",
          "[groups][configs]") {
    Configured consumers;
    consumers.beat("m1", 0, joining());
    consumers.set({{"consumer.session.timeout.ms", "6000"}});
    consumers.pass(seconds(44));
    CHECK(consumers.beat("m1", 1).code == ErrorCode::none);
    SECTION("a silent member is removed when it is over") {
        consumers.pass(milliseconds(5999));
        CHECK(consumers.group().members().contains("m1"));
        consumers.pass(milliseconds(1));
        CHECK_FALSE(consumers.group().members().contains("m1"));
    }
    SECTION("it may become longer again") {
        consumers.set({{"consumer.session.timeout.ms", "60000"}});
        CHECK(consumers.beat("m1", 1).code == ErrorCode::none);
        consumers.pass(seconds(6));
        consumers.pass(seconds(53));
        CHECK(consumers.group().members().contains("m1"));
        consumers.pass(seconds(1));
        CHECK_FALSE(consumers.group().members().contains("m1"));
    }
}

TEST_CASE("group configs: a value out of the broker's bounds counts as the nearest bound",
          "[groups][configs]") {
    Configured consumers;
    consumers.set(
        {{"consumer.heartbeat.interval.ms", "2147483647"}, {"consumer.session.timeout.ms", "1"}});
    consumers.beat("m1", 0, joining());
    CHECK(consumers.beat("m1", 1).interval == seconds(15));
    consumers.pass(milliseconds(5999));
    CHECK(consumers.group().members().contains("m1"));
    consumers.pass(milliseconds(1));
    CHECK_FALSE(consumers.group().members().contains("m1"));
}

TEST_CASE("group configs: the sessions of a new coordinator are as long as the group says",
          "[groups][configs]") {
    Configured consumers;
    consumers.set({{"consumer.session.timeout.ms", "60000"}});
    consumers.beat("m1", 0, joining());
    const auto next = consumers.loaded();
    SECTION("if it has metadata") {
        next->see(consumers.image);
        next->on_active(consumers.now);
        CHECK(next->next_deadline() == consumers.now + seconds(60));
    }
    SECTION("else as long as the broker says") {
        next->on_active(consumers.now);
        CHECK(next->next_deadline() == consumers.now + kSession);
    }
}

}  // namespace
}  // namespace hw::broker
