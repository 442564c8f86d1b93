#pragma once

#include <functional>
#include <string>
#include <vector>

#include "broker/metadata/broker_lifecycle.h"
#include "controller/image/broker_image.h"
#include "protocol/base/clock.h"
#include "protocol/base/logger.h"
#include "protocol/base/shard.h"
#include "replication/peer/peer_client.h"

namespace hw::broker {

/// The facts about a broker that go into its registration.
struct BrokerFacts {
    BrokerId id;
    std::string cluster_id;
    IncarnationId incarnation;  ///< new at each start of the process
    controller::NodeEndpoints endpoints;
    controller::FeatureRanges features;
    std::string rack;                   ///< empty: none
    std::vector<DirectoryId> log_dirs;  ///< of its replicas; those that fail are left out
    BrokerEpoch previous_epoch{-1};     ///< epoch before the last stop, if that was clean; else -1
};

/// Port: gets the events of the broker's session with the controller. Called on the control shard.
class BrokerAgentListener {
public:
    virtual ~BrokerAgentListener() = default;
    /// The session has begun (true) or has ended (false).
    virtual void on_session(bool in_session) = 0;
    /// The controller refuses this broker for good, or it cannot be told of a failed directory:
    /// the process must end.
    virtual void on_refused(const Error& reason) = 0;
};

/// Runs the BrokerLifecycle: sends its requests to the controller, and passes it the answers and
/// the time.
///
/// Lives on the control shard; owned by the node. `stop` must have ended before it is destroyed.
class BrokerAgent {
public:
    struct Ports {
        Shard& shard;
        const Clock& clock;
        Logger log;
    };

    BrokerAgent(const Ports& ports, LifecycleOptions options, BrokerFacts facts,
                replication::PeerClient& controller, BrokerAgentListener& listener);
    BrokerAgent(const BrokerAgent&) = delete;
    BrokerAgent& operator=(const BrokerAgent&) = delete;

    void start();
    /// All shards have applied the metadata up to and including `offset`. `is_awaited`: a broker
    /// that is stopping waits until the others have.
    void on_applied(Offset offset, bool is_awaited);
    /// Another controller is active, or it is known again.
    void on_controller_change();
    /// A directory has failed: the controller is told at once, and again in every heartbeat.
    void on_directory_failed(DirectoryId directory);
    /// Starts a controlled shutdown: asks the controller to move the leaderships of this broker
    /// away. Ends when the broker may stop.
    [[nodiscard]] Task<> leave();
    /// Waits for the end of all requests. Call after the channel to the controller has been
    /// stopped, which ends them.
    [[nodiscard]] Task<> stop();

    /// Epoch of the newest registration; -1 before the first.
    [[nodiscard]] BrokerEpoch epoch() const { return lifecycle_.epoch(); }
    /// When the session ends, if no heartbeat extends it; in the past if there is none.
    [[nodiscard]] TimePoint session_end() const { return lifecycle_.session_end(); }

private:
    [[nodiscard]] Task<> watch();
    [[nodiscard]] Task<> send_registration();
    [[nodiscard]] Task<> send_heartbeat();
    [[nodiscard]] std::vector<DirectoryId> online_directories() const;
    void execute(const LifecycleEffects& effects);
    void log_session_end(bool has_expired) const;
    /// What the operator can do about a refusal; begins with ": ", or is empty.
    [[nodiscard]] std::string advice_for(std::string_view what, wire::ErrorCode code) const;
    /// A request got no answer (no code) or a refusal. A refusal is logged if its
    /// code differs from that of the last one.
    void fail(std::string_view what, std::optional<wire::ErrorCode> code);

    Shard& shard_;
    const Clock& clock_;
    Logger log_;
    LifecycleOptions options_;
    BrokerFacts facts_;
    replication::PeerClient& controller_;
    BrokerAgentListener& listener_;
    BrokerLifecycle lifecycle_;
    TaskGroup tasks_;
    wire::ErrorCode refused_with_ = wire::ErrorCode::none;
    Signal changed_;
    Signal may_leave_;
    bool stopping_ = false;
};

}  // namespace hw::broker
