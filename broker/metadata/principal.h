#pragma once

#include <string>
#include <string_view>

#include "protocol/base/bytes.h"
#include "protocol/base/result.h"

namespace hw::broker {

/// Encodes a principal such as "User:alice" for an Envelope: int16 version 0, then the message
/// DefaultPrincipalData (KIP-590). Errors: invalid (no colon), limit.
[[nodiscard]] Result<Buffer> encode_principal(std::string_view principal);

/// Decodes a principal of an Envelope. Errors: corrupt, unsupported.
[[nodiscard]] Result<std::string> decode_principal(ByteView bytes);

/// The 4 or 16 bytes of a numeric IP address; those of 0.0.0.0 for anything else.
[[nodiscard]] Buffer encode_address(const std::string& host);

}  // namespace hw::broker
