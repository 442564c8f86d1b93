#include "broker/metadata/controller_locator.h"

#include <catch2/catch.hpp>

namespace hw::broker {
namespace {

const ControllerAddress kOne{BrokerId(1), {"one", 9093}};
const ControllerAddress kTwo{BrokerId(2), {"two", 9093}};
const ControllerAddress kServer{kNoBroker, {"server", 9093}};
constexpr LeaderEpoch kEpoch{5};

TEST_CASE("controller locator: a single voter is the active controller", "[metadata][locator]") {
    const ControllerLocator locator({kOne});
    CHECK(locator.active() == kOne);
    CHECK(locator.to_ask() == kOne);
}

TEST_CASE("controller locator: while none is active, the configured ones are asked in turn",
          "[metadata][locator]") {
    ControllerLocator locator({kOne, kTwo});
    CHECK_FALSE(locator.active());
    CHECK(locator.to_ask() == kOne);
    locator.on_no_answer(kOne);
    CHECK(locator.to_ask() == kTwo);
    locator.on_no_answer(kTwo);
    CHECK(locator.to_ask() == kOne);
}

TEST_CASE("controller locator: a leader is found at the address that is told, else configured",
          "[metadata][locator]") {
    ControllerLocator locator({kOne, kTwo});
    locator.on_leader(BrokerId(2), kEpoch, std::nullopt);
    CHECK(locator.active() == kTwo);
    const Endpoint moved("elsewhere", 9093);
    locator.on_leader(BrokerId(2), kEpoch + 1, moved);
    CHECK(locator.active() == ControllerAddress(BrokerId(2), moved));
    CHECK(locator.epoch() == kEpoch + 1);
}

TEST_CASE("controller locator: a leader without a known address is not active",
          "[metadata][locator]") {
    ControllerLocator locator({kServer});
    locator.on_leader(BrokerId(2), kEpoch, std::nullopt);
    CHECK_FALSE(locator.active());
    CHECK(locator.to_ask() == kServer);
}

TEST_CASE("controller locator: earlier epochs are ignored", "[metadata][locator]") {
    ControllerLocator locator({kOne, kTwo});
    locator.on_leader(BrokerId(2), kEpoch, std::nullopt);
    locator.on_leader(BrokerId(1), kEpoch - 1, std::nullopt);
    CHECK(locator.active() == kTwo);
    // A controller that has heard of the epoch, but not of its leader, knows less.
    locator.on_leader(kNoBroker, kEpoch, std::nullopt);
    CHECK(locator.active() == kTwo);
}

TEST_CASE("controller locator: a new epoch without a leader ends the leadership",
          "[metadata][locator]") {
    ControllerLocator locator({kOne, kTwo});
    locator.on_leader(BrokerId(2), kEpoch, std::nullopt);
    locator.on_leader(kNoBroker, kEpoch + 1, std::nullopt);
    CHECK_FALSE(locator.active());
}

TEST_CASE("controller locator: if the active controller does not answer, others are asked for it",
          "[metadata][locator]") {
    ControllerLocator locator({kOne, kTwo});
    locator.on_leader(BrokerId(1), kEpoch, std::nullopt);
    int changes = 0;
    locator.on_change([&] { ++changes; });
    locator.on_no_answer(kTwo);  // an old request
    CHECK(locator.is_answering());
    CHECK(locator.to_ask() == kOne);
    locator.on_no_answer(kOne);
    CHECK_FALSE(locator.is_answering());
    CHECK(locator.to_ask() == kTwo);
    locator.on_no_answer(kTwo);
    CHECK(locator.to_ask() == kOne);
    // Other connections to it may be sound.
    CHECK(locator.active() == kOne);
    CHECK(changes == 0);
    locator.on_leader(BrokerId(1), kEpoch, std::nullopt);
    CHECK(locator.is_answering());
    CHECK(changes == 0);
}

TEST_CASE("controller locator: a change is told once", "[metadata][locator]") {
    ControllerLocator locator({kOne, kTwo});
    int changes = 0;
    locator.on_change([&] { ++changes; });
    locator.on_leader(BrokerId(1), kEpoch, std::nullopt);
    locator.on_leader(BrokerId(1), kEpoch + 1, kOne.endpoint);
    CHECK(changes == 1);
}

}  // namespace
}  // namespace hw::broker
