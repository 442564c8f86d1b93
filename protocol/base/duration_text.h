#pragma once

#include <chrono>
#include <string>

namespace hw {

/// A duration for people, in sentences as in tables: "340 ms", "5.2 s".
[[nodiscard]] std::string short_duration(std::chrono::milliseconds duration);

}  // namespace hw
