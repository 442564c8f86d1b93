#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "protocol/base/ids.h"
#include "protocol/base/time.h"
#include "protocol/wire/error_code.h"

namespace hw::broker {

/// Settings of the broker's session with the controller.
struct LifecycleOptions {
    Duration session_timeout = std::chrono::seconds(3);            ///< broker.session.timeout.ms
    Duration heartbeat_interval = std::chrono::milliseconds(500);  ///< broker.heartbeat.interval.ms
    /// Pause after a failed attempt. Much shorter than BrokerWatch::kReconnectLimit, within which
    /// a broker that is stopping, and listens no more, must show that it runs.
    Duration retry = std::chrono::milliseconds(30);
    /// Longest time that a stop waits for the controller to move leaderships away.
    Duration stop_limit = std::chrono::seconds(30);
    /// How long a failed directory may stay unknown to the controller: log.dir.failure.timeout.ms.
    Duration directory_failure_limit = std::chrono::seconds(30);
};

/// The controller's answer to a heartbeat.
struct HeartbeatAnswer {
    bool fenced = true;
    bool should_shut_down = false;
};

/// The kinds of request to the active controller. At most one request is under way.
enum class LifecycleRequest : std::uint8_t { none, registration, heartbeat };

/// Actions that the lifecycle asks for.
struct LifecycleEffects {
    LifecycleRequest send = LifecycleRequest::none;
    /// The broker is registered and unfenced: it may serve clients.
    bool became_active = false;
    /// The session has expired, or the controller has fenced or forgotten this broker: other
    /// brokers may lead its partitions by now.
    bool became_inactive = false;
    bool has_expired = false;  ///< why it became inactive: no answer has come for session_timeout
    /// The broker may stop: the controller allows it, or no answer has come for session_timeout, or
    /// stop_limit has passed. This is the last effect: nothing is sent after it, and there is no
    /// further deadline.
    bool may_stop = false;
    /// The controller refuses this broker for good, or cannot be told that a directory has failed:
    /// the process ends with this message.
    std::optional<std::string> fatal;
};

/// State machine of a broker's membership in the cluster (KIP-631): it registers, sends heartbeats,
/// is unfenced once it has applied its own registration, and stops by a controlled shutdown.
///
/// A core: no I/O, no clock. Owned by the BrokerAgent; used by one thread.
class BrokerLifecycle {
public:
    explicit BrokerLifecycle(LifecycleOptions options) : options_(options) {}

    void start(TimePoint now, LifecycleEffects& effects);
    void on_registered(BrokerEpoch epoch, TimePoint now, LifecycleEffects& effects);
    void on_heartbeat(const HeartbeatAnswer& answer, TimePoint now, LifecycleEffects& effects);
    /// The request under way was refused with `code`, or got no answer (no code).
    void on_failure(std::optional<wire::ErrorCode> code, TimePoint now, LifecycleEffects& effects);
    /// This broker has applied the metadata up to and including `offset`. If that is awaited, tells
    /// the controller at once.
    void on_applied(Offset offset, bool is_awaited, TimePoint now, LifecycleEffects& effects);
    /// Sends the next request at once. A new active controller does not know that this broker runs,
    /// and would take it for dead if it is stopping and listens no more.
    void on_controller_change(TimePoint now, LifecycleEffects& effects);
    /// A directory of this broker has failed, until its next start. Tells the controller at once
    /// (KIP-858): other brokers must lead the partitions there.
    void on_directory_failed(DirectoryId directory, TimePoint now, LifecycleEffects& effects);
    /// Starts the controlled shutdown: asks the controller to move leaderships away and to allow
    /// the stop. If the broker is not registered or has lost its session, it may stop at once.
    void begin_stop(TimePoint now, LifecycleEffects& effects);
    void on_time(TimePoint now, LifecycleEffects& effects);
    [[nodiscard]] TimePoint next_deadline() const;

    /// Epoch of the newest registration; -1 if there is none, or the controller has forgotten it.
    [[nodiscard]] BrokerEpoch epoch() const { return epoch_; }
    [[nodiscard]] Offset applied() const { return applied_; }
    [[nodiscard]] bool active() const { return active_; }
    /// When the session ends, if no heartbeat extends it; in the past if there is none.
    [[nodiscard]] TimePoint session_end() const {
        return active_ ? session_end_ : TimePoint::min();
    }
    [[nodiscard]] bool stopping() const { return stop_begun_ != kNever; }
    /// The failed directories, which every heartbeat names.
    [[nodiscard]] const std::vector<DirectoryId>& failed_directories() const { return failed_; }

private:
    [[nodiscard]] bool registered() const { return epoch_ != BrokerEpoch(-1); }
    [[nodiscard]] bool caught_up() const {
        return registered() && applied_.value() >= epoch_.value();
    }
    void send(LifecycleRequest request, TimePoint now, LifecycleEffects& effects);
    /// An answer arrived. The session is measured from the time at which the request was sent,
    /// because the controller cannot have received it earlier.
    void extend_session() { session_end_ = sent_at_ + options_.session_timeout; }
    void send_due(TimePoint now, LifecycleEffects& effects);
    void deactivate(LifecycleEffects& effects);
    void allow_stop(LifecycleEffects& effects);

    LifecycleOptions options_;
    BrokerEpoch epoch_{-1};
    Offset applied_ = kNoOffset;
    bool active_ = false;
    LifecycleRequest under_way_ = LifecycleRequest::none;
    bool urgent_ = false;      ///< send the next request at once, without waiting for next_send_
    bool was_fenced_ = false;  ///< in the last answer, and nothing was applied since
    TimePoint next_send_ = kNever;
    TimePoint sent_at_{};  ///< when the newest request was sent
    TimePoint session_end_ = kNever;
    TimePoint stop_begun_ = kNever;
    std::vector<DirectoryId> failed_;
    std::size_t told_ = 0;        ///< how many of failed_ the controller has acknowledged
    std::size_t sent_ = 0;        ///< how many of failed_ are in the heartbeat under way
    TimePoint tell_by_ = kNever;  ///< when the failed directories must be acknowledged
    bool over_ = false;           ///< the broker may stop
};

}  // namespace hw::broker
