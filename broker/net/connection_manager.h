#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "broker/net/connection.h"

namespace hw::broker {

/// Limits of the connections of one shard, together and each.
struct HostLimits {
    MemoryLimits memory;
    ConnectionLimits connection;
};

/// Owner of the connections of one shard: takes them over, checks their time limits, closes them.
///
/// Owned by the node; used on its shard only. `stop` must have ended before it is destroyed.
class ConnectionManager {
public:
    ConnectionManager(Shard& shard, const Clock& clock, const Dispatcher& dispatcher,
                      const HostLimits& limits, Logger log);
    ConnectionManager(const ConnectionManager&) = delete;
    ConnectionManager& operator=(const ConnectionManager&) = delete;

    /// Starts checking time limits. Called once.
    void start();
    /// Serves a transport that is bound to this shard; `on_end` is called when the connection has
    /// ended.
    void adopt(std::unique_ptr<Transport> transport, const ListenerInfo& listener,
               std::move_only_function<void()> on_end);
    /// Takes no more connections, and no requests until `take_requests`. Waits until all requests
    /// already taken, except Fetches, are answered, or until `deadline`. Call before `stop`, which
    /// drops unsent answers.
    [[nodiscard]] Task<> drain(TimePoint deadline);
    /// Takes requests again on the connections that are left.
    void take_requests();
    /// Closes every connection and ends the checks. None of their coroutines runs when it returns.
    [[nodiscard]] Task<> stop();

    [[nodiscard]] Shard& shard() { return services_.shard; }
    [[nodiscard]] std::size_t size() const { return connections_.size(); }

private:
    static constexpr std::size_t kScratchBytes = 64 * 1024;
    static constexpr Duration kWatchInterval = std::chrono::seconds(1);
    static constexpr Duration kReportInterval = std::chrono::seconds(10);

    /// Maximum number of connections named in a log line.
    static constexpr std::size_t kNamed = 3;

    [[nodiscard]] Task<> watch();
    /// Logs that frames wait for memory, with the connections that hold the most.
    void report_waits();
    /// A copy of the connections, because closing one removes it from the map.
    [[nodiscard]] std::vector<std::shared_ptr<Connection>> all() const;

    TaskGroup tasks_;
    MemoryBudget memory_;
    ConnectionServices services_;
    std::map<std::uint64_t, std::shared_ptr<Connection>> connections_;  ///< in order of arrival
    std::uint64_t next_connection_ = 0;
    Signal stop_;
    TimePoint next_report_{};
    bool draining_ = false;
    bool stopping_ = false;
};

}  // namespace hw::broker
