#include "tools/client/range_assignor.h"

#include <algorithm>
#include <tuple>

namespace hw::client {
namespace {

/// Static members come first.
auto rank(const Subscriber* member) {
    return std::tuple(!member->instance.has_value(),
                      std::string_view(member->instance ? *member->instance : member->member));
}

}  // namespace

std::map<std::string, std::vector<PartitionName>> assign_ranges(
    const std::vector<Subscriber>& members, const std::map<std::string, std::int32_t>& partitions) {
    std::map<std::string, std::vector<PartitionName>> assignment;
    std::map<std::string_view, std::vector<const Subscriber*>> by_topic;
    for (const Subscriber& member : members) {
        assignment[member.member];
        for (const std::string& topic : member.topics) {
            by_topic[topic].push_back(&member);
        }
    }
    for (const auto& [topic, count] : partitions) {
        auto& wanting = by_topic[topic];
        std::ranges::sort(wanting, {}, rank);
        std::int32_t next = 0;
        auto members_left = static_cast<std::int32_t>(wanting.size());
        for (const Subscriber* member : wanting) {
            const std::int32_t share = (count - next + members_left - 1) / members_left;
            --members_left;
            for (const std::int32_t end = next + share; next < end; ++next) {
                assignment[member->member].push_back({topic, PartitionIndex(next)});
            }
        }
    }
    return assignment;
}

}  // namespace hw::client
