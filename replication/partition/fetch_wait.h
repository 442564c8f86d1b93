#pragma once

#include <cstdint>
#include <memory>

#include "replication/partition/request_wait.h"

namespace hw::replication {

/// One Fetch request that found less than it asks for. It ends when its partitions have gained the
/// bytes that are missing, when one of them has an error to tell, or at its deadline; the request
/// then reads all partitions again.
class FetchWait final : public RequestWait, public std::enable_shared_from_this<FetchWait> {
public:
    /// Use `begin`.
    FetchWait(Shard& shard, std::uint64_t missing_bytes, Done done)
        : RequestWait(shard, std::move(done)), missing_bytes_(missing_bytes) {}

    /// `missing_bytes`: min.bytes of the request less what it has found; more than 0.
    [[nodiscard]] static WaitHandle<FetchWait> begin(Shard& shard, std::uint64_t missing_bytes,
                                                     Done done);
    /// What the partitions are given.
    [[nodiscard]] std::weak_ptr<FetchWait> reference() { return weak_from_this(); }

    /// Called inside a partition's guard: `bytes` more can be read there.
    static void tell(const std::weak_ptr<FetchWait>& wait, std::uint64_t bytes);
    /// Called inside a partition's guard: to read again is due now, whatever is missing.
    static void finish(const std::weak_ptr<FetchWait>& wait);

private:
    void gain(std::uint64_t bytes);
    void on_deadline() override { end(); }

    std::uint64_t missing_bytes_;
};

}  // namespace hw::replication
