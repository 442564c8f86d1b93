#include "broker/coordinator/group/group_machine.h"

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "protocol/base/random.h"
#include "test/sim/scheduler.h"
#include "test/sim/sim_clock.h"
#include "test/sim/sim_shard.h"
#include "test/support/log_lines.h"

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
    CHECK(committed.text() == "m");
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

/// A machine whose decisions are carried out at once.
struct Decided {
    void carry_out(Decision& decision) {
        for (const auto& record : decision.records) {
            REQUIRE(machine.apply(record.key(), record.value()).has_value());
        }
        for (auto& then : std::exchange(decision.then, {})) {
            then(nullptr, decision);
        }
    }
    JoinCall join(std::string_view id, Duration session) {
        const auto call = std::make_shared<CallFor<JoinAnswer>>(shard);
        Decision decision;
        machine.join(kGroup,
                     {.member = {},
                      .instance = {},
                      .client_id = "c",
                      .client_host = "h",
                      .protocol_type = "consumer",
                      .protocols = {{"range", ""}},
                      .rebalance_timeout = std::chrono::minutes(5),
                      .session_timeout = session,
                      .new_id = id,
                      .call = call},
                     nullptr, {now, Timestamp(0)}, decision);
        carry_out(decision);
        return call;
    }
    void sync(std::string_view id) {
        Decision decision;
        machine.sync(kGroup,
                     {.member = id,
                      .instance = {},
                      .generation = 1,
                      .protocol_type = {},
                      .protocol = {},
                      .assignments = {},
                      .call = std::make_shared<CallFor<SyncAnswer>>(shard)},
                     nullptr, {now, Timestamp(0)}, decision);
        carry_out(decision);
    }
    void wake() {
        Decision decision;
        machine.on_deadline(now, Timestamp(0), decision);
        carry_out(decision);
    }

    sim::Scheduler scheduler{1};
    sim::SimShard shard{scheduler, 1, 0};
    TimePoint now{};
    GroupMachine machine{{.classic = {.initial_delay = {}, .max_size = 10}}};
};

TEST_CASE("group machine: it wakes for the sessions that begin when a generation is stored",
          "[groups]") {
    Decided decided;
    static_cast<void>(decided.join("a", std::chrono::minutes(30)));
    static_cast<void>(decided.join("b", std::chrono::seconds(10)));
    decided.wake();
    decided.sync("b");
    decided.now += std::chrono::seconds(10);
    decided.wake();  // it waits for the leader, so it needs no heartbeats
    decided.sync("a");
    CHECK(decided.machine.next_deadline() <= decided.now + std::chrono::seconds(10));
    decided.now += std::chrono::seconds(11);
    decided.wake();
    CHECK(decided.machine.find(kGroup)->classic->members().size() == 1);
}

/// The memory of the groups of a node, with a limit.
struct Limited {
    ErrorCode commit(std::string_view group, std::int32_t partition) {
        const OffsetToCommit offset = offset_of(1, "t", partition);
        OffsetCommitResult result;
        for (const auto& record : machine->commit({.group = group,
                                                   .member = {},
                                                   .instance = {},
                                                   .generation = -1,
                                                   .offsets = {&offset, 1},
                                                   .now = Timestamp(1000),
                                                   .expires_at = {}},
                                                  TimePoint(), result)) {
            REQUIRE(machine->apply(record.key(), record.value()).has_value());
        }
        return result.offsets.front();
    }
    void remove(std::string_view group) {
        ErrorCode refusal = ErrorCode::none;
        for (const auto& record : machine->remove(group, refusal)) {
            REQUIRE(machine->apply(record.key(), record.value()).has_value());
        }
        REQUIRE(refusal == ErrorCode::none);
    }
    ErrorCode join(std::string_view group, std::string_view metadata) {
        const auto call = std::make_shared<CallFor<JoinAnswer>>(shard);
        Decision decision;
        machine->join(group,
                      {.member = {},
                       .instance = {},
                       .client_id = "c",
                       .client_host = "h",
                       .protocol_type = "consumer",
                       .protocols = {{"range", std::string(metadata)}},
                       .rebalance_timeout = std::chrono::minutes(5),
                       .session_timeout = std::chrono::seconds(10),
                       .must_know_id = true,
                       .new_id = "m",
                       .call = call},
                      nullptr, {TimePoint(), Timestamp(0)}, decision);
        return call->result.code;
    }

    sim::Scheduler scheduler{1};
    sim::SimShard shard{scheduler, 1, 0};
    sim::SimClock clock{scheduler};
    test::LogLines lines;
    GroupMemory memory{10'000, clock, Logger(lines, "groups")};
    std::unique_ptr<GroupMachine> machine = std::make_unique<GroupMachine>(
        GroupMachine::Options{.memory = &memory, .classic = {.initial_delay = {}, .max_size = 10}});
};

TEST_CASE("group machine: beyond the limit of memory only what is new is refused", "[groups]") {
    Limited groups;
    std::int32_t partitions = 0;
    while (groups.commit("g", partitions) == ErrorCode::none) {
        ++partitions;
        REQUIRE(partitions < 1000);
    }
    CHECK(partitions > 20);
    CHECK(groups.commit("g", partitions) == ErrorCode::coordinator_not_available);
    CHECK(groups.lines.lines.size() == 1);  // one in a minute
    CHECK(groups.commit("g", 0) == ErrorCode::none);
    CHECK(groups.join("other", "topics") == ErrorCode::coordinator_not_available);
    groups.remove("g");
    CHECK(groups.memory.bytes() == 0);
    CHECK(groups.join("other", "topics") == ErrorCode::member_id_required);
    CHECK(groups.join("other", std::string(20'000, 'x')) == ErrorCode::coordinator_not_available);
    CHECK(groups.memory.bytes() > 0);
    groups.machine.reset();
    CHECK(groups.memory.bytes() == 0);
}

TEST_CASE("group machine: the memory of offsets is what is left after any changes", "[groups]") {
    Limited groups;
    groups.memory.change(-1'000'000'000);
    Random random(1);
    for (int i = 0; i < 2000; ++i) {
        const std::string name = fmt::format("g{}", random.below(3));
        if (random.below(10) != 0) {
            CHECK(groups.commit(name, static_cast<std::int32_t>(random.below(5))) ==
                  ErrorCode::none);
        } else if (groups.machine->find(name) != nullptr) {
            groups.remove(name);
        }
    }
    for (const char* name : {"g0", "g1", "g2"}) {
        if (groups.machine->find(name) != nullptr) {
            groups.remove(name);
        }
    }
    CHECK(groups.memory.bytes() == -1'000'000'000);
}

}  // namespace
}  // namespace hw::broker
