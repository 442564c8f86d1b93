#pragma once

#include <cstdint>
#include <memory>

#include "replication/partition/delayed_request.h"

namespace hw::replication {

/// A delayed Fetch request: it found less than min.bytes. The wait ends when its partitions have
/// gained the missing bytes, when one of them can no longer be read, or at its deadline. The
/// request then reads all partitions again.
class DelayedFetch final : public DelayedRequest,
                           public std::enable_shared_from_this<DelayedFetch> {
public:
    /// Use `begin`.
    DelayedFetch(Shard& shard, std::uint64_t missing_bytes, Done done)
        : DelayedRequest(shard, std::move(done)), missing_bytes_(missing_bytes) {}

    /// Makes a wait. `missing_bytes` is min.bytes of the request minus the bytes found; at least 1.
    [[nodiscard]] static WaitHandle<DelayedFetch> begin(Shard& shard, std::uint64_t missing_bytes,
                                                        Done done);
    /// The reference that partitions hold, in a FetchWatch.
    [[nodiscard]] std::weak_ptr<DelayedFetch> reference() { return weak_from_this(); }

    /// Reports that a partition has `bytes` more to read. Called inside the partition's guard;
    /// takes effect on the shard of the wait, by a post.
    static void report_bytes(const std::weak_ptr<DelayedFetch>& wait, std::uint64_t bytes);
    /// Ends the wait, so that the request reads again at once. Called like `report_bytes`.
    static void finish(const std::weak_ptr<DelayedFetch>& wait);
    /// Brings its deadline forward, if it is later. Called like `report_bytes`.
    static void end_by(const std::weak_ptr<DelayedFetch>& wait, TimePoint deadline);

private:
    void gain(std::uint64_t bytes);
    void on_deadline() override { end(); }

    std::uint64_t missing_bytes_;
};

}  // namespace hw::replication
