#pragma once

#include <cstdint>

#include "protocol/base/ids.h"

namespace hw::controller {

/// Directory ids that name no directory (KIP-858).
inline constexpr DirectoryId kMigratingDirectory{Uuid{0, 0}};   ///< not known yet
inline constexpr DirectoryId kUnassignedDirectory{Uuid{0, 1}};  ///< the broker will choose
inline constexpr DirectoryId kLostDirectory{Uuid{0, 2}};        ///< the replica is damaged or gone

/// The first hundred ids are kept for such uses.
[[nodiscard]] constexpr bool is_reserved(DirectoryId id) {
    constexpr std::uint64_t kReserved = 100;
    return id.value().high == 0 && id.value().low < kReserved;
}

}  // namespace hw::controller
