#include "broker/metadata/broker_lifecycle.h"

#include <catch2/catch.hpp>

namespace hw::broker {
namespace {

using wire::ErrorCode;

constexpr BrokerEpoch kEpoch{20};

struct Fixture {
    template <class Step>
    LifecycleEffects step(Step step) {
        LifecycleEffects effects;
        step(effects);
        return effects;
    }
    LifecycleEffects start() {
        return step([this](auto& effects) { lifecycle.start(now, effects); });
    }
    LifecycleEffects registered() {
        return step([this](auto& effects) { lifecycle.on_registered(kEpoch, now, effects); });
    }
    LifecycleEffects answered(HeartbeatAnswer answer) {
        return step([&](auto& effects) { lifecycle.on_heartbeat(answer, now, effects); });
    }
    LifecycleEffects failed(std::optional<ErrorCode> code) {
        return step([&](auto& effects) { lifecycle.on_failure(code, now, effects); });
    }
    LifecycleEffects applied(std::int64_t offset, bool is_awaited = false) {
        return step(
            [&](auto& effects) { lifecycle.on_applied(Offset(offset), is_awaited, now, effects); });
    }
    LifecycleEffects pass(Duration span) {
        now += span;
        return step([this](auto& effects) { lifecycle.on_time(now, effects); });
    }
    LifecycleEffects controller_changed() {
        return step([this](auto& effects) { lifecycle.on_controller_change(now, effects); });
    }
    LifecycleEffects directory_failed(DirectoryId directory) {
        return step([&](auto& effects) { lifecycle.on_directory_failed(directory, now, effects); });
    }
    LifecycleEffects stop() {
        return step([this](auto& effects) { lifecycle.begin_stop(now, effects); });
    }
    /// Registered, caught up and unfenced, with no request under way.
    void activate() {
        start();
        registered();
        answered({.fenced = true, .should_shut_down = false});
        applied(20);
        answered({.fenced = false, .should_shut_down = false});
        REQUIRE(lifecycle.active());
    }

    LifecycleOptions options;
    BrokerLifecycle lifecycle{options};
    TimePoint now = TimePoint() + std::chrono::hours(1);
};

TEST_CASE("lifecycle: a broker registers at once and then sends heartbeats", "[lifecycle]") {
    Fixture fixture;
    CHECK(fixture.start().send == LifecycleRequest::registration);
    CHECK(fixture.registered().send == LifecycleRequest::heartbeat);
    const auto fenced = fixture.answered({.fenced = true});
    CHECK(fenced.send == LifecycleRequest::none);
    CHECK_FALSE(fixture.lifecycle.active());
    CHECK(fixture.pass(std::chrono::milliseconds(499)).send == LifecycleRequest::none);
    CHECK(fixture.pass(std::chrono::milliseconds(1)).send == LifecycleRequest::heartbeat);
}

TEST_CASE("lifecycle: a broker sends a heartbeat as soon as it has applied its own registration",
          "[lifecycle]") {
    Fixture fixture;
    fixture.start();
    fixture.registered();
    fixture.answered({.fenced = true});
    CHECK(fixture.applied(19).send == LifecycleRequest::none);
    CHECK(fixture.applied(20).send == LifecycleRequest::heartbeat);
    const auto unfenced = fixture.answered({.fenced = false});
    CHECK(unfenced.became_active);
    CHECK(fixture.lifecycle.active());
    CHECK(fixture.applied(21).send == LifecycleRequest::none);
}

TEST_CASE("lifecycle: a broker that was fenced sends a heartbeat as soon as it has applied more",
          "[lifecycle]") {
    Fixture fixture;
    fixture.activate();
    CHECK(fixture.applied(30).send == LifecycleRequest::none);
    CHECK(fixture.pass(fixture.options.heartbeat_interval).send == LifecycleRequest::heartbeat);
    CHECK(fixture.answered({.fenced = true}).became_inactive);
    CHECK(fixture.applied(30).send == LifecycleRequest::none);
    CHECK(fixture.applied(31).send == LifecycleRequest::heartbeat);
    CHECK(fixture.applied(32).send == LifecycleRequest::none);
    CHECK(fixture.answered({.fenced = false}).became_active);
    CHECK(fixture.applied(33).send == LifecycleRequest::none);
}

TEST_CASE("lifecycle: a broker sends a heartbeat to a new active controller at once",
          "[lifecycle]") {
    Fixture fixture;
    fixture.activate();
    fixture.pass(std::chrono::milliseconds(100));
    CHECK(fixture.controller_changed().send == LifecycleRequest::heartbeat);
    SECTION("and once more if the first one was on its way to the old controller") {
        CHECK(fixture.controller_changed().send == LifecycleRequest::none);
        CHECK(fixture.answered({.fenced = false}).send == LifecycleRequest::heartbeat);
    }
    SECTION("and once more if the first one got no answer from the old controller") {
        CHECK(fixture.controller_changed().send == LifecycleRequest::none);
        CHECK(fixture.failed(std::nullopt).send == LifecycleRequest::heartbeat);
        CHECK(fixture.failed(std::nullopt).send == LifecycleRequest::none);
    }
}

TEST_CASE("lifecycle: a broker that catches up during a request sends a heartbeat after the answer",
          "[lifecycle]") {
    Fixture fixture;
    fixture.start();
    fixture.registered();
    CHECK(fixture.applied(20).send == LifecycleRequest::none);
    CHECK(fixture.answered({.fenced = true}).send == LifecycleRequest::heartbeat);
}

TEST_CASE(
    "lifecycle: a request without an answer, or with a retriable error, is repeated after a pause",
    "[lifecycle]") {
    Fixture fixture;
    fixture.start();
    CHECK(fixture.failed(std::nullopt).send == LifecycleRequest::none);
    CHECK(fixture.pass(fixture.options.retry).send == LifecycleRequest::registration);
    fixture.failed(ErrorCode::not_controller);
    CHECK(fixture.pass(fixture.options.retry).send == LifecycleRequest::registration);
}

TEST_CASE("lifecycle: a permanent refusal ends the process with the reason", "[lifecycle]") {
    Fixture fixture;
    fixture.start();
    const auto refused = fixture.failed(ErrorCode::inconsistent_cluster_id);
    CHECK(refused.fatal == "the controller refuses this broker for good: INCONSISTENT_CLUSTER_ID");
}

TEST_CASE("lifecycle: a broker that the controller forgot registers again", "[lifecycle]") {
    Fixture fixture;
    fixture.activate();
    fixture.pass(fixture.options.heartbeat_interval);
    const auto forgotten = fixture.failed(ErrorCode::stale_broker_epoch);
    CHECK(forgotten.became_inactive);
    CHECK(fixture.pass(fixture.options.retry).send == LifecycleRequest::registration);
}

TEST_CASE(
    "lifecycle: a broker stops serving if no heartbeat is answered for the session timeout, and "
    "serves again after the next answer",
    "[lifecycle]") {
    Fixture fixture;
    fixture.activate();
    CHECK(fixture.pass(fixture.options.heartbeat_interval).send == LifecycleRequest::heartbeat);
    CHECK_FALSE(fixture.pass(std::chrono::milliseconds(2499)).became_inactive);
    CHECK(fixture.pass(std::chrono::milliseconds(1)).became_inactive);
    CHECK_FALSE(fixture.lifecycle.active());
    CHECK(fixture.answered({.fenced = false}).became_active);
}

TEST_CASE("lifecycle: a session begins at the time when the answered heartbeat was sent",
          "[lifecycle]") {
    Fixture fixture;
    fixture.activate();
    CHECK(fixture.pass(fixture.options.heartbeat_interval).send == LifecycleRequest::heartbeat);
    const TimePoint sent = fixture.now;
    fixture.pass(std::chrono::milliseconds(2000));
    fixture.answered({.fenced = false});
    CHECK(fixture.lifecycle.active());
    CHECK(fixture.lifecycle.session_end() == sent + fixture.options.session_timeout);
    fixture.pass(std::chrono::milliseconds(500));
    CHECK(fixture.pass(std::chrono::milliseconds(499)).became_inactive == false);
    CHECK(fixture.pass(std::chrono::milliseconds(1)).became_inactive);
    CHECK(fixture.lifecycle.session_end() < fixture.now);
}

TEST_CASE(
    "lifecycle: an answer that arrives after its session has ended does not make a broker active",
    "[lifecycle]") {
    Fixture fixture;
    fixture.activate();
    CHECK(fixture.pass(fixture.options.heartbeat_interval).send == LifecycleRequest::heartbeat);
    CHECK(fixture.pass(fixture.options.session_timeout).became_inactive);
    CHECK_FALSE(fixture.answered({.fenced = false}).became_active);
    CHECK(fixture.pass(fixture.options.heartbeat_interval).send == LifecycleRequest::heartbeat);
    CHECK(fixture.answered({.fenced = false}).became_active);
}

TEST_CASE("lifecycle: a broker stops serving if the answer to its heartbeat says that it is fenced",
          "[lifecycle]") {
    Fixture fixture;
    fixture.activate();
    fixture.pass(fixture.options.heartbeat_interval);
    CHECK(fixture.answered({.fenced = true}).became_inactive);
}

TEST_CASE("lifecycle: a stop waits for the controller's permission, but only up to a limit",
          "[lifecycle]") {
    Fixture fixture;
    fixture.activate();
    CHECK(fixture.stop().send == LifecycleRequest::heartbeat);
    CHECK(fixture.lifecycle.stopping());
    SECTION("the controller gives permission") {
        const HeartbeatAnswer not_yet{.fenced = false};
        CHECK_FALSE(fixture.answered(not_yet).may_stop);
        fixture.pass(fixture.options.heartbeat_interval);
        const HeartbeatAnswer now{.fenced = false, .should_shut_down = true};
        CHECK(fixture.answered(now).may_stop);
    }
    SECTION("the controller does not answer for a session") {
        fixture.failed(std::nullopt);
        CHECK_FALSE(fixture.pass(std::chrono::milliseconds(2999)).may_stop);
        CHECK(fixture.pass(std::chrono::milliseconds(1)).may_stop);
    }
    SECTION("the controller answers, but does not permit it") {
        for (int second = 0; second < 29; ++second) {
            CHECK_FALSE(fixture.answered({.fenced = false}).may_stop);
            CHECK_FALSE(fixture.pass(std::chrono::seconds(1)).may_stop);
        }
        CHECK_FALSE(fixture.answered({.fenced = false}).may_stop);
        CHECK(fixture.pass(std::chrono::seconds(1)).may_stop);
    }
}

TEST_CASE("lifecycle: a broker that may stop has nothing more to do", "[lifecycle]") {
    Fixture fixture;
    fixture.activate();
    fixture.stop();
    SECTION("the controller gives permission") {
        REQUIRE(fixture.answered({.fenced = true, .should_shut_down = true}).may_stop);
    }
    SECTION("the limit has passed") {
        REQUIRE(fixture.pass(std::chrono::seconds(30)).may_stop);
        fixture.failed(std::nullopt);
    }
    CHECK(fixture.lifecycle.next_deadline() == kNever);
    CHECK(fixture.pass(std::chrono::minutes(1)).send == LifecycleRequest::none);
    CHECK(fixture.applied(30).send == LifecycleRequest::none);
    CHECK(fixture.lifecycle.next_deadline() == kNever);
}

TEST_CASE("lifecycle: a broker that has lost its session stops at once", "[lifecycle]") {
    Fixture fixture;
    fixture.activate();
    fixture.pass(fixture.options.session_timeout);
    CHECK(fixture.stop().may_stop);
}

TEST_CASE("lifecycle: a broker that never registered stops at once", "[lifecycle]") {
    Fixture fixture;
    fixture.start();
    CHECK(fixture.stop().may_stop);
}

TEST_CASE(
    "lifecycle: the deadline is the next heartbeat, or the session's end while one is under way",
    "[lifecycle]") {
    Fixture fixture;
    fixture.activate();
    CHECK(fixture.lifecycle.next_deadline() == fixture.now + fixture.options.heartbeat_interval);
    fixture.pass(fixture.options.heartbeat_interval);
    CHECK(fixture.lifecycle.next_deadline() ==
          fixture.now - fixture.options.heartbeat_interval + fixture.options.session_timeout);
}

TEST_CASE("lifecycle: what a stopping broker waits for is told at once", "[lifecycle]") {
    Fixture fixture;
    fixture.activate();
    CHECK(fixture.applied(21).send == LifecycleRequest::none);
    CHECK(fixture.applied(22, true).send == LifecycleRequest::heartbeat);
    CHECK(fixture.applied(23, true).send == LifecycleRequest::none);
    const auto answered = fixture.answered({.fenced = false, .should_shut_down = false});
    CHECK(answered.send == LifecycleRequest::heartbeat);
    fixture.answered({.fenced = false, .should_shut_down = false});
    CHECK(fixture.applied(23, true).send == LifecycleRequest::none);
}

constexpr DirectoryId kFirstDirectory{Uuid{7, 1}};
constexpr DirectoryId kSecondDirectory{Uuid{7, 2}};

TEST_CASE("lifecycle: a failed directory is told at once, not after the interval", "[lifecycle]") {
    Fixture fixture;
    fixture.activate();
    CHECK(fixture.directory_failed(kFirstDirectory).send == LifecycleRequest::heartbeat);
    CHECK(fixture.lifecycle.failed_directories() == std::vector{kFirstDirectory});
    CHECK(fixture.lifecycle.active());
}

TEST_CASE("lifecycle: a directory that fails while a heartbeat is under way goes into the next one",
          "[lifecycle]") {
    Fixture fixture;
    fixture.activate();
    fixture.directory_failed(kFirstDirectory);
    CHECK(fixture.directory_failed(kSecondDirectory).send == LifecycleRequest::none);
    CHECK(fixture.answered({.fenced = false}).send == LifecycleRequest::heartbeat);
    CHECK(fixture.lifecycle.failed_directories().size() == 2);
    CHECK(fixture.answered({.fenced = false}).send == LifecycleRequest::none);
}

TEST_CASE("lifecycle: a broker ends if it cannot tell of a failed directory for too long",
          "[lifecycle]") {
    Fixture fixture;
    fixture.activate();
    fixture.directory_failed(kFirstDirectory);
    fixture.pass(fixture.options.directory_failure_limit / 2);
    fixture.directory_failed(kSecondDirectory);
    fixture.failed(std::nullopt);
    CHECK(fixture.lifecycle.next_deadline() <=
          fixture.now + fixture.options.directory_failure_limit / 2);
    const auto ended = fixture.pass(fixture.options.directory_failure_limit / 2);
    REQUIRE(ended.fatal.has_value());
    CHECK(ended.fatal->find("log.dir.failure.timeout.ms") != std::string::npos);
}

TEST_CASE("lifecycle: a broker that has told of its failed directory goes on", "[lifecycle]") {
    Fixture fixture;
    fixture.activate();
    fixture.directory_failed(kFirstDirectory);
    fixture.answered({.fenced = false});
    fixture.pass(std::chrono::milliseconds(500));
    fixture.answered({.fenced = false});
    CHECK_FALSE(fixture.pass(fixture.options.directory_failure_limit).fatal.has_value());
}

}  // namespace
}  // namespace hw::broker
