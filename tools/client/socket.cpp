#include "tools/client/socket.h"

#include <array>
#include <cerrno>
#include <memory>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string>
#include <sys/socket.h>
#include <unistd.h>

namespace hw::client {
namespace {

struct FreeAddresses {
    void operator()(addrinfo* list) const { freeaddrinfo(list); }
};
using AddressList = std::unique_ptr<addrinfo, FreeAddresses>;

/// A connection that fails is closed, whatever the operating system calls it.
std::unexpected<Error> lost(int number, const char* what) {
    return std::unexpected(Error{ErrorKind::closed, system_error(number, what).message});
}

bool would_wait(int number) {
    return number == EAGAIN || number == EINPROGRESS || number == EINTR;
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

}  // namespace

Socket::~Socket() {
    if (descriptor_ >= 0) {
        close(descriptor_);
    }
}

Result<Socket> Socket::connect(const config::Address& address, const Deadline& deadline,
                               int stop_descriptor) {
    const auto list = resolve(address);
    if (!list) {
        return std::unexpected(list.error());
    }
    Result<Socket> socket = fail(ErrorKind::closed, "'{}' has no address", address.host);
    for (const addrinfo* each = list->get(); each != nullptr && !socket; each = each->ai_next) {
        const int type = each->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC;
        const int descriptor = ::socket(each->ai_family, type, each->ai_protocol);
        if (descriptor < 0) {
            socket = lost(errno, "open a socket");
            continue;
        }
        socket = Socket(descriptor, stop_descriptor);
        const int one = 1;
        setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        if (::connect(descriptor, each->ai_addr, each->ai_addrlen) != 0 && !would_wait(errno)) {
            socket = lost(errno, "connect");
        } else if (const auto connected = socket->finish_connect(deadline); !connected) {
            socket = std::unexpected(connected.error());
        }
    }
    return socket;
}

Result<void> Socket::finish_connect(const Deadline& deadline) const {
    if (const auto ready = wait_for(POLLOUT, deadline); !ready) {
        return ready;
    }
    int number = 0;
    socklen_t size = sizeof number;
    getsockopt(descriptor_, SOL_SOCKET, SO_ERROR, &number, &size);
    if (number != 0) {
        return lost(number, "connect");
    }
    return {};
}

Result<void> Socket::wait_for(short events, const Deadline& deadline) const {
    std::array<pollfd, 2> watched{{{descriptor_, events, 0}, {stop_descriptor_, POLLIN, 0}}};
    while (true) {
        const int ready =
            poll(watched.data(), watched.size(), static_cast<int>(deadline.left().count()));
        if (ready == 0) {
            return fail(ErrorKind::timed_out, "no answer in time");
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
    while (!bytes.empty()) {
        const ssize_t sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent >= 0) {
            bytes = bytes.subspan(static_cast<std::size_t>(sent));
        } else if (!would_wait(errno)) {
            return lost(errno, "send");
        } else if (const auto ready = wait_for(POLLOUT, deadline); !ready) {
            return ready;
        }
    }
    return {};
}

Result<void> Socket::receive(MutableBytes into, const Deadline& deadline) {
    while (!into.empty()) {
        const ssize_t received = recv(descriptor_, into.data(), into.size(), 0);
        if (received > 0) {
            into = into.subspan(static_cast<std::size_t>(received));
        } else if (received == 0) {
            return fail(ErrorKind::closed, "the other side closed the connection");
        } else if (!would_wait(errno)) {
            return lost(errno, "receive");
        } else if (const auto ready = wait_for(POLLIN, deadline); !ready) {
            return ready;
        }
    }
    return {};
}

}  // namespace hw::client
