#pragma once

#include <cstdint>
#include <string_view>

#include "broker/net/request_context.h"

/// Bit sets of authorized operations (KIP-430): bit n is set if the caller may do ACL operation n.
namespace hw::broker {

/// The value for a caller that did not ask.
inline constexpr std::int32_t kOperationsNotAsked = INT32_MIN;

[[nodiscard]] std::int32_t topic_operations(const RequestContext& who, std::string_view topic);
[[nodiscard]] std::int32_t group_operations(const RequestContext& who, std::string_view group);
[[nodiscard]] std::int32_t cluster_operations(const RequestContext& who);

}  // namespace hw::broker
