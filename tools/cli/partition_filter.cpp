#include "tools/cli/partition_filter.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace hw::cli {
namespace {

using enum PartitionFilter;

constexpr std::array<std::pair<std::string_view, PartitionFilter>, 4> kFilters{
    {{"under-replicated", under_replicated},
     {"under-min-isr", under_min_isr},
     {"without-leader", without_leader},
     {"offline", without_leader}}};

/// What the partitions of a filter are, as in "no partition is without a leader".
std::string_view condition_of(PartitionFilter filter) {
    switch (filter) {
        case all:
            return "";
        case under_replicated:
            return "under-replicated";
        case under_min_isr:
            return "under its min.insync.replicas";
        case without_leader:
            return "without a leader";
    }
    return "";
}

}  // namespace

std::vector<Option> filter_options() {
    return {{.name = "under-replicated", .help = "only partitions with a replica outside the ISR"},
            {.name = "under-min-isr",
             .help = "only partitions with fewer replicas in the ISR than min.insync.replicas"},
            {.name = "without-leader", .help = "only partitions without a leader"},
            {.name = "offline", .help = "the older name of --without-leader"}};
}

Result<PartitionFilter> filter_of(const Arguments& arguments) {
    PartitionFilter chosen = all;
    for (const auto& [option, filter] : kFilters) {
        if (!arguments.has(option) || chosen == filter) {
            continue;
        }
        if (chosen != all) {
            return fail(
                ErrorKind::invalid,
                "give only one of --under-replicated, --under-min-isr and --without-leader");
        }
        chosen = filter;
    }
    return chosen;
}

std::size_t isr_size_needed(const client::PartitionView& partition,
                            std::int32_t min_insync_replicas) {
    return std::min(static_cast<std::size_t>(std::max(min_insync_replicas, 1)),
                    partition.replicas.size());
}

bool matches(PartitionFilter filter, const client::PartitionView& partition,
             std::int32_t min_insync_replicas) {
    switch (filter) {
        case all:
            return true;
        case under_replicated:
            return partition.in_sync.size() < partition.replicas.size();
        case under_min_isr:
            return partition.in_sync.size() < isr_size_needed(partition, min_insync_replicas);
        case without_leader:
            return partition.leader == kNoBroker;
    }
    return false;
}

std::string none_matches(PartitionFilter filter, const std::vector<std::string>& topics) {
    const std::string of_topics =
        topics.empty() ? "" : fmt::format(" of {}", fmt::join(topics, ", "));
    return filter == all ? fmt::format("There is no partition{}.", of_topics)
                         : fmt::format("No partition{} is {}.", of_topics, condition_of(filter));
}

}  // namespace hw::cli
