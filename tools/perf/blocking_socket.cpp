#include "tools/perf/blocking_socket.h"

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <fcntl.h>
#include <memory>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string>
#include <sys/socket.h>
#include <sys/time.h>

namespace hw::perf {
namespace {

constexpr std::size_t kMaxAnswer = std::size_t{16} << 20;

using AddressList = std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)>;

Result<AddressList> resolve(const config::Address& address) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    const std::string port = std::to_string(address.port);
    const int failed = ::getaddrinfo(address.host.c_str(), port.c_str(), &hints, &found);
    if (failed != 0) {
        return fail(ErrorKind::not_found, "cannot resolve the host '{}': {}", address.host,
                    ::gai_strerror(failed));
    }
    return AddressList(found, &::freeaddrinfo);
}

void set_options(const Descriptor& socket) {
    const int on = 1;
    const timeval patience{.tv_sec = kPatienceSeconds, .tv_usec = 0};
    ::setsockopt(socket.number(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    ::setsockopt(socket.number(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ::setsockopt(socket.number(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
}

std::unexpected<Error> connection_failure(const char* what) {
    if (errno == EAGAIN || errno == EWOULDBLOCK) {
        return fail(ErrorKind::timed_out, "{}: the broker did not answer for {} s", what,
                    kPatienceSeconds);
    }
    return fail(ErrorKind::closed, "{}: {}", what, std::strerror(errno));
}

Result<void> send_all(const Descriptor& socket, ByteView bytes) {
    while (!bytes.empty()) {
        const ssize_t sent = ::send(socket.number(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent < 0) {
            return connection_failure("sending a request");
        }
        bytes = bytes.subspan(static_cast<std::size_t>(sent));
    }
    return {};
}

Result<void> receive_all(const Descriptor& socket, MutableBytes into) {
    while (!into.empty()) {
        const ssize_t received = ::recv(socket.number(), into.data(), into.size(), 0);
        if (received == 0) {
            return fail(ErrorKind::closed, "the broker closed the connection before its answer");
        }
        if (received < 0) {
            return connection_failure("receiving an answer");
        }
        into = into.subspan(static_cast<std::size_t>(received));
    }
    return {};
}

}  // namespace

Result<Descriptor> connect_to(const config::Address& address) {
    const auto found = resolve(address);
    if (!found) {
        return std::unexpected(found.error());
    }
    for (const addrinfo* each = found->get(); each != nullptr; each = each->ai_next) {
        Descriptor socket(::socket(each->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
        if (!socket.is_open()) {
            continue;
        }
        set_options(socket);
        if (::connect(socket.number(), each->ai_addr, each->ai_addrlen) == 0) {
            return socket;
        }
    }
    return fail(ErrorKind::closed, "cannot connect to {}: {}; is a broker running there?",
                to_string(address), std::strerror(errno));
}

Result<void> set_waiting(const Descriptor& socket, Waiting waiting) {
    const int flags = ::fcntl(socket.number(), F_GETFL);
    const int changed = waiting == Waiting::blocking ? flags & ~O_NONBLOCK : flags | O_NONBLOCK;
    if (flags < 0 || ::fcntl(socket.number(), F_SETFL, changed) < 0) {
        return std::unexpected(system_error(errno, "fcntl"));
    }
    return {};
}

Result<std::vector<std::byte>> ask(const Descriptor& socket, ByteView request) {
    if (auto sent = send_all(socket, request); !sent) {
        return std::unexpected(sent.error());
    }
    std::array<std::byte, 4> length{};
    if (auto received = receive_all(socket, length); !received) {
        return std::unexpected(received.error());
    }
    const auto size = load_big_endian<std::uint32_t>(length.data());
    if (size > kMaxAnswer) {
        return fail(ErrorKind::limit, "an answer of {} bytes is over {}", size, kMaxAnswer);
    }
    std::vector<std::byte> answer(size);
    if (auto received = receive_all(socket, answer); !received) {
        return std::unexpected(received.error());
    }
    return answer;
}

}  // namespace hw::perf
