#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "protocol/schema/api_table.h"

namespace hw::schema {

/// One more than the greatest key of the table.
inline constexpr std::size_t kApiKeyEnd = static_cast<std::size_t>(kApiTable.back().key) + 1;

/// The entry of a key, as a request carries it; nullptr for one that the table lacks.
[[nodiscard]] constexpr const ApiInfo* find_api(std::int16_t key) {
    constexpr std::int8_t kNone = -1;
    constexpr auto kPositions = [kNone] {
        std::array<std::int8_t, kApiKeyEnd> positions{};
        positions.fill(kNone);
        for (std::size_t i = 0; i < kApiTable.size(); ++i) {
            positions[static_cast<std::size_t>(kApiTable[i].key)] = static_cast<std::int8_t>(i);
        }
        return positions;
    }();
    const auto slot = static_cast<std::size_t>(key);
    if (key < 0 || slot >= kPositions.size() || kPositions[slot] == kNone) {
        return nullptr;
    }
    return &kApiTable[static_cast<std::size_t>(kPositions[slot])];
}

}  // namespace hw::schema
