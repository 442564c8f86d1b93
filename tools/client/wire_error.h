#pragma once

#include <string>
#include <string_view>

#include "protocol/base/result.h"
#include "protocol/wire/error_code.h"

namespace hw::client {

/// The error that a code of the protocol means for who asked: busy where the same request may
/// succeed later, not_found, permission, exists, invalid and so on. `what` is the subject, as in
/// "topic 'orders'"; `message` is what the broker said of it, empty or null for nothing: then the
/// meaning of a code that is not plain from its name stands there.
[[nodiscard]] Error error_of(wire::ErrorCode code, const std::string& what,
                             std::string_view message = {});

}  // namespace hw::client
