#include "broker/replicas/read_places.h"

#include <catch2/catch.hpp>

#include "test/unit/data/requests.h"
#include "test/unit/data/world.h"

namespace hw::broker {
namespace {

using Reader = ReadPlaces::Reader;

/// Two replicas, and places in them.
struct Bench {
    Bench() {
        world.add({});
        world.add({.topic = "u"});
        first = world.replica("t");
        second = world.replica("u");
    }
    storage::ReadCursor at(std::int64_t offset) {
        storage::ReadCursor place;
        place.offset = Offset(offset);
        place.file = *world.disk.open("/data/f", storage::OpenMode::create);
        return place;
    }

    World world;
    ReplicaPtr first;
    ReplicaPtr second;
    ReadPlaces places;
};

TEST_CASE("read places: each reader has its own place in each replica", "[data][places]") {
    Bench bench;
    Reader one(bench.places);
    Reader other(bench.places);
    one.keep(bench.first, bench.at(1));
    one.keep(bench.second, bench.at(2));
    other.keep(bench.first, bench.at(3));
    CHECK(one.take(bench.first).offset == Offset(1));
    CHECK(one.take(bench.second).offset == Offset(2));
    CHECK(other.take(bench.first).offset == Offset(3));
    CHECK(other.take(bench.second).file == nullptr);
}

TEST_CASE("read places: a place is taken until it is kept again", "[data][places]") {
    Bench bench;
    Reader reader(bench.places);
    reader.keep(bench.first, bench.at(1));
    CHECK(reader.take(bench.first).file != nullptr);
    CHECK(reader.take(bench.first).file == nullptr);
    reader.keep(bench.first, bench.at(5));
    CHECK(reader.take(bench.first).offset == Offset(5));
}

TEST_CASE("read places: no more than the limit are kept, the least recently used go first",
          "[data][places]") {
    Bench bench;
    std::vector<std::unique_ptr<Reader>> readers;
    for (std::size_t i = 0; i < ReadPlaces::kMax; ++i) {
        readers.push_back(std::make_unique<Reader>(bench.places));
        readers.back()->keep(bench.first, bench.at(1));
    }
    CHECK(bench.places.size() == ReadPlaces::kMax);
    readers[0]->keep(bench.first, readers[0]->take(bench.first));
    Reader last(bench.places);
    last.keep(bench.first, bench.at(1));
    CHECK(bench.places.size() == ReadPlaces::kMax);
    CHECK(readers[0]->take(bench.first).file != nullptr);
    CHECK(readers[1]->take(bench.first).file == nullptr);
    CHECK(readers[2]->take(bench.first).file != nullptr);
    readers.clear();
    CHECK(bench.places.size() == 1);
}

TEST_CASE("read places: those of a replica that is gone are dropped", "[data][places]") {
    Bench bench;
    Reader reader(bench.places);
    reader.keep(bench.first, bench.at(1));
    reader.keep(bench.second, bench.at(2));
    bench.places.forget(*bench.first);
    CHECK(bench.places.size() == 1);
    CHECK(reader.take(bench.first).file == nullptr);
    CHECK(reader.take(bench.second).file != nullptr);
}

TEST_CASE("read places: those of a connection end with it", "[data][places]") {
    Bench bench;
    bench.world.append({});
    const ReadPlaces& places = bench.world.shards[0]->services.read_places;
    std::array<Client*, 2> consumers{&bench.world.connect(), &bench.world.connect()};
    const FetchOne one(0);
    for (Client* consumer : consumers) {
        CHECK(consumer->ask<schema::FetchResponse>(one.request, 12).responses.size() == 1);
    }
    CHECK(places.size() == 2);
    consumers[0]->close();
    CHECK(bench.world.run_until([&] { return places.size() == 1; }));
}

}  // namespace
}  // namespace hw::broker
