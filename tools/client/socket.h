#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <sys/epoll.h>
#include <sys/uio.h>
#include <unistd.h>
#include <utility>

#include "config/address.h"
#include "protocol/base/bytes.h"
#include "protocol/base/result.h"

/// TCP for the command line, the load driver and the toy broker of `test/bench`: calls that wait
/// until a deadline, calls that never wait, and waiting for many descriptors at once.
namespace hw::client {

using Milliseconds = std::chrono::milliseconds;

/// A point in time after which a call gives up.
class Deadline {
public:
    /// `option` is the option that the time was given with, for `text`; it outlives this object.
    explicit Deadline(Milliseconds from_now, std::string_view option = "")
        : end_(Clock::now() + from_now), length_(from_now), whole_(from_now), option_(option) {}

    /// Zero once it has passed.
    [[nodiscard]] Milliseconds left() const {
        const auto left = std::chrono::ceil<Milliseconds>(end_ - Clock::now());
        return std::max(left, Milliseconds{0});
    }
    [[nodiscard]] bool has_passed() const { return left() == Milliseconds{0}; }
    /// The earlier of this deadline and `from_now` from now.
    [[nodiscard]] Deadline within(Milliseconds from_now) const;
    /// How long a call that ended now has waited, for messages: "15 s (--timeout)"; of a deadline
    /// that `within` made earlier: "5 s, its share of 15 s (--timeout)".
    [[nodiscard]] std::string text() const;

private:
    using Clock = std::chrono::steady_clock;

    Clock::time_point end_;
    Milliseconds length_;
    Milliseconds whole_;  ///< the length of the deadline that this one is a part of
    std::string_view option_;
};

/// An owned file descriptor, which the destructor closes.
class Descriptor {
public:
    Descriptor() = default;
    explicit Descriptor(int number) : number_(number) {}
    Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
    Descriptor& operator=(Descriptor&& other) noexcept {
        std::swap(number_, other.number_);
        return *this;
    }
    ~Descriptor() {
        if (is_open()) {
            ::close(number_);
        }
    }

    [[nodiscard]] bool is_open() const { return number_ >= 0; }
    [[nodiscard]] int number() const { return number_; }

private:
    int number_ = -1;
};

/// A TCP connection that sends small segments immediately. `send` and `receive` wait, at most until
/// a deadline or until the stop descriptor is readable; `send_now` and `receive_now` never wait.
/// Owns its descriptor; used by one thread. Must not be used after an error.
class Socket {
public:
    /// No stop descriptor.
    static constexpr int kNoStop = -1;

    /// Tries the addresses of the host one after the other. Waiting ends when
    /// `stop_descriptor`, which outlives the socket, becomes readable. Errors: closed (refused, not
    /// reachable, no such host, stopped), timed_out.
    [[nodiscard]] static Result<Socket> connect(const config::Address& address,
                                                const Deadline& deadline,
                                                int stop_descriptor = kNoStop);
    /// Takes over a connected, non-blocking stream socket.
    explicit Socket(Descriptor connected, int stop_descriptor = kNoStop)
        : descriptor_(std::move(connected)), stop_descriptor_(stop_descriptor) {}

    /// Errors: closed, timed_out.
    [[nodiscard]] Result<void> send(ByteView bytes, const Deadline& deadline);
    [[nodiscard]] Result<void> send(std::span<iovec> slices, const Deadline& deadline);
    /// Fills all of `into`. Errors: closed, timed_out.
    [[nodiscard]] Result<void> receive(MutableBytes into, const Deadline& deadline);
    /// The next frame, without the four bytes of its length. Errors: closed, timed_out, corrupt (a
    /// length below 0 or over `max_bytes`).
    [[nodiscard]] Result<Buffer> receive_frame(std::int32_t max_bytes, const Deadline& deadline);

    /// Sends without waiting. Returns the bytes taken from `slices`, 0 when the socket's buffer is
    /// full. Errors: closed.
    [[nodiscard]] Result<std::size_t> send_now(std::span<iovec> slices);
    /// Receives without waiting. Returns the number of bytes, 0 when there are none now. Errors:
    /// closed, also at the end of the stream.
    [[nodiscard]] Result<std::size_t> receive_now(MutableBytes into);

    [[nodiscard]] int number() const { return descriptor_.number(); }

private:
    [[nodiscard]] Result<void> wait_for(short events, const Deadline& deadline) const;
    [[nodiscard]] Result<void> finish_connect(const Deadline& deadline) const;

    Descriptor descriptor_;
    int stop_descriptor_;
};

[[nodiscard]] inline iovec slice_of(ByteView bytes) {
    return {.iov_base = const_cast<std::byte*>(bytes.data()), .iov_len = bytes.size()};
}

/// The rest of `slices` after their first `bytes`; changes the slice that is cut.
[[nodiscard]] std::span<iovec> slices_after(std::span<iovec> slices, std::size_t bytes);

/// Accepts connections on 127.0.0.1. Used by one thread.
class Listener {
public:
    /// Port 0 means any free port. Errors: those of the operating system.
    [[nodiscard]] static Result<Listener> open(std::uint16_t port);

    /// Waits for a connection. Errors: those of the operating system.
    [[nodiscard]] Result<Socket> accept();

    [[nodiscard]] std::uint16_t port() const { return port_; }
    [[nodiscard]] int number() const { return descriptor_.number(); }

private:
    Listener(Descriptor descriptor, std::uint16_t port)
        : descriptor_(std::move(descriptor)), port_(port) {}

    Descriptor descriptor_;
    std::uint16_t port_;
};

/// Waits for many descriptors at once (epoll). Used by one thread.
class Poller {
public:
    /// Errors: those of the operating system.
    [[nodiscard]] static Result<Poller> open();

    /// Watches `descriptor` for epoll `events`, which `wait` returns with `owner`. Errors: those of
    /// the operating system.
    [[nodiscard]] Result<void> watch(int descriptor, std::uint32_t events, void* owner);
    /// Waits for events and returns them; empty when `timeout` has passed. Without `timeout` the
    /// wait has no limit. Valid until the next call. Errors: those of the operating system.
    [[nodiscard]] Result<std::span<const epoll_event>> wait(
        std::optional<Milliseconds> timeout = std::nullopt);

private:
    explicit Poller(Descriptor epoll) : epoll_(std::move(epoll)) {}

    Descriptor epoll_;
    std::array<epoll_event, 256> events_{};
};

}  // namespace hw::client
