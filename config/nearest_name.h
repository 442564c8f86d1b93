#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

namespace hw::config {

/// A number of edits (characters put in, taken out or changed) up to which an unknown name is taken
/// for a slip of the pen.
inline constexpr std::size_t kTypoDistance = 2;

/// The one of `names` that is nearest to `name`, the first of equals; none when none is within
/// kTypoDistance. Names of any length may be asked for.
[[nodiscard]] std::optional<std::string_view> nearest_name(std::span<const std::string_view> names,
                                                           std::string_view name);

}  // namespace hw::config
