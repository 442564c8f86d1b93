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
struct Clients {
    Checker checker{{{.durability = Durability::disk}, {.durability = Durability::memory}},
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
        const FetchedRecords one{.from = Offset(offset),
                                 .high_watermark = Offset(offset + 1),
                                 .records = {{Offset(offset), make_value(producer, number, 0)}}};
        checker.on_fetched(partition, one, mark_without_watermark(partition));
    }
    void read_nothing(PartitionNumber partition, std::int64_t from, std::int64_t high_watermark) {
        const FetchedRecords none{
            .from = Offset(from), .high_watermark = Offset(high_watermark), .records = {}};
        checker.on_fetched(partition, none, mark(partition));
    }
    /// The mark of a request that was sent before any high watermark was seen.
    [[nodiscard]] Checker::Mark mark_without_watermark(PartitionNumber partition) const {
        Checker::Mark at = mark(partition);
        at.high_watermark = Offset(0);
        return at;
    }
    [[nodiscard]] std::string broken() const { return checker.broken().value_or(""); }
};

TEST_CASE("checker: a history that keeps every record breaks no rule", "[sim][checker]") {
    Clients h;
    h.acknowledge(kAll, 0, 0);
    h.acknowledge(kLeader, 0, 1);
    h.read(kDisk, 0, kAll, 0);
    h.read(kDisk, 1, kLeader, 0);
    h.checker.on_power_loss(kDisk);
    h.read(kDisk, 0, kAll, 0);
    h.checker.on_end();
    CHECK(h.broken().empty());
}

TEST_CASE("checker: the high watermark of a disk topic outlives a power loss", "[sim][checker]") {
    Clients h;
    h.acknowledge(kAll, 0, 0);
    h.checker.on_power_loss(kDisk);
    SECTION("a lower one is noticed") {
        h.read_nothing(kDisk, 0, 0);
        CHECK_THAT(h.broken(), Contains("the high watermark fell from 1 to 0"));
    }
    SECTION("an offset that is out of range is noticed") {
        h.checker.on_out_of_range(kDisk, Offset(1), h.mark(kDisk));
        CHECK_THAT(h.broken(), Contains("out of range"));
    }
}

TEST_CASE("checker: several replicas do not promise what one replica does", "[sim][checker]") {
    Checker checker({{.durability = Durability::disk, .replication_factor = 3}},
                    {{.partition = kDisk, .acks = Acks::leader}});
    const Checker::Mark mark = checker.mark(kDisk, {});
    checker.on_acknowledged({ProducerNumber(0), Offset(0), {make_value(ProducerNumber(0), 0, 0)}},
                            mark);
    checker.on_end();
    CHECK(checker.end_offset(kDisk) == Offset(0));
    CHECK_FALSE(checker.broken().has_value());
}

TEST_CASE("checker: what an old leader acknowledged after an unclean election need not be there",
          "[sim][checker]") {
    const bool is_unclean = GENERATE(true, false);
    Checker checker({{.durability = Durability::disk, .replication_factor = 3}},
                    {{.partition = kDisk, .acks = Acks::all}});
    if (is_unclean) {
        checker.on_unclean_election(kDisk);
    }
    checker.on_acknowledged({ProducerNumber(0), Offset(0), {make_value(ProducerNumber(0), 0, 0)}},
                            checker.mark(kDisk, {}));
    CHECK(checker.end_offset(kDisk) == Offset(1));
    checker.begin_final_read(kDisk, Offset(2));
    CHECK(checker.end_offset(kDisk) == Offset(1));
    checker.begin_final_read(kDisk, Offset(0));
    CHECK(checker.end_offset(kDisk) == Offset(is_unclean ? 0 : 1));
}

TEST_CASE("checker: a record of acks=1 outlives a process kill, not a power loss",
          "[sim][checker]") {
    Clients h;
    h.acknowledge(kLeader, 0, 0);
    SECTION("a power loss may take it") {
        h.checker.on_power_loss(kDisk);
        h.read(kDisk, 0, kAll, 0);
        CHECK(h.broken().empty());
    }
    SECTION("nothing else may") {
        h.read(kDisk, 0, kAll, 0);
        CHECK_THAT(h.broken(), Contains("'1-0' was acknowledged at offset 0, which now holds"));
    }
    SECTION("its absence at the end is noticed") {
        CHECK(h.checker.end_offset(kDisk) == Offset(1));
        h.checker.on_end();
        CHECK_THAT(h.broken(), Contains("could not be read at the end"));
    }
    SECTION("a power loss may take it before its acknowledgement arrives") {
        const Checker::Mark before = h.mark(kDisk);
        h.checker.on_power_loss(kDisk);
        h.acknowledge(kLeader, 1, 1, before);
        CHECK(h.checker.end_offset(kDisk) == Offset(0));
    }
}

TEST_CASE("checker: a memory topic may lose records at a power loss of its machine, and only then",
          "[sim][checker]") {
    Clients h;
    h.acknowledge(kInMemory, 0, 0);
    SECTION("at a power loss") {
        h.checker.on_power_loss(kMemory);
        h.read_nothing(kMemory, 0, 0);
        CHECK(h.broken().empty());
    }
    SECTION("without a power loss") {
        h.checker.on_power_loss(kDisk);
        h.read_nothing(kMemory, 0, 0);
        CHECK_THAT(h.broken(), Contains("the high watermark fell"));
    }
}

TEST_CASE("checker: a disk topic does not forget an idempotent producer", "[sim][checker]") {
    Clients h;
    h.checker.on_out_of_sequence(kIdempotent);
    CHECK_THAT(h.broken(), Contains("was forgotten by a disk topic"));
}

TEST_CASE("checker: a batch sent after a failed sync may not be acknowledged as durable",
          "[sim][checker]") {
    Clients h;
    h.checker.on_sync_failed(kDisk, TimePoint(std::chrono::seconds(10)));
    h.acknowledge(kAll, 0, 0, h.mark(kDisk, 10));
    CHECK(h.broken().empty());
    h.acknowledge(kAll, 1, 1, h.mark(kDisk, 12));
    CHECK_THAT(h.broken(), Contains("after a failed sync"));
}

TEST_CASE("checker: a read below the high watermark gets a record or an error", "[sim][checker]") {
    Clients h;
    h.acknowledge(kAll, 0, 0);
    h.read_nothing(kDisk, 1, 1);
    CHECK(h.broken().empty());
    h.read_nothing(kDisk, 0, 1);
    CHECK_THAT(h.broken(), Contains("got nothing at offset 0"));
}

TEST_CASE("checker: a read may be refused as damaged only in a damaged partition",
          "[sim][checker]") {
    Clients h;
    SECTION("also if the request was sent before the damage, or answered after the repair") {
        const auto before = h.mark(kDisk);
        h.checker.on_damaged(kDisk);
        const auto during = h.mark(kDisk);
        h.checker.on_repaired(kDisk);
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
