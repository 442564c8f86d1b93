#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

namespace hw::config {

/// Maximum number of edits (characters inserted, deleted or changed) between an unknown name and
/// the known name that is suggested for it.
inline constexpr std::size_t kMaxEdits = 2;

/// The first of `names` with the fewest edits to `name`; nothing when none is within kMaxEdits.
/// `name` may have any length.
[[nodiscard]] std::optional<std::string_view> most_similar_name(
    std::span<const std::string_view> names, std::string_view name);

}  // namespace hw::config
