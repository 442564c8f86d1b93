#include "broker/net/connection_manager.h"

#include <algorithm>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace hw::broker {

ConnectionManager::ConnectionManager(Shard& shard, const Clock& clock, const Dispatcher& dispatcher,
                                     const HostLimits& limits, Logger log)
    : tasks_(shard),
      memory_(shard, clock, limits.memory),
      services_{.shard = shard,
                .tasks = tasks_,
                .clock = clock,
                .dispatcher = dispatcher,
                .memory = memory_,
                .limits = limits.connection,
                .log = log,
                .warnings = RateLimitedLog(log, clock),
                .scratch = std::vector<std::byte>(kScratchBytes)} {}

void ConnectionManager::start() {
    tasks_.spawn(watch());
}

void ConnectionManager::adopt(std::unique_ptr<Transport> transport, const ListenerInfo& listener,
                              std::move_only_function<void()> on_end) {
    if (draining_ || stopping_) {
        transport->close();
        on_end();
        return;
    }
    auto ended = std::make_shared<std::move_only_function<void()>>(std::move(on_end));
    const std::uint64_t id = next_connection_++;
    auto connection =
        std::make_shared<Connection>(std::move(transport), services_, listener, [this, id, ended] {
            connections_.erase(id);
            (*ended)();
        });
    connections_.emplace(id, connection);
    tasks_.spawn(Connection::serve(std::move(connection)));
}

Task<> ConnectionManager::watch() {
    while (!stopping_) {
        co_await services_.shard.wait(stop_, services_.clock.now() + kWatchInterval);
        const TimePoint now = services_.clock.now();
        for (const auto& connection : all()) {
            connection->check_time(now);
        }
        report_waits();
    }
}

void ConnectionManager::report_waits() {
    const TimePoint now = services_.clock.now();
    if (memory_.waiting() == 0 || now < next_report_) {
        return;
    }
    next_report_ = now + kReportInterval;
    auto holders = all();
    const std::size_t named = std::min(kNamed, holders.size());
    std::ranges::partial_sort(holders, holders.begin() + static_cast<std::ptrdiff_t>(named),
                              std::ranges::greater(),
                              [](const auto& connection) { return connection->held_bytes(); });
    holders.resize(named);
    std::string names;
    for (const auto& connection : holders) {
        names += fmt::format("{}{} ({} bytes)", names.empty() ? "" : ", ",
                             to_string(connection->peer()), connection->held_bytes());
    }
    const MemoryLimits& limits = memory_.limits();
    services_.log.warning(
        "{} connections wait for memory, {} of them with requests over 1 MiB. Smaller requests "
        "hold {} of {} bytes of this shard, larger ones {} of {} bytes of the node, unsent answers "
        "{} of {} bytes of this shard. These are shares of highwater.memory.limit: raise it if "
        "this lasts. The connections that hold the most: {}",
        memory_.waiting(), memory_.waiting_large(), memory_.held(), limits.requests,
        limits.large_frames->held(), limits.large_frames->limit(), memory_.answers(),
        limits.answers, names);
}

std::vector<std::shared_ptr<Connection>> ConnectionManager::all() const {
    std::vector<std::shared_ptr<Connection>> connections;
    for (const auto& [id, connection] : connections_) {
        connections.push_back(connection);
    }
    return connections;
}

Task<> ConnectionManager::drain(TimePoint deadline) {
    draining_ = true;
    const auto draining = all();
    for (const auto& connection : draining) {
        connection->hold_requests();
    }
    for (const auto& connection : draining) {
        co_await connection->wait_settled(deadline);
    }
}

void ConnectionManager::take_requests() {
    for (const auto& connection : all()) {
        connection->take_requests();
    }
}

Task<> ConnectionManager::stop() {
    stopping_ = true;
    stop_.set();
    for (const auto& connection : all()) {
        connection->close();
    }
    co_await tasks_.wait_idle();
}

}  // namespace hw::broker
