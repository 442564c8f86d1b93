#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "protocol/base/result.h"
#include "protocol/wire/error_code.h"

/// Wording of results for users.
namespace hw::client {

/// A number and what it counts: "1 record", "2 records".
[[nodiscard]] std::string counted(std::uint64_t number, std::string_view noun);

/// The error that a code of the protocol means for the sender of the request: busy if the same
/// request may succeed later, not_found, permission, exists, invalid and so on. `what` is the
/// subject, as in "topic 'orders'"; `message` is the broker's own sentence, if it sent one. Without
/// one, the meaning of the code is added if its name is not enough.
[[nodiscard]] Error error_of(wire::ErrorCode code, const std::string& what,
                             std::string_view message = {});

/// The error of a request for a change. If the request may have been sent (closed, timed_out), the
/// message says that the outcome is unknown, and that 'hw `look`' shows it.
[[nodiscard]] Error with_outcome(Error error, std::string_view look);

}  // namespace hw::client
