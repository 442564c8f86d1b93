#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tools/perf/group_member.h"
#include "tools/perf/process.h"

namespace hw::perf {

/// A change of groups, and how long it took until they were stable again. A group is stable when
/// all its members have the same epoch, and each partition has one owner, with equal shares.
struct GroupStep {
    std::string_view name;                          ///< "join", "add", "crash"
    std::chrono::nanoseconds stable{0};             ///< since the step began
    std::chrono::nanoseconds stable_after_join{0};  ///< since the last member joined; not for crash
    /// When a member was first told of the change. Nothing for the first step.
    std::optional<std::chrono::nanoseconds> told;
    std::int32_t epoch = 0;  ///< the highest of the groups
};

/// Result and cost of a load of groups.
struct GroupReport {
    GroupProtocol protocol = GroupProtocol::consumer;
    std::string topic;
    std::int32_t partitions = 0;
    bool is_created = false;  ///< the topic was created for this run
    std::size_t groups = 0;
    std::size_t members = 0;  ///< of each group
    std::size_t connections = 0;
    std::vector<GroupStep> steps;
    GroupTally tally;
    Costs costs;  ///< from the first join to the end of the last step
    /// Resident memory of the broker at the end of the first step, less that before connecting.
    std::optional<std::int64_t> memory;
    std::optional<std::string> failure;  ///< why it ended early

    [[nodiscard]] bool is_success() const { return !failure && tally.overlaps == 0; }
};

/// Aligned lines for people.
[[nodiscard]] std::string to_text(const GroupReport& report);

/// One JSON object on one line. Its keys name the units; what was not measured is null.
[[nodiscard]] std::string to_json(const GroupReport& report);

}  // namespace hw::perf
