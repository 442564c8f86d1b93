#include "broker/coordinator/group/group_machine.h"

#include <array>
#include <map>
#include <optional>
#include <string>

#include <catch2/catch.hpp>

#include "protocol/base/random.h"

namespace hw::broker {
namespace {

using wire::ErrorCode;

constexpr std::string_view kGroup = "g";

/// A machine with a log: what its operations return is applied, as a coordinator does.
struct Logged {
    void append(CoordinatorRecords records) {
        for (const auto& record : records) {
            REQUIRE(machine.apply(record.key(), record.value()).has_value());
        }
        for (auto& record : records) {
            log.push_back(std::move(record));
        }
    }
    OffsetCommitResult commit(std::string_view group, const OffsetToCommit& offset,
                              std::optional<Timestamp> expires_at = {}) {
        OffsetCommitResult result;
        append(machine.commit({.group = group,
                               .member = {},
                               .instance = {},
                               .generation = -1,
                               .offsets = {&offset, 1},
                               .now = Timestamp(1000),
                               .expires_at = expires_at},
                              TimePoint(), result));
        return result;
    }
    ErrorCode remove(std::string_view group, std::string_view topic, PartitionIndex partition) {
        const NamedPartition named{topic, partition};
        OffsetCommitResult result;
        append(machine.remove(group, {&named, 1}, result));
        return result.refusal;
    }

    GroupMachine machine{{}};
    CoordinatorRecords log;
};

OffsetToCommit offset_of(std::int64_t offset, std::string_view topic = "t",
                         std::int32_t partition = 0) {
    return {.topic = topic,
            .topic_id = TopicId(Uuid{1, 2}),
            .partition = PartitionIndex(partition),
            .offset = Offset(offset),
            .leader_epoch = LeaderEpoch(4),
            .metadata = "m"};
}

TEST_CASE("group machine: an operation changes nothing before its records are applied",
          "[groups]") {
    GroupMachine machine({});
    const OffsetToCommit offset = offset_of(7);
    OffsetCommitResult result;
    const auto records = machine.commit({.group = kGroup,
                                         .member = {},
                                         .instance = {},
                                         .generation = -1,
                                         .offsets = {&offset, 1},
                                         .now = Timestamp(1000),
                                         .expires_at = {}},
                                        TimePoint(), result);
    CHECK(result.offsets == std::vector{ErrorCode::none});
    REQUIRE(records.size() == 1);
    CHECK(machine.find(kGroup) == nullptr);
    REQUIRE(machine.apply(records[0].key(), records[0].value()));
    const CommittedOffset& committed = machine.find(kGroup)->offsets.at("t").at(PartitionIndex(0));
    CHECK(committed.offset == Offset(7));
    CHECK(committed.leader_epoch == LeaderEpoch(4));
    CHECK(committed.metadata == "m");
    CHECK(committed.committed_at == Timestamp(1000));
    CHECK_FALSE(committed.expires_at.has_value());
    CHECK(committed.topic_id == TopicId(Uuid{1, 2}));
}

TEST_CASE("group machine: a commit with a retention time of its own keeps when it ends",
          "[groups]") {
    Logged logged;
    logged.commit(kGroup, offset_of(7), Timestamp(9000));
    CHECK(logged.machine.find(kGroup)->offsets.at("t").at(PartitionIndex(0)).expires_at ==
          Timestamp(9000));
}

TEST_CASE("group machine: records of types that it does not know change nothing", "[groups]") {
    GroupMachine machine({});
    const std::string key("\0\xff", 2);
    CHECK(machine.apply(as_bytes(key), as_bytes(key)).has_value());
    CHECK(machine.apply(as_bytes(key), std::nullopt).has_value());
}

TEST_CASE("group machine: it holds what a map would, and so does one that is made from its log",
          "[groups][property]") {
    Random random(GENERATE(range(std::uint64_t{1}, std::uint64_t{6})));
    constexpr std::array<std::string_view, 3> kNames{"a", "b", "c"};
    using Key = std::tuple<std::string, std::string, std::int32_t>;
    std::map<Key, std::int64_t> model;
    Logged logged;
    const auto name = [&] { return kNames[random.below(kNames.size())]; };
    for (std::int64_t step = 0; step < 500; ++step) {
        const Key key{name(), name(), static_cast<std::int32_t>(random.below(3))};
        const auto& [group, topic, partition] = key;
        if (random.chance(2, 3)) {
            logged.commit(group, offset_of(step, topic, partition));
            model[key] = step;
        } else {
            const bool exists = logged.machine.find(group) != nullptr;
            CHECK(logged.remove(group, topic, PartitionIndex(partition)) ==
                  (exists ? ErrorCode::none : ErrorCode::group_id_not_found));
            model.erase(key);
        }
    }
    GroupMachine loaded({});
    for (const auto& record : logged.log) {
        REQUIRE(loaded.apply(record.key(), record.value()));
    }
    for (const GroupMachine* machine : {&logged.machine, &loaded}) {
        std::map<Key, std::int64_t> found;
        for (const std::string_view group : kNames) {
            for (const FetchedOffset& one : machine->fetch_all(group)) {
                found[{std::string(group), one.topic, one.partition.value()}] =
                    one.committed.offset.value();
            }
        }
        CHECK(found == model);
    }
}

}  // namespace
}  // namespace hw::broker
