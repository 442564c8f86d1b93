#include "test/bench/toy.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <span>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <utility>

#include <fmt/format.h>

namespace hw::bench {

using perf::Descriptor;

namespace {

Result<Descriptor> listen_on(std::uint16_t port) {
    Descriptor listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const int on = 1;
    ::setsockopt(listener.number(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::bind(listener.number(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
        ::listen(listener.number(), SOMAXCONN) != 0) {
        return std::unexpected(system_error(errno, fmt::format("listen on 127.0.0.1:{}", port)));
    }
    return listener;
}

Result<std::uint16_t> port_of(const Descriptor& listener) {
    sockaddr_in address{};
    socklen_t size = sizeof address;
    if (::getsockname(listener.number(), reinterpret_cast<sockaddr*>(&address), &size) != 0) {
        return std::unexpected(system_error(errno, "getsockname"));
    }
    return ntohs(address.sin_port);
}

}  // namespace

Result<std::unique_ptr<Toy>> Toy::start(const ToyOptions& options) {
    Descriptor epoll(::epoll_create1(EPOLL_CLOEXEC));
    if (!epoll.is_open()) {
        return std::unexpected(system_error(errno, "epoll_create1"));
    }
    auto listener = listen_on(options.port);
    if (!listener) {
        return std::unexpected(listener.error());
    }
    const auto port = port_of(*listener);
    if (!port) {
        return std::unexpected(port.error());
    }
    ToyFiles files;
    for (std::int32_t i = 0; i < options.partitions; ++i) {
        auto file = ToyFile::create(fmt::format("{}/toy-{}-{}.log", options.directory, *port, i));
        if (!file) {
            return std::unexpected(file.error());
        }
        files.push_back(std::move(*file));
    }
    return std::make_unique<Toy>(std::move(epoll), std::move(*listener), *port, std::move(files));
}

Toy::Toy(Descriptor epoll, Descriptor listener, std::uint16_t port, ToyFiles files)
    : epoll_(std::move(epoll)),
      listener_(std::move(listener)),
      port_(port),
      files_(std::move(files)) {}

Result<void> Toy::serve_until(const Descriptor& stop) {
    if (auto watched = watch(stop.number(), nullptr); !watched) {
        return watched;
    }
    if (auto watched = watch(listener_.number(), this); !watched) {
        return watched;
    }
    std::array<epoll_event, 256> events{};
    while (true) {
        const int count =
            ::epoll_wait(epoll_.number(), events.data(), static_cast<int>(events.size()), -1);
        if (count < 0 && errno != EINTR) {
            return std::unexpected(system_error(errno, "epoll_wait"));
        }
        const auto ready = static_cast<std::size_t>(std::max(count, 0));
        for (const epoll_event& event : std::span(events).first(ready)) {
            if (event.data.ptr == nullptr) {
                return {};
            }
            if (auto handled = on_event(event.data.ptr); !handled) {
                return handled;
            }
        }
    }
}

/// `owner` comes back with the events: null to stop, the toy itself, a connection.
Result<void> Toy::watch(int descriptor, void* owner) {
    epoll_event event{.events = EPOLLIN, .data = {.ptr = owner}};
    if (::epoll_ctl(epoll_.number(), EPOLL_CTL_ADD, descriptor, &event) != 0) {
        return std::unexpected(system_error(errno, "epoll_ctl"));
    }
    return {};
}

Result<void> Toy::on_event(void* owner) {
    if (owner == this) {
        return accept_one();
    }
    if (auto served = static_cast<ToyConnection*>(owner)->on_ready(); !served) {
        std::erase_if(connections_, [owner](const auto& each) { return each.get() == owner; });
    }
    return {};
}

Result<void> Toy::accept_one() {
    Descriptor socket(::accept4(listener_.number(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!socket.is_open()) {
        return std::unexpected(system_error(errno, "accept"));
    }
    const int on = 1;
    ::setsockopt(socket.number(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const int number = socket.number();
    connections_.push_back(std::make_unique<ToyConnection>(std::move(socket), files_, port_));
    return watch(number, connections_.back().get());
}

}  // namespace hw::bench
