#pragma once

#include <functional>
#include <string>
#include <vector>

#include "broker/metadata/broker_lifecycle.h"
#include "controller/image/broker_image.h"
#include "protocol/base/clock.h"
#include "protocol/base/logger.h"
#include "protocol/base/shard.h"
#include "replication/fetch/peer_client.h"

namespace hw::broker {

/// What a broker says of itself when it registers.
struct BrokerFacts {
    BrokerId id;
    std::string cluster_id;
    IncarnationId incarnation;  ///< new at each start of the process
    controller::NodeEndpoints endpoints;
    controller::FeatureRanges features;
    std::string rack;  ///< empty: none
    std::vector<DirectoryId> log_dirs;
    BrokerEpoch previous_epoch{-1};  ///< of the incarnation that stopped cleanly, if one did
};

/// Who is told how the broker stands with the controller, on the control shard.
class BrokerAgentListener {
public:
    virtual ~BrokerAgentListener() = default;
    /// A session begins, or has ended.
    virtual void on_session(bool in_session) = 0;
    /// The controller will never take this broker: the process must end.
    virtual void on_refused(const Error& reason) = 0;
};

/// The lifecycle of the broker at work: sends its requests to the controller, feeds it the answers
/// and the time.
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
    /// Metadata up to and with `offset` is applied on all shards.
    void on_applied(Offset offset);
    /// Asks the controller to move leaders away; ends when this broker may go.
    [[nodiscard]] Task<> leave();
    /// The channel to the controller was stopped before.
    [[nodiscard]] Task<> stop();

    /// Of the newest registration; -1 before.
    [[nodiscard]] BrokerEpoch epoch() const { return lifecycle_.epoch(); }

private:
    [[nodiscard]] Task<> watch();
    [[nodiscard]] Task<> send_registration();
    [[nodiscard]] Task<> send_heartbeat();
    void execute(const LifecycleEffects& effects);
    /// No answer, or a refusal: logged once as long as it stays the same.
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
