#pragma once

#include "broker/replicas/metadata_applier.h"
#include "protocol/base/clock.h"
#include "protocol/base/shard.h"
#include "storage/log_manager.h"

namespace hw::broker {

/// Writes the checkpoints of each data directory every few seconds and at the stop: the recovery
/// points, which limit the scan of the logs after a crash, and the high watermarks, from which the
/// replicas go on at the next start.
///
/// Lives on the control shard; owned by the node. `stop` must have ended before it is destroyed.
class Checkpointer {
public:
    static constexpr Duration kInterval = std::chrono::seconds(5);

    struct Ports {
        Shard& shard;
        const Clock& clock;
        storage::LogManager& logs;
        MetadataApplier& replicas;
    };

    explicit Checkpointer(const Ports& ports) : ports_(ports), tasks_(ports.shard) {}
    Checkpointer(const Checkpointer&) = delete;
    Checkpointer& operator=(const Checkpointer&) = delete;

    void start() { tasks_.spawn(run()); }
    /// Begins the last write, which LogManager::close waits for. Nothing is appended any more.
    [[nodiscard]] Task<> stop();

private:
    [[nodiscard]] Task<> run();
    [[nodiscard]] Task<> write();

    Ports ports_;
    TaskGroup tasks_;
    Signal stop_;
    bool stopping_ = false;
};

}  // namespace hw::broker
