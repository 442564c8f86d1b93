#pragma once

#include <string_view>

#include "protocol/base/result.h"

namespace hw::controller {

/// Success when `name` may be a topic's: 1 to 249 of letters, digits, '.', '_' and '-', but neither
/// "." nor "..". Errors: invalid, with the rule that is broken.
[[nodiscard]] Result<void> check_topic_name(std::string_view name);

}  // namespace hw::controller
