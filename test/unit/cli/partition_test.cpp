#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "tools/cli/partition_filter.h"
#include "tools/cli/partition_text.h"

namespace hw::cli {
namespace {

using enum PartitionFilter;

std::vector<BrokerId> ids(std::size_t count) {
    std::vector<BrokerId> ids;
    for (std::size_t i = 1; i <= count; ++i) {
        ids.emplace_back(static_cast<std::int32_t>(i));
    }
    return ids;
}

client::PartitionView partition(std::size_t in_sync, std::size_t replicas) {
    return {.index = PartitionIndex(4),
            .leader = BrokerId(1),
            .leader_epoch = LeaderEpoch(7),
            .replicas = ids(replicas),
            .in_sync = ids(in_sync),
            .offline = {}};
}

Arguments given(const std::vector<std::string>& options) {
    Arguments arguments;
    for (const std::string& option : options) {
        arguments.add_option(option, {});
    }
    return arguments;
}

TEST_CASE("partition filter: each option chooses one, and no option all partitions", "[cli]") {
    CHECK(filter_of(given({})) == all);
    CHECK(filter_of(given({"under-replicated"})) == under_replicated);
    CHECK(filter_of(given({"under-min-isr"})) == under_min_isr);
    CHECK(filter_of(given({"without-leader"})) == without_leader);
    // The older name.
    CHECK(filter_of(given({"offline"})) == without_leader);
    CHECK(filter_of(given({"offline", "without-leader"})) == without_leader);
}

TEST_CASE("partition filter: two of the options are refused", "[cli]") {
    const auto filter = filter_of(given({"offline", "under-min-isr"}));
    REQUIRE_FALSE(filter);
    CHECK(filter.error().kind == ErrorKind::invalid);
    CHECK(filter.error().message ==
          "give only one of --under-replicated, --under-min-isr and --without-leader");
}

TEST_CASE("partition filter: a partition is under-replicated if a replica is not in the ISR",
          "[cli]") {
    CHECK(matches(under_replicated, partition(2, 3), 1));
    CHECK_FALSE(matches(under_replicated, partition(3, 3), 1));
    CHECK(matches(all, partition(3, 3), 1));
}

TEST_CASE("partition filter: a partition is under its minimum if acks=all would be refused",
          "[cli]") {
    CHECK(matches(under_min_isr, partition(1, 3), 2));
    CHECK_FALSE(matches(under_min_isr, partition(2, 3), 2));
    CHECK(matches(under_min_isr, partition(0, 3), 0));
}

TEST_CASE("partition filter: no more replicas must be in sync than the partition has", "[cli]") {
    CHECK(isr_size_needed(partition(2, 2), 3) == 2);
    CHECK_FALSE(matches(under_min_isr, partition(2, 2), 3));
    CHECK(matches(under_min_isr, partition(1, 2), 3));
}

TEST_CASE("partition filter: a partition without a leader can be asked for", "[cli]") {
    client::PartitionView leaderless = partition(1, 3);
    CHECK_FALSE(matches(without_leader, leaderless, 1));
    leaderless.leader = kNoBroker;
    CHECK(matches(without_leader, leaderless, 1));
}

TEST_CASE("partition filter: if none matches, a sentence names the condition and the topics",
          "[cli]") {
    CHECK(none_matches(under_replicated, {}) == "No partition is under-replicated.");
    CHECK(none_matches(under_min_isr, {}) == "No partition is under its min.insync.replicas.");
    CHECK(none_matches(without_leader, {"a", "b"}) == "No partition of a, b is without a leader.");
    CHECK(none_matches(all, {}) == "There is no partition.");
}

TEST_CASE("partition text: a row has the ids of brokers, or a word where there is none", "[cli]") {
    client::PartitionView view = partition(2, 3);
    CHECK(partition_row(view) == Table::Row{"4", "1", "7", "1,2,3", "1,2", "-"});
    view.leader = kNoBroker;
    CHECK(partition_row(view)[1] == "none");
    CHECK(partition_row(view).size() == partition_titles().size());
}

TEST_CASE("partition text: the JSON has the same values, with -1 for no leader", "[cli]") {
    client::PartitionView view = partition(1, 2);
    view.leader = kNoBroker;
    view.offline = {BrokerId(2)};
    std::string text;
    schema::JsonPrinter json(text);
    json.begin_object();
    put_partition(json, view);
    json.end_object();
    CHECK(text == R"({"partition":4,"leader":-1,"leaderEpoch":7,"replicas":[1,2],"isr":[1],)"
                  R"("offline":[2]})");
}

}  // namespace
}  // namespace hw::cli
