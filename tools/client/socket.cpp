#include "tools/client/socket.h"

#include <cerrno>
#include <limits.h>
#include <memory>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string>
#include <sys/socket.h>

#include <fmt/format.h>

#include "protocol/base/duration_text.h"

namespace hw::client {
namespace {

struct FreeAddresses {
    void operator()(addrinfo* list) const { freeaddrinfo(list); }
};
using AddressList = std::unique_ptr<addrinfo, FreeAddresses>;

/// A failed connection is an error of kind closed, whatever the operating system reports.
std::unexpected<Error> lost(int number, const char* what) {
    return std::unexpected(Error{ErrorKind::closed, system_error(number, what).message});
}

bool would_wait(int number) {
    return number == EAGAIN || number == EWOULDBLOCK || number == EINPROGRESS || number == EINTR;
}

void send_small_segments_at_once(const Descriptor& socket) {
    const int on = 1;
    setsockopt(socket.number(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

Result<AddressList> resolve(const config::Address& address) {
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* list = nullptr;
    const std::string port = std::to_string(address.port);
    if (const int failure = getaddrinfo(address.host.c_str(), port.c_str(), &hints, &list)) {
        return fail(ErrorKind::closed, "look up '{}': {}", address.host, gai_strerror(failure));
    }
    return AddressList(list);
}

/// "15 s", "50 ms", "1.5 s"
std::string timeout_text(Milliseconds timeout) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(timeout);
    return seconds == timeout && seconds.count() > 0 ? fmt::format("{} s", seconds.count())
                                                     : short_duration(timeout);
}

}  // namespace

Deadline Deadline::within(Milliseconds from_now) const {
    if (from_now >= left()) {
        return *this;
    }
    Deadline share(from_now, option_);
    share.whole_ = whole_;
    return share;
}

std::string Deadline::text() const {
    const std::string option = option_.empty() ? "" : fmt::format(" ({})", option_);
    return length_ == whole_ ? timeout_text(whole_) + option
                             : fmt::format("{}, its share of {}{}", timeout_text(length_),
                                           timeout_text(whole_), option);
}

Result<Socket> Socket::connect(const config::Address& address, const Deadline& deadline,
                               int stop_descriptor) {
    HW_TRY(list, resolve(address));
    Result<Socket> socket = fail(ErrorKind::closed, "'{}' has no address", address.host);
    for (const addrinfo* each = list.get(); each != nullptr && !socket; each = each->ai_next) {
        const int type = each->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC;
        Descriptor descriptor(::socket(each->ai_family, type, each->ai_protocol));
        if (!descriptor.is_open()) {
            socket = lost(errno, "open a socket");
            continue;
        }
        send_small_segments_at_once(descriptor);
        socket = Socket(std::move(descriptor), stop_descriptor);
        if (::connect(socket->number(), each->ai_addr, each->ai_addrlen) != 0 &&
            !would_wait(errno)) {
            socket = lost(errno, "connect");
        } else if (const auto connected = socket->finish_connect(deadline); !connected) {
            socket = std::unexpected(connected.error());
        }
    }
    return socket;
}

Result<void> Socket::finish_connect(const Deadline& deadline) const {
    HW_TRY_VOID(wait_for(POLLOUT, deadline));
    int number = 0;
    socklen_t size = sizeof number;
    getsockopt(descriptor_.number(), SOL_SOCKET, SO_ERROR, &number, &size);
    if (number != 0) {
        return lost(number, "connect");
    }
    return {};
}

Result<void> Socket::wait_for(short events, const Deadline& deadline) const {
    std::array<pollfd, 2> watched{
        {{descriptor_.number(), events, 0}, {stop_descriptor_, POLLIN, 0}}};
    while (true) {
        const int ready =
            poll(watched.data(), watched.size(), static_cast<int>(deadline.left().count()));
        if (ready == 0) {
            return fail(ErrorKind::timed_out, "no answer within {}", deadline.text());
        }
        if (ready < 0 && errno != EINTR) {
            return lost(errno, "wait");
        }
        if (ready > 0) {
            break;
        }
    }
    if (watched[1].revents != 0) {
        return fail(ErrorKind::closed, "stopped");
    }
    return {};
}

Result<void> Socket::send(ByteView bytes, const Deadline& deadline) {
    iovec slice = slice_of(bytes);
    return send({&slice, 1}, deadline);
}

Result<void> Socket::send(std::span<iovec> slices, const Deadline& deadline) {
    slices = slices_after(slices, 0);
    while (!slices.empty()) {
        HW_TRY(sent, send_now(slices));
        slices = slices_after(slices, sent);
        if (sent > 0 || slices.empty()) {
            continue;
        }
        HW_TRY_VOID(wait_for(POLLOUT, deadline));
    }
    return {};
}

Result<void> Socket::receive(MutableBytes into, const Deadline& deadline) {
    while (!into.empty()) {
        HW_TRY(received, receive_now(into));
        into = into.subspan(received);
        if (received > 0) {
            continue;
        }
        HW_TRY_VOID(wait_for(POLLIN, deadline));
    }
    return {};
}

Result<Buffer> Socket::receive_frame(std::int32_t max_bytes, const Deadline& deadline) {
    std::array<std::byte, sizeof(std::int32_t)> length{};
    HW_TRY_VOID(receive(length, deadline));
    const auto size = load_big_endian<std::int32_t>(length.data());
    if (size < 0 || size > max_bytes) {
        return fail(ErrorKind::corrupt, "announced a response of {} bytes; the limit is {}", size,
                    max_bytes);
    }
    Buffer frame(static_cast<std::size_t>(size));
    HW_TRY_VOID(receive(frame.bytes(), deadline));
    return frame;
}

Result<std::size_t> Socket::send_now(std::span<iovec> slices) {
    msghdr message{};
    message.msg_iov = slices.data();
    message.msg_iovlen = std::min<std::size_t>(slices.size(), IOV_MAX);
    const ssize_t sent = ::sendmsg(descriptor_.number(), &message, MSG_NOSIGNAL);
    if (sent < 0) {
        return would_wait(errno) ? Result<std::size_t>(0) : lost(errno, "send");
    }
    return static_cast<std::size_t>(sent);
}

Result<std::size_t> Socket::receive_now(MutableBytes into) {
    const ssize_t received = ::recv(descriptor_.number(), into.data(), into.size(), 0);
    if (received < 0) {
        return would_wait(errno) ? Result<std::size_t>(0) : lost(errno, "receive");
    }
    if (received == 0) {
        return fail(ErrorKind::closed, "the other side closed the connection");
    }
    return static_cast<std::size_t>(received);
}

std::span<iovec> slices_after(std::span<iovec> slices, std::size_t bytes) {
    while (!slices.empty() && bytes >= slices.front().iov_len) {
        bytes -= slices.front().iov_len;
        slices = slices.subspan(1);
    }
    if (bytes > 0) {
        iovec& part = slices.front();
        part.iov_base = static_cast<std::byte*>(part.iov_base) + bytes;
        part.iov_len -= bytes;
    }
    return slices;
}

Result<Listener> Listener::open(std::uint16_t port) {
    Descriptor listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const int on = 1;
    setsockopt(listener.number(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    socklen_t size = sizeof address;
    if (::bind(listener.number(), any, size) != 0 || ::listen(listener.number(), SOMAXCONN) != 0 ||
        ::getsockname(listener.number(), any, &size) != 0) {
        return std::unexpected(system_error(errno, fmt::format("listen on 127.0.0.1:{}", port)));
    }
    return Listener(std::move(listener), ntohs(address.sin_port));
}

Result<Socket> Listener::accept() {
    Descriptor socket(
        ::accept4(descriptor_.number(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!socket.is_open()) {
        return std::unexpected(system_error(errno, "accept"));
    }
    send_small_segments_at_once(socket);
    return Socket(std::move(socket));
}

Result<Poller> Poller::open() {
    Descriptor epoll(::epoll_create1(EPOLL_CLOEXEC));
    if (!epoll.is_open()) {
        return std::unexpected(system_error(errno, "epoll_create1"));
    }
    return Poller(std::move(epoll));
}

Result<void> Poller::watch(int descriptor, std::uint32_t events, void* owner) {
    epoll_event event{.events = events, .data = {.ptr = owner}};
    if (::epoll_ctl(epoll_.number(), EPOLL_CTL_ADD, descriptor, &event) != 0) {
        return std::unexpected(system_error(errno, "epoll_ctl"));
    }
    return {};
}

Result<std::span<const epoll_event>> Poller::wait(std::optional<Milliseconds> timeout) {
    const std::optional<Deadline> deadline =
        timeout ? std::optional(Deadline(*timeout)) : std::nullopt;
    while (true) {
        const int left_ms = deadline ? static_cast<int>(deadline->left().count()) : -1;
        const int count = ::epoll_wait(epoll_.number(), events_.data(),
                                       static_cast<int>(events_.size()), left_ms);
        if (count >= 0) {
            return std::span(events_).first(static_cast<std::size_t>(count));
        }
        if (errno != EINTR) {
            return std::unexpected(system_error(errno, "epoll_wait"));
        }
    }
}

}  // namespace hw::client
