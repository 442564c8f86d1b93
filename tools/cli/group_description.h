#pragma once

#include <string>

#include "tools/client/group_lag.h"

/// A group with its members and partitions, as text and as JSON.
namespace hw::cli {

/// Lines with names and values, a table of the members and one of the partitions, and a sentence
/// for each reason why the group is rebalancing.
[[nodiscard]] std::string text_of(const client::GroupLag& description);

/// An object; null stands for what the protocol of the group does not have.
[[nodiscard]] std::string json_of(const client::GroupLag& description);

}  // namespace hw::cli
