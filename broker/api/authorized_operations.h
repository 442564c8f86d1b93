#pragma once

#include <cstdint>
#include <string_view>

#include "broker/net/request_context.h"

/// The bit sets of KIP-430: bit n is set where the caller may do operation n of the ACLs.
namespace hw::broker {

/// What a caller who did not ask is told.
inline constexpr std::int32_t kOperationsNotAsked = INT32_MIN;

[[nodiscard]] std::int32_t topic_operations(const RequestContext& who, std::string_view topic);
[[nodiscard]] std::int32_t cluster_operations(const RequestContext& who);

}  // namespace hw::broker
