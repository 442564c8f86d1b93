#pragma once

#include <chrono>

#include "broker/replicas/metadata_applier.h"
#include "protocol/base/clock.h"
#include "protocol/base/logger.h"
#include "protocol/base/shard.h"
#include "storage/producer_limit.h"

namespace hw::broker {

/// Makes the logs forget idle producers. Every `interval` it drops the producers that were last
/// used `expiration` ago or earlier. While the number of producers is near the limit, it also
/// drops, every few seconds, those that were idle for 15 minutes, but never a more recent one.
///
/// A pass enters one replica after another, each for a few pages of producers at a time, so that no
/// turn of a shard gets longer. Lives on the control shard; owned by the node. `stop` must have
/// ended before it is destroyed.
class ProducerExpiry {
public:
    static constexpr std::chrono::milliseconds kIdleAlwaysKept = std::chrono::minutes(15);
    static constexpr Duration kIntervalWhenFull = std::chrono::seconds(5);
    /// While new producers are refused, the log says so this often.
    static constexpr Duration kWarningInterval = std::chrono::minutes(1);

    struct Ports {
        Shard& shard;
        const Clock& clock;
        MetadataApplier& replicas;
        const storage::ProducerLimit& limit;
        Logger log;
    };

    ProducerExpiry(const Ports& ports, std::chrono::milliseconds expiration,
                   std::chrono::milliseconds interval)
        : ports_(ports), expiration_(expiration), interval_(interval), tasks_(ports.shard) {}
    ProducerExpiry(const ProducerExpiry&) = delete;
    ProducerExpiry& operator=(const ProducerExpiry&) = delete;

    void start() { tasks_.spawn(run()); }
    [[nodiscard]] Task<> stop();

private:
    [[nodiscard]] Task<> run();
    [[nodiscard]] bool is_nearly_full() const;
    void warn_when_full();

    Ports ports_;
    std::chrono::milliseconds expiration_;
    std::chrono::milliseconds interval_;
    TaskGroup tasks_;
    Signal stop_;
    bool stopping_ = false;
    TimePoint next_warning_{};
};

}  // namespace hw::broker
