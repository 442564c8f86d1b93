#include "test/sim/checker.h"

#include <catch2/catch.hpp>

namespace hw::sim {
namespace {

using Catch::Matchers::Contains;
using replication::Acks;
using replication::Durability;

constexpr PartitionNumber kDisk{0};
constexpr PartitionNumber kMemory{1};
constexpr ProducerNumber kAll{0};         // acks=all to the disk topic
constexpr ProducerNumber kLeader{1};      // acks=1 to the disk topic
constexpr ProducerNumber kIdempotent{2};  // to the disk topic
constexpr ProducerNumber kInMemory{3};    // acks=all to the memory topic

/// A checker, and functions that report as clients do.
struct History {
    Checker checker{{Durability::disk, Durability::memory},
                    {{.partition = kDisk, .acks = Acks::all},
                     {.partition = kDisk, .acks = Acks::leader},
                     {.partition = kDisk, .acks = Acks::all, .idempotent = true},
                     {.partition = kMemory, .acks = Acks::all}}};

    [[nodiscard]] Checker::Mark mark(PartitionNumber partition, int seconds = 0) const {
        return checker.mark(partition, TimePoint(std::chrono::seconds(seconds)));
    }
    void acknowledge(ProducerNumber producer, std::uint64_t number, std::int64_t offset) {
        const PartitionNumber partition = producer == kInMemory ? kMemory : kDisk;
        acknowledge(producer, number, offset, mark(partition));
    }
    void acknowledge(ProducerNumber producer, std::uint64_t number, std::int64_t offset,
                     const Checker::Mark& at) {
        checker.on_acknowledged({producer, Offset(offset), {make_value(producer, number, 0)}}, at);
    }
    void read(PartitionNumber partition, std::int64_t offset, ProducerNumber producer,
              std::uint64_t number) {
        const FetchedRecords one{Offset(offset),
                                 Offset(offset + 1),
                                 {{Offset(offset), make_value(producer, number, 0)}}};
        checker.on_fetched(partition, one, checker_mark_without_watermark(partition));
    }
    /// The mark of a request that was sent before any high watermark was seen.
    [[nodiscard]] Checker::Mark checker_mark_without_watermark(PartitionNumber partition) const {
        Checker::Mark at = mark(partition);
        at.high_watermark = Offset(0);
        return at;
    }
    [[nodiscard]] std::string broken() const { return checker.broken().value_or(""); }
};

TEST_CASE("checker: a history that keeps every record breaks no rule", "[sim][checker]") {
    History h;
    h.acknowledge(kAll, 0, 0);
    h.acknowledge(kLeader, 0, 1);
    h.read(kDisk, 0, kAll, 0);
    h.checker.on_power_loss();
    h.read(kDisk, 0, kAll, 0);
    h.read(kDisk, 1, kAll, 1);
    h.checker.on_end();
    CHECK(h.broken().empty());
}

TEST_CASE("checker: a record of acks=all in a disk topic outlives a power loss", "[sim][checker]") {
    History h;
    h.acknowledge(kAll, 0, 0);
    h.checker.on_power_loss();
    SECTION("another record at its offset is noticed") {
        h.read(kDisk, 0, kLeader, 0);
        CHECK_THAT(h.broken(), Contains("held '0-0' and now holds '1-0'"));
    }
    SECTION("a high watermark at or below its offset is noticed") {
        h.checker.on_fetched(kDisk, {Offset(0), Offset(0), {}}, h.mark(kDisk));
        CHECK_THAT(h.broken(), Contains("the high watermark fell from 1 to 0"));
    }
    SECTION("an offset that is out of range is noticed") {
        h.checker.on_out_of_range(kDisk, Offset(1), h.mark(kDisk));
        CHECK_THAT(h.broken(), Contains("out of range"));
    }
    SECTION("its absence at the end is noticed") {
        History g;
        g.acknowledge(kAll, 0, 1);
        g.checker.on_end();
        CHECK_THAT(g.broken(), Contains("offset 0 could not be read at the end"));
    }
}

TEST_CASE("checker: a record of acks=1 outlives a process kill, not a power loss",
          "[sim][checker]") {
    History h;
    h.acknowledge(kLeader, 0, 0);
    SECTION("a power loss may take it") {
        h.checker.on_power_loss();
        h.read(kDisk, 0, kAll, 0);
        CHECK(h.broken().empty());
    }
    SECTION("nothing else may") {
        h.read(kDisk, 0, kAll, 0);
        CHECK_THAT(h.broken(), Contains("held '1-0' and now holds '0-0'"));
    }
    SECTION("a power loss may take it before its acknowledgement arrives") {
        const Checker::Mark before = h.mark(kDisk);
        h.checker.on_power_loss();
        h.acknowledge(kLeader, 1, 1, before);
        CHECK(h.checker.end_offset(kDisk) == Offset(0));
    }
}

TEST_CASE("checker: a memory topic may lose records at a power loss, and only then",
          "[sim][checker]") {
    History h;
    h.acknowledge(kInMemory, 0, 0);
    SECTION("at a power loss") {
        h.checker.on_power_loss();
        h.checker.on_fetched(kMemory, {Offset(0), Offset(0), {}}, h.mark(kMemory));
        h.read(kMemory, 0, kInMemory, 1);
        CHECK(h.broken().empty());
    }
    SECTION("without a power loss") {
        h.checker.on_fetched(kMemory, {Offset(0), Offset(0), {}}, h.mark(kMemory));
        CHECK_THAT(h.broken(), Contains("the high watermark fell"));
    }
}

TEST_CASE("checker: a reader gets offsets without gaps, below the high watermark",
          "[sim][checker]") {
    History h;
    const FetchedRecord second{Offset(1), make_value(kAll, 1, 0)};
    SECTION("a gap is noticed") {
        h.checker.on_fetched(kDisk, {Offset(0), Offset(2), {second}}, h.mark(kDisk));
        CHECK_THAT(h.broken(), Contains("got offset 1 instead of 0"));
    }
    SECTION("a record above the high watermark is noticed") {
        h.checker.on_fetched(kDisk, {Offset(1), Offset(1), {second}}, h.mark(kDisk));
        CHECK_THAT(h.broken(), Contains("but the high watermark is 1"));
    }
}

TEST_CASE("checker: offsets of a producer's batches follow the order of sending",
          "[sim][checker]") {
    History h;
    h.acknowledge(kAll, 0, 5);
    h.acknowledge(kAll, 1, 4);
    CHECK_THAT(h.broken(), Contains("'0-1' was acknowledged at offset 4"));
}

TEST_CASE("checker: a value of an idempotent producer is in the log once", "[sim][checker]") {
    History h;
    h.read(kDisk, 0, kIdempotent, 0);
    h.read(kDisk, 1, kAll, 0);
    h.read(kDisk, 2, kAll, 0);
    h.checker.on_end();
    CHECK(h.broken().empty());
    h.read(kDisk, 3, kIdempotent, 0);
    h.checker.on_end();
    CHECK_THAT(h.broken(), Contains("comes after number 0 of the same"));
}

TEST_CASE("checker: a disk topic does not forget an idempotent producer", "[sim][checker]") {
    History h;
    h.checker.on_out_of_sequence(kIdempotent);
    CHECK_THAT(h.broken(), Contains("was forgotten by a disk topic"));
}

TEST_CASE("checker: a value refused with a definite error is in no log", "[sim][checker]") {
    History h;
    SECTION("refused, then read") {
        h.checker.on_refused(kAll, {make_value(kAll, 0, 0)});
        h.read(kDisk, 0, kAll, 0);
        CHECK_THAT(h.broken(), Contains("was refused with a definite error"));
    }
    SECTION("read, then refused") {
        h.read(kDisk, 0, kAll, 0);
        h.checker.on_refused(kAll, {make_value(kAll, 0, 0)});
        CHECK_THAT(h.broken(), Contains("was read and then refused"));
    }
}

TEST_CASE("checker: a value that nobody sent to the partition is noticed", "[sim][checker]") {
    History h;
    h.read(kDisk, 0, kInMemory, 0);
    CHECK_THAT(h.broken(), Contains("which nobody sent there"));
}

TEST_CASE("checker: a batch sent after a failed sync may not be acknowledged as durable",
          "[sim][checker]") {
    History h;
    h.checker.on_sync_failed(TimePoint(std::chrono::seconds(10)));
    h.acknowledge(kAll, 0, 0, h.mark(kDisk, 10));
    CHECK(h.broken().empty());
    h.acknowledge(kAll, 1, 1, h.mark(kDisk, 12));
    CHECK_THAT(h.broken(), Contains("after a failed sync"));
}

TEST_CASE("checker: a read below the high watermark gets a record or an error", "[sim][checker]") {
    History h;
    h.acknowledge(kAll, 0, 0);
    h.checker.on_fetched(kDisk, {Offset(1), Offset(1), {}}, h.mark(kDisk));
    CHECK(h.broken().empty());
    h.checker.on_fetched(kDisk, {Offset(0), Offset(1), {}}, h.mark(kDisk));
    CHECK_THAT(h.broken(), Contains("got nothing at offset 0"));
}

TEST_CASE("checker: a read may be refused as damaged only in a damaged partition",
          "[sim][checker]") {
    History h;
    SECTION("also if the request was sent before the damage, or answered after the repair") {
        const auto before = h.mark(kDisk);
        h.checker.on_damaged(kDisk);
        const auto during = h.mark(kDisk);
        h.checker.on_repaired();
        h.checker.on_damage_reported(kDisk, Offset(0), before);
        h.checker.on_damage_reported(kDisk, Offset(0), during);
        CHECK(h.broken().empty());
        CHECK(h.checker.damage_reports() == 2);
        h.checker.on_damage_reported(kDisk, Offset(0), h.mark(kDisk));
        CHECK_THAT(h.broken(), Contains("was reported as damaged, but nothing was damaged"));
    }
    SECTION("not in another partition") {
        h.checker.on_damaged(kMemory);
        h.checker.on_damage_reported(kDisk, Offset(0), h.mark(kDisk));
        CHECK_THAT(h.broken(), Contains("was reported as damaged, but nothing was damaged"));
    }
}

}  // namespace
}  // namespace hw::sim
