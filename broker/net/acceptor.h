#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "broker/net/connection_manager.h"
#include "broker/net/rate_limited_log.h"
#include "protocol/base/network.h"

namespace hw::broker {

/// Counts the open connections of a node and bounds them. A tenth of the limit is reserved for
/// members of the cluster, so that clients cannot lock them out; members may use the rest, too.
/// Used on the shard that accepts.
class ConnectionLimiter {
public:
    /// Who uses a listener. `cluster`: the controllers' listeners, and inter.broker.listener.name
    /// if clients have a listener of their own. `client`: all others.
    enum class User : std::uint8_t { client, cluster };

    explicit ConnectionLimiter(std::size_t limit) : limit_(limit), kept_(limit / kKeptOf) {}

    [[nodiscard]] bool try_add(User user) {
        if (open_ >= limit_ || (user == User::client && clients_ >= limit_ - kept_)) {
            return false;
        }
        ++open_;
        clients_ += user == User::client ? 1 : 0;
        return true;
    }
    void remove(User user) {
        --open_;
        clients_ -= user == User::client ? 1 : 0;
    }
    [[nodiscard]] std::size_t limit(User user) const {
        return user == User::client ? limit_ - kept_ : limit_;
    }

private:
    /// 1/kKeptOf of the limit is kept for cluster members.
    static constexpr std::size_t kKeptOf = 10;

    std::size_t limit_;
    std::size_t kept_;
    std::size_t open_ = 0;
    std::size_t clients_ = 0;
};

/// Services that the acceptors of a node share.
struct AcceptorServices {
    Shard& shard;  ///< accepts the connections
    const Clock& clock;
    std::vector<ConnectionManager*> hosts;  ///< one per shard that serves connections; at least one
    ConnectionLimiter& count;
    Logger log;
};

/// Accepts connections on one listener and deals them to the shards in turn.
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
    /// Pause after a failed accept, for example when the process has no file descriptors left.
    static constexpr Duration kAcceptRetryPause = std::chrono::milliseconds(100);

    [[nodiscard]] Task<> run();
    [[nodiscard]] ConnectionLimiter::User user() const {
        return info_.role == ListenerRole::controller || info_.between_brokers
                   ? ConnectionLimiter::User::cluster
                   : ConnectionLimiter::User::client;
    }
    void deal(std::unique_ptr<Transport> transport, ConnectionManager& host);

    AcceptorServices services_;
    std::unique_ptr<Listener> listener_;
    ListenerInfo info_;
    RateLimitedLog warnings_;
    TaskGroup tasks_;
    Signal stop_;
    bool stopping_ = false;
};

}  // namespace hw::broker
