#include "test/bench/toy.h"

#include <utility>

#include <fmt/format.h>

namespace hw::bench {

Result<std::unique_ptr<Toy>> Toy::start(const ToyOptions& options) {
    auto poller = client::Poller::open();
    if (!poller) {
        return std::unexpected(poller.error());
    }
    auto listener = client::Listener::open(options.port);
    if (!listener) {
        return std::unexpected(listener.error());
    }
    ToyFiles files;
    for (std::int32_t i = 0; i < options.partitions; ++i) {
        auto file = ToyFile::create(
            fmt::format("{}/toy-{}-{}.log", options.directory, listener->port(), i));
        if (!file) {
            return std::unexpected(file.error());
        }
        files.push_back(std::move(*file));
    }
    return std::make_unique<Toy>(std::move(*poller), std::move(*listener), std::move(files));
}

/// The poller's owner pointer is null for `stop`, the toy for the listener, else a connection.
Result<void> Toy::serve_until(const client::Descriptor& stop) {
    if (auto watched = poller_.watch(stop.number(), EPOLLIN, nullptr); !watched) {
        return watched;
    }
    if (auto watched = poller_.watch(listener_.number(), EPOLLIN, this); !watched) {
        return watched;
    }
    while (true) {
        const auto events = poller_.wait();
        if (!events) {
            return std::unexpected(events.error());
        }
        for (const epoll_event& event : *events) {
            if (event.data.ptr == nullptr) {
                return {};
            }
            if (auto handled = on_event(event.data.ptr); !handled) {
                return handled;
            }
        }
        answer_parked();
    }
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
    auto socket = listener_.accept();
    if (!socket) {
        return std::unexpected(socket.error());
    }
    connections_.push_back(std::make_unique<ToyConnection>(std::move(*socket), files_, port()));
    return poller_.watch(connections_.back()->number(), EPOLLIN, connections_.back().get());
}

void Toy::answer_parked() {
    std::erase_if(connections_, [](const auto& each) { return !each->on_appended(); });
}

}  // namespace hw::bench
