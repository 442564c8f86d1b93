#include "broker/replicas/file_queue.h"

#include <string>
#include <vector>

#include <catch2/catch.hpp>

namespace hw::broker {
namespace {

using Place = FileQueue::Place;

const Place kCreations{"/a", FileWork::create};
const Place kRemovals{"/a", FileWork::remove};
const Place kElsewhere{"/b", FileWork::create};

storage::TopicPartition name(const std::string& topic) {
    return {topic, PartitionIndex(0)};
}

void add(FileQueue& queue, const Place& place, const std::string& topic) {
    queue.add(place, {place.second, nullptr, name(topic), nullptr, {}});
}

std::vector<std::string> take(FileQueue& queue, const Place& place) {
    std::vector<std::string> topics;
    for (const FileJob& job : queue.take(place)) {
        topics.push_back(job.name.topic);
    }
    return topics;
}

using Topics = std::vector<std::string>;

TEST_CASE("file queue: a lane takes only the jobs of its directory and kind, oldest first",
          "[replicas]") {
    FileQueue queue;
    add(queue, kCreations, "x");
    add(queue, kRemovals, "y");
    add(queue, kElsewhere, "z");
    add(queue, kCreations, "w");
    CHECK(queue.ready() == std::vector{kCreations, kRemovals, kElsewhere});
    CHECK(take(queue, kCreations) == Topics{"x", "w"});
    CHECK(take(queue, kCreations).empty());
    CHECK(queue.ready() == std::vector{kRemovals, kElsewhere});
}

TEST_CASE("file queue: a log is created only when the removal of the log of that name has ended",
          "[replicas]") {
    FileQueue queue;
    add(queue, kCreations, "t");
    add(queue, kRemovals, "t");
    add(queue, kElsewhere, "t");
    add(queue, kElsewhere, "u");
    CHECK(take(queue, kCreations) == Topics{"t"});
    CHECK(take(queue, kRemovals).empty());
    CHECK(take(queue, kElsewhere) == Topics{"u"});
    queue.end(name("t"));
    CHECK(take(queue, kElsewhere).empty());
    CHECK(take(queue, kRemovals) == Topics{"t"});
    CHECK(take(queue, kElsewhere).empty());
    queue.end(name("t"));
    CHECK(take(queue, kElsewhere) == Topics{"t"});
    queue.end(name("t"));
    add(queue, kCreations, "t");
    CHECK(take(queue, kCreations) == Topics{"t"});
}

TEST_CASE("file queue: a lane takes at most 16 jobs at a time", "[replicas]") {
    FileQueue queue;
    for (std::size_t i = 0; i <= FileQueue::kMaxBatch; ++i) {
        add(queue, kCreations, "t" + std::to_string(i));
    }
    CHECK(take(queue, kCreations).size() == FileQueue::kMaxBatch);
    CHECK(take(queue, kCreations) == Topics{"t16"});
}

TEST_CASE("file queue: a stop gets the jobs that no lane has taken", "[replicas]") {
    FileQueue queue;
    for (const Place& place : {kCreations, kRemovals, kElsewhere}) {
        add(queue, place, "t");
    }
    add(queue, kRemovals, "u");
    CHECK(take(queue, kRemovals) == Topics{"u"});
    CHECK(queue.clear().size() == 3);
    queue.end(name("u"));
    CHECK(queue.ready().empty());
}

}  // namespace
}  // namespace hw::broker
