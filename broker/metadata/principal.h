#pragma once

#include <string>
#include <string_view>

#include "protocol/base/bytes.h"
#include "protocol/base/result.h"

namespace hw::broker {

/// A principal such as "User:alice" as an Envelope carries it: int16 version 0, then the message
/// DefaultPrincipalData (KIP-590).
[[nodiscard]] Result<Buffer> encode_principal(std::string_view principal);

/// Errors: corrupt, unsupported.
[[nodiscard]] Result<std::string> decode_principal(ByteView bytes);

/// The 4 or 16 bytes of a numeric address; 0.0.0.0 for anything else.
[[nodiscard]] Buffer encode_address(const std::string& host);

}  // namespace hw::broker
