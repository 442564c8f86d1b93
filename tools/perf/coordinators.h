#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "config/address.h"
#include "protocol/base/result.h"
#include "tools/client/client.h"

namespace hw::perf {

/// The coordinators of groups.
struct Coordinators {
    std::vector<config::Address> brokers;
    std::vector<std::size_t> broker_of;  ///< of each group, its index in `brokers`
};

/// Finds the coordinators of `groups`, and waits while a group has none. Errors: unsupported (a
/// broker before Kafka 3.0), busy (none in time), those of Client::call.
[[nodiscard]] Result<Coordinators> find_coordinators(client::Client& client,
                                                     const std::vector<std::string>& groups);

/// The name of the group with that number: "perf-group-0".
[[nodiscard]] std::string group_name(const std::string& prefix, std::size_t number);

}  // namespace hw::perf
