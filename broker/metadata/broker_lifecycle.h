#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "protocol/base/ids.h"
#include "protocol/base/time.h"
#include "protocol/wire/error_code.h"

namespace hw::broker {

struct LifecycleOptions {
    Duration session_timeout = std::chrono::seconds(3);            ///< broker.session.timeout.ms
    Duration heartbeat_interval = std::chrono::milliseconds(500);  ///< broker.heartbeat.interval.ms
    Duration retry = std::chrono::milliseconds(100);               ///< between attempts that failed
    /// How long a stop waits for the controller to move leaders away.
    Duration stop_limit = std::chrono::seconds(30);
};

/// What the controller said to a heartbeat.
struct HeartbeatAnswer {
    bool caught_up = false;
    bool fenced = true;
    bool should_shut_down = false;
};

/// What is to be sent to the active controller; at most one request is under way.
enum class LifecycleRequest : std::uint8_t { none, registration, heartbeat };

struct LifecycleEffects {
    LifecycleRequest send = LifecycleRequest::none;
    /// The broker may serve: it is registered and no longer fenced.
    bool became_active = false;
    /// Its session is over, by time or by the controller's word: leader reads are refused.
    bool became_inactive = false;
    /// The stop is done, or has waited long enough. The last that is wanted: nothing is sent after
    /// it, and nothing waits for time.
    bool may_stop = false;
    /// The controller will never take this broker: the process ends with this sentence.
    std::optional<std::string> fatal;
};

/// How a broker belongs to the cluster (KIP-631): registers, shows by heartbeats that it lives,
/// is unfenced once it has applied its own registration, and leaves in order.
///
/// Pure: no I/O, no clock. Owned by the node's control side; one thread.
class BrokerLifecycle {
public:
    explicit BrokerLifecycle(LifecycleOptions options) : options_(options) {}

    void start(TimePoint now, LifecycleEffects& effects);
    void on_registered(BrokerEpoch epoch, TimePoint now, LifecycleEffects& effects);
    void on_heartbeat(const HeartbeatAnswer& answer, TimePoint now, LifecycleEffects& effects);
    /// The request under way was refused, or (with no code) got no answer.
    void on_failure(std::optional<wire::ErrorCode> code, TimePoint now, LifecycleEffects& effects);
    /// Metadata up to and with `offset` is applied here.
    void on_applied(Offset offset, TimePoint now, LifecycleEffects& effects);
    /// Asks the controller to move leaders away, then to let this broker go.
    void begin_stop(TimePoint now, LifecycleEffects& effects);
    void on_time(TimePoint now, LifecycleEffects& effects);
    [[nodiscard]] TimePoint next_deadline() const;

    /// Of the newest registration; -1 before.
    [[nodiscard]] BrokerEpoch epoch() const { return epoch_; }
    [[nodiscard]] Offset applied() const { return applied_; }
    [[nodiscard]] bool active() const { return active_; }
    [[nodiscard]] bool stopping() const { return stop_begun_ != kNever; }

private:
    [[nodiscard]] bool registered() const { return epoch_ != BrokerEpoch(-1); }
    [[nodiscard]] bool caught_up() const {
        return registered() && applied_.value() >= epoch_.value();
    }
    void send(LifecycleRequest request, TimePoint now, LifecycleEffects& effects);
    /// The controller has heard of this broker: not before the request was sent.
    void extend_session() { session_end_ = sent_at_ + options_.session_timeout; }
    void send_due(TimePoint now, LifecycleEffects& effects);
    void deactivate(LifecycleEffects& effects);
    void let_go(LifecycleEffects& effects);

    LifecycleOptions options_;
    BrokerEpoch epoch_{-1};
    Offset applied_ = kNoOffset;
    bool active_ = false;
    LifecycleRequest under_way_ = LifecycleRequest::none;
    bool urgent_ = false;  ///< something happened that the controller should hear at once
    TimePoint next_send_ = kNever;
    TimePoint sent_at_{};  ///< the newest request
    TimePoint session_end_ = kNever;
    TimePoint stop_begun_ = kNever;
    bool over_ = false;  ///< the broker may stop
};

}  // namespace hw::broker
