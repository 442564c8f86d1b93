#include "broker/coordinator/group/offset_expiry.h"

#include <array>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "broker/coordinator/group/group_records.h"

namespace hw::broker {
namespace {

/// Topics "t" and "u" exist.
struct Rules : ExpiryRules {
    explicit Rules(Timestamp at) : ExpiryRules{.retention = std::chrono::seconds(10), .now = at} {
        topics.put(controller::TopicImage{.id = kTopic, .name = "t", .partitions = {}});
        topics.put(
            controller::TopicImage{.id = TopicId(Uuid{1, 2}), .name = "u", .partitions = {}});
        image = &topics;
    }
    Rules(const Rules&) = delete;
    Rules& operator=(const Rules&) = delete;

    static constexpr TopicId kTopic{Uuid{1, 1}};
    controller::MetadataImage topics{"cluster"};
};

void put(GroupMachine& machine, const schema::EncodedGroupRecord& record) {
    REQUIRE(machine.apply(record.key(), record.value()).has_value());
}

void put(GroupMachine& machine, const CoordinatorRecords& records) {
    for (const auto& record : records) {
        put(machine, record);
    }
}

struct Commit {
    std::string_view group;
    std::int64_t offset = 7;
    Timestamp at{1000};
    std::string_view topic = "t";
    std::optional<Timestamp> expires_at = {};
    TopicId topic_id = {};
};

void commit(GroupMachine& machine, const Commit& commit) {
    const OffsetToCommit one{.topic = commit.topic,
                             .topic_id = commit.topic_id,
                             .partition = PartitionIndex(0),
                             .offset = Offset(commit.offset),
                             .metadata = {}};
    OffsetCommitResult result;
    put(machine, machine.commit({.group = commit.group,
                                 .member = {},
                                 .instance = {},
                                 .generation = -1,
                                 .offsets = {&one, 1},
                                 .now = commit.at,
                                 .expires_at = commit.expires_at},
                                TimePoint(), result));
}

/// The group has had members; the last one left at `since`.
void apply_empty(GroupMachine& machine, std::string_view group, Timestamp since) {
    put(machine, classic_record(group, {.protocol_type = "consumer",
                                        .generation = 3,
                                        .protocol = {},
                                        .leader = {},
                                        .state_since = since,
                                        .members = {}}));
}

/// Makes the group stable, with one member.
void apply_stable(GroupMachine& machine, std::string_view group) {
    ClassicMember member;
    member.id = "m";
    put(machine, classic_record(group, {.protocol_type = "consumer",
                                        .generation = 3,
                                        .protocol = "range",
                                        .leader = "m",
                                        .state_since = Timestamp(0),
                                        .members = {std::move(member)}}));
}

std::vector<std::string> expired_at(const GroupMachine& machine, Timestamp now) {
    std::vector<std::string> names;
    for (const ExpiredOffset& one : find_expired(machine, {}, 1000, Rules(now)).offsets) {
        names.push_back(one.group + (one.expiry == Expiry::if_read ? "?" : "!"));
    }
    return names;
}

TEST_CASE("offset expiry: an offset is kept for its retention, and ten times that if it is unread",
          "[groups]") {
    GroupMachine machine({});
    commit(machine, {.group = "g"});
    CHECK(expired_at(machine, Timestamp(10'999)).empty());
    CHECK(expired_at(machine, Timestamp(11'000)) == std::vector<std::string>{"g?"});
    CHECK(expired_at(machine, Timestamp(100'999)) == std::vector<std::string>{"g?"});
    CHECK(expired_at(machine, Timestamp(101'000)) == std::vector<std::string>{"g!"});
}

TEST_CASE("offset expiry: the retention begins when the last member has left", "[groups]") {
    GroupMachine machine({});
    commit(machine, {.group = "g"});
    apply_empty(machine, "g", Timestamp(5000));
    CHECK(expired_at(machine, Timestamp(14'999)).empty());
    CHECK(expired_at(machine, Timestamp(15'000)) == std::vector<std::string>{"g?"});
}

TEST_CASE("offset expiry: a group with members keeps its offsets", "[groups]") {
    GroupMachine machine({});
    commit(machine, {.group = "g"});
    apply_stable(machine, "g");
    CHECK(expired_at(machine, Timestamp(1'000'000)).empty());
}

TEST_CASE("offset expiry: a commit may have a retention of its own", "[groups]") {
    GroupMachine machine({});
    commit(machine, {.group = "long", .expires_at = Timestamp(50'000)});
    commit(machine, {.group = "short", .expires_at = Timestamp(2000)});
    CHECK(expired_at(machine, Timestamp(1999)).empty());
    CHECK(expired_at(machine, Timestamp(2000)) == std::vector<std::string>{"short?"});
    CHECK(expired_at(machine, Timestamp(50'000)) == std::vector<std::string>{"long?", "short?"});
}

TEST_CASE("offset expiry: any times in the log do no harm", "[groups]") {
    constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
    // In the record of a commit -1 stands for none.
    constexpr std::int64_t kNone = -1;
    constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min();
    for (const std::int64_t time : {kMost, kLeast, kNone}) {
        GroupMachine machine({});
        commit(machine, {.group = "a", .at = Timestamp(time)});
        commit(machine, {.group = "b", .at = Timestamp(0), .expires_at = Timestamp(time)});
        apply_empty(machine, "a", Timestamp(time));
        CHECK(expired_at(machine, Timestamp(5000)).size() == (time == kLeast ? 1 : 0));
    }
}

TEST_CASE("offset expiry: pages cover all groups, and divide none", "[groups]") {
    GroupMachine machine({});
    for (const std::string_view group : {"a", "b", "c", "d"}) {
        commit(machine, {.group = group, .at = Timestamp(0), .topic = "t"});
        commit(machine, {.group = group, .at = Timestamp(0), .topic = "u"});
    }
    std::string after;
    std::vector<std::string> seen;
    for (int pages = 0; pages < 10; ++pages) {
        const ExpiryPage page = find_expired(machine, after, 4, Rules(Timestamp(20'000)));
        for (const ExpiredOffset& one : page.offsets) {
            seen.push_back(one.group + one.topic);
        }
        CHECK(page.offsets.size() == 4);
        after = page.last;
        if (page.is_end) {
            break;
        }
    }
    CHECK(seen == std::vector<std::string>{"at", "au", "bt", "bu", "ct", "cu", "dt", "du"});
}

TEST_CASE("offset expiry: an offset that was committed again is not removed", "[groups]") {
    GroupMachine machine({});
    commit(machine, {.group = "again"});
    commit(machine, {.group = "gone"});
    const auto page = find_expired(machine, {}, 1000, Rules(Timestamp(20'000)));
    REQUIRE(page.offsets.size() == 2);
    SECTION("the same offset") {
        commit(machine, {.group = "again", .at = Timestamp(19'000)});
    }
    SECTION("another offset") {
        commit(machine, {.group = "again", .offset = 8});
    }
    SECTION("it has a member now") {
        apply_stable(machine, "again");
    }
    put(machine, remove_expired(machine, page.offsets, page.unused_groups));
    CHECK(machine.find("gone") == nullptr);
    CHECK(machine.fetch_all("again").size() == 1);
}

TEST_CASE("offset expiry: a group goes with its last offset, unless it has a member", "[groups]") {
    GroupMachine machine({});
    commit(machine, {.group = "g"});
    commit(machine, {.group = "g", .at = Timestamp(15'000), .topic = "u"});
    apply_empty(machine, "g", Timestamp(1000));
    apply_empty(machine, "without", Timestamp(1000));
    apply_stable(machine, "used");
    for (const std::int64_t now : {20'000, 40'000}) {
        const auto page = find_expired(machine, {}, 1000, Rules(Timestamp(now)));
        put(machine, remove_expired(machine, page.offsets, page.unused_groups));
        CHECK((machine.find("g") == nullptr) == (now == 40'000));
        CHECK(machine.find("without") == nullptr);
        CHECK(machine.find("used") != nullptr);
    }
}

TEST_CASE("offset expiry: offsets of deleted topics go at once, also those of members",
          "[groups]") {
    GroupMachine machine({});
    const Timestamp now(1000);
    commit(machine, {.group = "kept", .topic_id = Rules::kTopic});
    commit(machine, {.group = "unknown id"});
    commit(machine, {.group = "created again", .topic_id = TopicId(Uuid{1, 9})});
    commit(machine, {.group = "deleted", .topic = "gone"});
    apply_stable(machine, "deleted");
    const bool only_orphaned = GENERATE(false, true);
    Rules rules(now);
    rules.only_orphaned = only_orphaned;
    const auto page = find_expired(machine, {}, 1000, rules);
    put(machine, remove_expired(machine, page.offsets, page.unused_groups));
    CHECK(machine.fetch_all("kept").size() == 1);
    CHECK(machine.fetch_all("unknown id").size() == 1);
    CHECK(machine.find("created again") == nullptr);
    CHECK(machine.fetch_all("deleted").empty());
    CHECK(machine.find("deleted") != nullptr);
}

TEST_CASE("offset expiry: a look for deleted topics leaves all else", "[groups]") {
    GroupMachine machine({});
    commit(machine, {.group = "g"});
    apply_empty(machine, "without", Timestamp(0));
    Rules rules(Timestamp(1'000'000));
    rules.only_orphaned = true;
    const auto page = find_expired(machine, {}, 1000, rules);
    CHECK(page.offsets.empty());
    CHECK(page.unused_groups.empty());
}

}  // namespace
}  // namespace hw::broker
