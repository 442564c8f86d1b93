#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "broker/net/connection_host.h"
#include "broker/net/limited_log.h"
#include "protocol/base/network.h"

namespace hw::broker {

/// Connections of all listeners of a node together, counted on the shard that accepts.
class ConnectionCount {
public:
    explicit ConnectionCount(std::size_t limit) : limit_(limit) {}

    [[nodiscard]] bool try_add() {
        if (open_ >= limit_) {
            return false;
        }
        ++open_;
        return true;
    }
    void remove() { --open_; }
    [[nodiscard]] std::size_t limit() const { return limit_; }

private:
    std::size_t limit_;
    std::size_t open_ = 0;
};

/// What the acceptors of a node share.
struct AcceptorServices {
    Shard& shard;  ///< that accepts
    const Clock& clock;
    std::vector<ConnectionHost*> hosts;  ///< that serve, at least one
    ConnectionCount& count;
    Logger log;
};

/// Accepts on one listener and deals the connections to the hosts in turn.
///
/// Owned by the node; used on the shard that accepts. `stop` must have ended before it is
/// destroyed.
class Acceptor {
public:
    Acceptor(AcceptorServices services, std::unique_ptr<Listener> listener, ListenerInfo info);
    Acceptor(const Acceptor&) = delete;
    Acceptor& operator=(const Acceptor&) = delete;

    void start() { tasks_.spawn(run()); }
    [[nodiscard]] Task<> stop();
    [[nodiscard]] const ListenerInfo& info() const { return info_; }

private:
    /// How long accepting rests when the process is out of descriptors or of its share of them.
    static constexpr Duration kRest = std::chrono::milliseconds(100);

    [[nodiscard]] Task<> run();
    void deal(std::unique_ptr<Transport> transport, ConnectionHost& host);

    AcceptorServices services_;
    std::unique_ptr<Listener> listener_;
    ListenerInfo info_;
    LimitedLog warnings_;
    TaskGroup tasks_;
    Signal stop_;
    bool stopping_ = false;
};

}  // namespace hw::broker
