#pragma once

#include "broker/replicas/metadata_applier.h"
#include "protocol/base/clock.h"
#include "protocol/base/shard.h"

namespace hw::broker {

/// Lets the leaders on this broker take slow followers out of the ISR, a few times per second.
///
/// Lives on the control shard; owned by the node. `stop` must have ended before it is destroyed.
class IsrWatch {
public:
    static constexpr Duration kInterval = std::chrono::milliseconds(500);

    IsrWatch(Shard& shard, const Clock& clock, MetadataApplier& replicas)
        : shard_(shard), clock_(clock), replicas_(replicas), tasks_(shard) {}
    IsrWatch(const IsrWatch&) = delete;
    IsrWatch& operator=(const IsrWatch&) = delete;

    void start() { tasks_.spawn(run()); }
    [[nodiscard]] Task<> stop();

private:
    [[nodiscard]] Task<> run();

    Shard& shard_;
    const Clock& clock_;
    MetadataApplier& replicas_;
    TaskGroup tasks_;
    Signal stop_;
    bool stopping_ = false;
};

}  // namespace hw::broker
