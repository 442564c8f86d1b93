#pragma once

#include "protocol/base/bytes.h"

namespace hw::cli {

/// True where the bytes are well-formed UTF-8 (RFC 3629): no overlong forms, no surrogates.
[[nodiscard]] bool is_utf8(ByteView bytes);

}  // namespace hw::cli
