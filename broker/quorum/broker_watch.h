#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string_view>
#include <vector>

#include "broker/net/exchange.h"
#include "broker/quorum/controller_runtime.h"
#include "protocol/base/clock.h"
#include "protocol/base/logger.h"
#include "protocol/base/network.h"
#include "protocol/base/shard.h"

namespace hw::broker {

/// Notices that the process of a broker has ended, long before its session expires, and has the
/// broker fenced. Works only while this controller is the active one.
///
/// The end of a broker's heartbeat connection is a first sign. If the broker sends no heartbeat on
/// another connection within kReconnectLimit, its listeners are dialled. If all of them refuse, the
/// process has ended. Any other outcome proves nothing: the session goes on. A new active
/// controller has no connections yet, so it dials each unfenced broker that sends no heartbeat
/// within kFirstHeartbeatLimit.
///
/// Example: broker 2 is killed. Its machine closes the connection at once; 100 ms later the dial is
/// refused, and the partitions that broker 2 led get other leaders. A broker that stops closes its
/// listeners before it leaves the cluster; it is not dialled because its heartbeats go on.
///
/// Lives on the control shard; owned by the controller server. Outlives the connections. `stop`
/// must have ended before it is destroyed.
class BrokerWatch {
public:
    struct Ports {
        Shard& shard;
        const Clock& clock;
        Network& network;
        Logger log;
    };

    static constexpr Duration kReconnectLimit = std::chrono::milliseconds(100);
    static constexpr Duration kFirstHeartbeatLimit = std::chrono::milliseconds(300);
    static constexpr Duration kDialLimit = std::chrono::seconds(1);

    /// The broker `self` is not watched: it ends together with this controller.
    BrokerWatch(const Ports& ports, ControllerRuntime& controller, BrokerId self);
    BrokerWatch(const BrokerWatch&) = delete;
    BrokerWatch& operator=(const BrokerWatch&) = delete;

    void start();
    /// Waits for the dials under way.
    [[nodiscard]] Task<> stop();

    /// This controller has become the active one, or has ceased to be it.
    void on_role_change();
    /// The controller has accepted a heartbeat of `broker`. `state` is that of its connection.
    void on_heartbeat(BrokerId broker, BrokerEpoch epoch, std::unique_ptr<ConnectionState>& state);

private:
    /// State of a connection that carries heartbeats of a broker. Its end is that of the
    /// connection.
    struct HeartbeatConnection final : ConnectionState {
        HeartbeatConnection(BrokerWatch& of, BrokerId from, std::uint64_t id)
            : watch(of), broker(from), number(id) {}
        HeartbeatConnection(const HeartbeatConnection&) = delete;
        HeartbeatConnection& operator=(const HeartbeatConnection&) = delete;
        ~HeartbeatConnection() override { watch.on_connection_end(broker, number); }

        BrokerWatch& watch;
        BrokerId broker;
        std::uint64_t number;
    };
    struct Watched {
        BrokerEpoch epoch;
        std::uint64_t connection = 0;  ///< number of the newest heartbeat connection; 0: none
        std::string_view sign = {};    ///< what happened, for the log
        TimePoint dial_at = kNever;
    };

    void on_connection_end(BrokerId broker, std::uint64_t number);
    [[nodiscard]] TimePoint next_dial() const;
    [[nodiscard]] Task<> watch();
    void dial_due();
    /// Where to dial the broker; empty if there is no reason to dial it any more.
    [[nodiscard]] std::vector<Endpoint> endpoints_of(BrokerId broker, BrokerEpoch epoch) const;
    [[nodiscard]] Task<> dial(BrokerId broker, BrokerEpoch epoch, std::vector<Endpoint> endpoints);
    void on_dialled(BrokerId broker, BrokerEpoch epoch, bool all_refuse);

    Ports ports_;
    ControllerRuntime& controller_;
    BrokerId self_;
    std::map<BrokerId, Watched> watched_;  ///< registered brokers; empty when not active
    std::set<BrokerId> dialled_;           ///< whose dial is under way
    std::uint64_t connections_ = 0;        ///< number of the newest heartbeat connection
    TaskGroup tasks_;
    Signal changed_;
    bool stopping_ = false;
};

}  // namespace hw::broker
