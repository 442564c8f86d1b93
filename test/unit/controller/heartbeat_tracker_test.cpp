#include "controller/ops/heartbeat_tracker.h"

#include <catch2/catch.hpp>

namespace hw::controller {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr BrokerId kOne{1};
constexpr BrokerId kTwo{2};
constexpr TimePoint kStart{std::chrono::hours(1)};

TEST_CASE("heartbeats: an unfenced broker expires one session timeout after its last contact",
          "[controller]") {
    HeartbeatTracker tracker(seconds(3));
    tracker.touch(kOne, Offset(5), kStart);
    tracker.set_fenced(kOne, false);
    CHECK(tracker.next_deadline() == kStart + seconds(3));
    CHECK_FALSE(tracker.find_expired(kStart + milliseconds(2999)).has_value());
    CHECK(tracker.find_expired(kStart + seconds(3)) == kOne);
    tracker.touch(kOne, Offset(6), kStart + seconds(2));
    CHECK(tracker.next_deadline() == kStart + seconds(5));
    CHECK_FALSE(tracker.find_expired(kStart + seconds(4)).has_value());
}

TEST_CASE("heartbeats: the broker that has been silent longest expires first", "[controller]") {
    HeartbeatTracker tracker(seconds(3));
    tracker.touch(kTwo, Offset(0), kStart);
    tracker.touch(kOne, Offset(0), kStart + seconds(1));
    tracker.set_fenced(kOne, false);
    tracker.set_fenced(kTwo, false);
    CHECK(tracker.find_expired(kStart + seconds(10)) == kTwo);
    tracker.end(kTwo);
    CHECK(tracker.find_expired(kStart + seconds(10)) == kOne);
    tracker.end(kOne);
    CHECK(tracker.next_deadline() == kNever);
}

TEST_CASE("heartbeats: a fenced broker has a session but no deadline", "[controller]") {
    HeartbeatTracker tracker(seconds(3));
    tracker.touch(kOne, Offset(5), kStart);
    CHECK(tracker.next_deadline() == kNever);
    CHECK(tracker.has_session(kOne, kStart + milliseconds(2999)));
    CHECK_FALSE(tracker.has_session(kOne, kStart + seconds(3)));
    CHECK_FALSE(tracker.has_session(kTwo, kStart));
    tracker.set_fenced(kOne, false);
    tracker.set_fenced(kOne, true);
    CHECK(tracker.next_deadline() == kNever);
}

TEST_CASE("heartbeats: a new session keeps nothing of the one that ended", "[controller]") {
    HeartbeatTracker tracker(seconds(3));
    tracker.touch(kOne, Offset(5), kStart);
    tracker.set_fenced(kOne, false);
    tracker.set_shutdown_offset(kOne, Offset(9));
    CHECK(tracker.metadata_offset(kOne) == Offset(5));
    CHECK(tracker.shutdown_offset(kOne) == Offset(9));
    tracker.end(kOne);
    tracker.touch(kOne, kNoOffset, kStart);
    CHECK(tracker.metadata_offset(kOne) == kNoOffset);
    CHECK(tracker.shutdown_offset(kOne) == kNoOffset);
    CHECK(tracker.next_deadline() == kNever);
}

}  // namespace
}  // namespace hw::controller
