#pragma once

#include <string_view>

#include "protocol/base/result.h"

namespace hw::controller {

/// Checks a topic name: 1 to 249 letters, digits, '.', '_' and '-', but neither "." nor "..".
/// Errors: invalid; the message names the broken rule.
[[nodiscard]] Result<void> check_topic_name(std::string_view name);

/// The topic whose partition is the metadata log; clients may not create it.
inline constexpr std::string_view kMetadataTopic = "__cluster_metadata";

/// The topic that holds the committed offsets and the members of groups.
inline constexpr std::string_view kOffsetsTopic = "__consumer_offsets";

/// True for the topics in which the brokers keep their own state.
[[nodiscard]] bool is_internal_topic(std::string_view name);

}  // namespace hw::controller
