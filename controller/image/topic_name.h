#pragma once

#include <string_view>

#include "protocol/base/result.h"

namespace hw::controller {

/// Success when `name` may be a topic's: 1 to 249 of letters, digits, '.', '_' and '-', but neither
/// "." nor "..". Errors: invalid, with the rule that is broken.
[[nodiscard]] Result<void> check_topic_name(std::string_view name);

/// The topic whose partition is the metadata log; clients may not create it.
inline constexpr std::string_view kMetadataTopic = "__cluster_metadata";

/// True for the topics that the brokers keep their own state in.
[[nodiscard]] bool is_internal_topic(std::string_view name);

}  // namespace hw::controller
