#pragma once

#include <map>
#include <string>

#include "broker/metadata/controller_locator.h"
#include "protocol/base/clock.h"
#include "protocol/base/logger.h"
#include "protocol/base/shard.h"
#include "replication/peer/peer_client.h"

namespace hw::broker {

/// Learns the id of the cluster that a new broker joins: asks the configured controllers in turn,
/// until one answers.
///
/// Used on the control shard, during the start of the node. It must outlive `run`.
class ClusterIdSearch {
public:
    struct Ports {
        Shard& shard;
        const Clock& clock;
        Logger log;
    };

    /// `asked` is a connection to the controller that `locator` says to ask.
    ClusterIdSearch(const Ports& ports, ControllerLocator& locator, replication::PeerClient& asked)
        : shard_(ports.shard),
          clock_(ports.clock),
          log_(ports.log),
          locator_(locator),
          asked_(asked) {}
    ClusterIdSearch(const ClusterIdSearch&) = delete;
    ClusterIdSearch& operator=(const ClusterIdSearch&) = delete;

    /// Waits as long as it takes, because the controllers may be started later. Log lines name the
    /// controllers that do not answer. Errors: closed (after `cancel`).
    [[nodiscard]] Task<Result<std::string>> run();
    /// Ends `run`.
    void cancel();

private:
    /// Limit of one request.
    static constexpr Duration kAttempt = std::chrono::seconds(2);
    /// Pause after a failed attempt.
    static constexpr Duration kRetry = std::chrono::milliseconds(100);
    /// Trouble is logged after this time, because nodes may be started together.
    static constexpr Duration kQuiet = std::chrono::seconds(1);
    /// Interval at which the same trouble is logged again.
    static constexpr Duration kRepeat = std::chrono::seconds(30);

    [[nodiscard]] Task<Result<std::string>> ask();
    void report(const ControllerAddress& from, const std::string& trouble);

    Shard& shard_;
    const Clock& clock_;
    Logger log_;
    ControllerLocator& locator_;
    replication::PeerClient& asked_;
    std::map<std::string, std::string> troubles_;  ///< the newest of each controller
    TimePoint next_report_{};
    TimePoint quiet_until_{};
    Signal cancelled_;
    bool is_cancelled_ = false;
    bool is_running_ = false;  ///< a request is under way
};

}  // namespace hw::broker
