#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include <boost/container/small_vector.hpp>

#include "protocol/base/ids.h"
#include "protocol/wire/error_code.h"
#include "replication/partition/request_wait.h"

namespace hw::replication {

/// When a Produce request is answered: not at all, when the leader has the records, when the high
/// watermark has passed them. The values are those of the wire.
enum class Acks : std::int8_t { none = 0, leader = 1, all = -1 };

/// What a Produce request is told of one partition.
struct ProduceOutcome {
    wire::ErrorCode code = wire::ErrorCode::none;
    std::string message;  ///< why, when there is an error
    Offset base_offset = kNoOffset;
    Timestamp append_time = kNoTimestamp;  ///< with LogAppendTime
    Offset log_start_offset = kNoOffset;
};

class ProduceWait;

/// The place of one partition's outcome in a ProduceWait. A partition that has it writes the
/// outcome and hands it back to the shard; nobody else touches it meanwhile, so no lock is needed.
class ProduceSlot {
public:
    /// Called inside the partition's guard, at most once for each slot.
    static void answer(std::shared_ptr<ProduceSlot> slot, ProduceOutcome outcome);
    /// The batch is written: the partition needs the request's bytes no more. As the last reference
    /// frees the request, it goes to its shard.
    static void release(std::shared_ptr<ProduceSlot> slot);

private:
    friend class ProduceWait;

    ProduceWait* wait_ = nullptr;
    ProduceOutcome outcome_;
    bool arrived_ = false;  ///< the shard's
};

/// One Produce request and the outcomes of its partitions. It ends when all outcomes are there, or
/// at its deadline.
///
/// A partition has a whole reference to its slot from the append to the end of the write, because
/// the batch is in the request's bytes, and a weak one while it waits for more than that.
class ProduceWait final : public RequestWait, public std::enable_shared_from_this<ProduceWait> {
public:
    /// Use `begin`.
    ProduceWait(Shard& shard, std::size_t partitions, std::shared_ptr<const void> request,
                Done done);

    /// `request` owns the batches' bytes; it is let go on the shard, after the last write.
    [[nodiscard]] static WaitHandle<ProduceWait> begin(Shard& shard, std::size_t partitions,
                                                       std::shared_ptr<const void> request,
                                                       Done done);

    /// What partition number `index` of the request is given.
    [[nodiscard]] std::shared_ptr<ProduceSlot> slot(std::size_t index);
    /// Of partition number `index`, when the wait has ended; REQUEST_TIMED_OUT where none came in
    /// time: then the records may be, or become, acknowledged all the same.
    [[nodiscard]] ProduceOutcome outcome(std::size_t index) const;

private:
    friend class ProduceSlot;

    void arrive(ProduceSlot& slot);
    void on_deadline() override { end(); }
    /// The request keeps this object, too: who is first lets go.
    void on_shard_end() override { const auto request = std::move(request_); }

    boost::container::small_vector<ProduceSlot, 1> slots_;
    std::size_t missing_;
    std::shared_ptr<const void> request_;
};

}  // namespace hw::replication
