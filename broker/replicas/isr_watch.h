#pragma once

#include <functional>
#include <utility>

#include "broker/replicas/metadata_applier.h"
#include "protocol/base/clock.h"
#include "protocol/base/shard.h"

namespace hw::broker {

/// Lets the leaders on this broker take slow followers out of the ISR, a few times per second.
/// While the broker has no session with the controllers, leaders that perhaps have been replaced
/// refuse records: see replication::ClusterView.
///
/// Lives on the control shard; owned by the node. `stop` must have ended before it is destroyed.
class IsrWatch {
public:
    static constexpr Duration kInterval = std::chrono::milliseconds(500);

    /// The end of the session with the controllers, see replication::ClusterView.
    using SessionEnd = std::function<TimePoint()>;

    /// `session_timeout`: broker.session.timeout.ms.
    IsrWatch(Shard& shard, const Clock& clock, MetadataApplier& replicas, SessionEnd session_end,
             Duration session_timeout)
        : shard_(shard),
          clock_(clock),
          replicas_(replicas),
          session_end_(std::move(session_end)),
          session_timeout_(session_timeout),
          tasks_(shard) {}
    IsrWatch(const IsrWatch&) = delete;
    IsrWatch& operator=(const IsrWatch&) = delete;

    void start() { tasks_.spawn(run()); }
    /// The broker has got a session, or has lost it.
    void on_session() { wake_.set(); }
    [[nodiscard]] Task<> stop();

private:
    [[nodiscard]] Task<> run();

    Shard& shard_;
    const Clock& clock_;
    MetadataApplier& replicas_;
    SessionEnd session_end_;
    Duration session_timeout_;
    TaskGroup tasks_;
    Signal wake_;
    bool stopping_ = false;
};

}  // namespace hw::broker
