#pragma once

#include <cstddef>
#include <vector>

#include "config/address.h"
#include "protocol/base/bytes.h"
#include "protocol/base/result.h"
#include "tools/perf/descriptor.h"

namespace hw::perf {

/// How long a blocking call waits for the other side, in seconds.
inline constexpr int kPatienceSeconds = 30;

/// A blocking TCP connection without delay of small segments; connecting, sending and receiving
/// each wait at most kPatienceSeconds. Errors: closed (nobody answers there), not_found (no such
/// host).
[[nodiscard]] Result<Descriptor> connect_to(const config::Address& address);

/// Makes calls on the descriptor wait (blocking) or not. Errors: io.
enum class Waiting : unsigned char { blocking, non_blocking };
[[nodiscard]] Result<void> set_waiting(const Descriptor& socket, Waiting waiting);

/// Sends one request and waits for the frame of its answer, returned without its length. Errors:
/// closed, timed_out, limit (an answer over 16 MiB).
[[nodiscard]] Result<std::vector<std::byte>> ask(const Descriptor& socket, ByteView request);

}  // namespace hw::perf
