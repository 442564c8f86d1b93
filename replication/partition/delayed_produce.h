#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include <boost/container/small_vector.hpp>

#include "protocol/base/ids.h"
#include "protocol/wire/error_code.h"
#include "replication/partition/delayed_request.h"

namespace hw::replication {

/// When a Produce request is answered: never (none), when the leader has written the records
/// (leader), or when the high watermark has passed them (all). The values are those on the wire.
enum class Acks : std::int8_t { none = 0, leader = 1, all = -1 };

/// Outcome of a Produce request in one partition.
struct ProduceOutcome {
    wire::ErrorCode code = wire::ErrorCode::none;
    std::string message;  ///< empty without an error
    Offset base_offset = kNoOffset;
    Timestamp append_time = kNoTimestamp;  ///< set if the topic uses LogAppendTime
    Offset log_start_offset = kNoOffset;
};

class DelayedProduce;

/// The place for one partition's outcome in a DelayedProduce. The partition writes the outcome,
/// then posts the slot to the shard of the request. The shard reads it only after that, so no lock
/// is needed.
class ProduceSlot {
public:
    /// Sets the outcome and hands the slot back. Called inside the partition's guard, at most once
    /// per slot.
    static void answer(std::shared_ptr<ProduceSlot> slot, ProduceOutcome outcome);
    /// Releases the partition's reference, because the batch is written and the request's bytes are
    /// no longer needed. This happens by a post, because the last reference frees the request,
    /// which must happen on its shard.
    static void release(std::shared_ptr<ProduceSlot> slot);

private:
    friend class DelayedProduce;

    DelayedProduce* wait_ = nullptr;
    ProduceOutcome outcome_;
    bool arrived_ = false;  ///< used only on the shard of the request
};

/// A Produce request that waits for the outcomes of its partitions. It ends when all outcomes have
/// arrived, or at its deadline.
///
/// A partition owns a reference to its slot from the append to the end of the write, because the
/// batch is in the bytes of the request. After that it holds a weak reference.
class DelayedProduce final : public DelayedRequest,
                             public std::enable_shared_from_this<DelayedProduce> {
public:
    /// Use `begin`.
    DelayedProduce(Shard& shard, std::size_t partitions, std::shared_ptr<const void> request,
                   Done done);

    /// Makes a wait. `request` owns the bytes of the batches; it is released on the shard, after
    /// the last write.
    [[nodiscard]] static WaitHandle<DelayedProduce> begin(Shard& shard, std::size_t partitions,
                                                          std::shared_ptr<const void> request,
                                                          Done done);

    /// The slot for the partition at `index` in the request.
    [[nodiscard]] std::shared_ptr<ProduceSlot> slot(std::size_t index);
    /// The outcome of the partition at `index`. Call when the wait has ended. REQUEST_TIMED_OUT if
    /// none arrived in time; the records may still be written and replicated.
    [[nodiscard]] ProduceOutcome outcome(std::size_t index) const;

private:
    friend class ProduceSlot;

    void arrive(ProduceSlot& slot);
    void on_deadline() override { end(); }
    /// The request and this object own each other, so this breaks the cycle.
    void on_shard_end() override { const auto request = std::move(request_); }

    boost::container::small_vector<ProduceSlot, 1> slots_;
    std::size_t missing_;
    std::shared_ptr<const void> request_;
};

}  // namespace hw::replication
