#pragma once

#include <cstdint>

/// The bit sets of KIP-430: bit n is set where the caller may do operation n of the ACLs.
namespace hw::broker {

/// What a caller who did not ask is told.
inline constexpr std::int32_t kOperationsNotAsked = INT32_MIN;

/// All that can be done with a topic, which is what everybody may without an authorizer: read,
/// write, create, delete, alter, describe, describe and alter its configs.
inline constexpr std::int32_t kTopicOperations =
    1 << 3 | 1 << 4 | 1 << 5 | 1 << 6 | 1 << 7 | 1 << 8 | 1 << 10 | 1 << 11;

/// The same for the cluster: create, alter, describe, act as one of its brokers, describe and alter
/// configs, write idempotently.
inline constexpr std::int32_t kClusterOperations =
    1 << 5 | 1 << 7 | 1 << 8 | 1 << 9 | 1 << 10 | 1 << 11 | 1 << 12;

}  // namespace hw::broker
