#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

namespace hw::config {

/// Most edits (characters inserted, deleted or changed) by which an unknown name may differ from
/// the known name that is suggested for it.
inline constexpr std::size_t kMostEdits = 2;

/// The one of `names` with the fewest edits to `name`, the first of equals; nothing when none is
/// within kMostEdits. `name` may have any length.
[[nodiscard]] std::optional<std::string_view> most_similar_name(
    std::span<const std::string_view> names, std::string_view name);

}  // namespace hw::config
