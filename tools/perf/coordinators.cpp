#include "tools/perf/coordinators.h"

#include <algorithm>
#include <span>
#include <string_view>

#include <fmt/format.h>

#include "protocol/schema/api/find_coordinator.h"
#include "tools/client/group_coordinator.h"

namespace hw::perf {
namespace {

/// Groups that one request asks for.
constexpr std::size_t kGroupsPerRequest = 1000;

/// Adds the coordinators of `groups`, which are the next ones. Errors: busy (one has none now),
/// those of Client::call.
Result<void> add_coordinators(client::Client& client, std::span<const std::string> groups,
                              const client::Deadline& deadline, Coordinators& found) {
    const std::vector<std::string_view> keys(groups.begin(), groups.end());
    schema::FindCoordinatorRequest request;
    request.coordinator_keys = keys;
    HW_TRY(answer, client.call<schema::FindCoordinatorResponse>(request, deadline));
    if (answer->coordinators.size() != groups.size()) {
        return fail(ErrorKind::corrupt, "the answer names {} coordinators, not {}",
                    answer->coordinators.size(), groups.size());
    }
    for (std::size_t i = 0; i < groups.size(); ++i) {
        const auto& each = answer->coordinators[i];
        if (each.error_code != wire::ErrorCode::none) {
            return std::unexpected(
                client::group_error(each.error_code, groups[i], each.error_message));
        }
        const config::Address address{std::string(each.host),
                                      static_cast<std::uint16_t>(each.port)};
        const auto known = std::ranges::find(found.brokers, address);
        found.broker_of.push_back(static_cast<std::size_t>(known - found.brokers.begin()));
        if (known == found.brokers.end()) {
            found.brokers.push_back(address);
        }
    }
    return {};
}

}  // namespace

std::string group_name(const std::string& prefix, std::size_t number) {
    return fmt::format("{}-{}", prefix, number);
}

Result<Coordinators> find_coordinators(client::Client& client,
                                       const std::vector<std::string>& groups) {
    constexpr ApiVersion kAsksForMany{4};
    HW_TRY(version, client.newest_version(schema::FindCoordinatorRequest::kKey,
                                          schema::FindCoordinatorRequest::kVersions.high));
    if (version < kAsksForMany) {
        return fail(ErrorKind::unsupported,
                    "the broker serves FindCoordinator up to version {}, and {} is needed", version,
                    kAsksForMany);
    }
    return client.retried(
        client::Retry::any, [&](const client::Deadline& deadline) -> Result<Coordinators> {
            Coordinators found;
            for (std::span<const std::string> left(groups); !left.empty();) {
                const std::size_t count = std::min(left.size(), kGroupsPerRequest);
                HW_TRY_VOID(add_coordinators(client, left.first(count), deadline, found));
                left = left.subspan(count);
            }
            return found;
        });
}

}  // namespace hw::perf
