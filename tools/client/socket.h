#pragma once

#include <span>
#include <utility>

#include "config/address.h"
#include "protocol/base/bytes.h"
#include "protocol/base/result.h"
#include "tools/client/deadline.h"

namespace hw::client {

/// A TCP connection whose calls wait, at most until a deadline or until a stop is asked for.
/// Owns its descriptor; used by one thread. After an error it is of no more use.
class Socket {
public:
    /// The descriptor that asks for no stop, ever.
    static constexpr int kNoStop = -1;

    /// Tries the addresses that the host's name has, one after the other. Waiting ends when
    /// `stop_descriptor`, which outlives the socket, becomes readable. Errors: closed (refused, not
    /// reachable, no such host, stopped), timed_out.
    [[nodiscard]] static Result<Socket> connect(const config::Address& address,
                                                const Deadline& deadline,
                                                int stop_descriptor = kNoStop);

    Socket(Socket&& other) noexcept
        : descriptor_(std::exchange(other.descriptor_, -1)),
          stop_descriptor_(other.stop_descriptor_) {}
    Socket& operator=(Socket&& other) noexcept {
        std::swap(descriptor_, other.descriptor_);
        stop_descriptor_ = other.stop_descriptor_;
        return *this;
    }
    ~Socket();

    /// Errors: closed, timed_out.
    [[nodiscard]] Result<void> send(ByteView bytes, const Deadline& deadline);
    /// Fills all of `into`. Errors: closed, timed_out.
    [[nodiscard]] Result<void> receive(MutableBytes into, const Deadline& deadline);

private:
    Socket(int descriptor, int stop_descriptor)
        : descriptor_(descriptor), stop_descriptor_(stop_descriptor) {}

    [[nodiscard]] Result<void> wait_for(short events, const Deadline& deadline) const;
    [[nodiscard]] Result<void> finish_connect(const Deadline& deadline) const;

    int descriptor_;
    int stop_descriptor_;
};

}  // namespace hw::client
