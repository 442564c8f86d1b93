#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "protocol/base/bytes.h"
#include "protocol/base/time.h"
#include "protocol/wire/refusal.h"
#include "replication/partition/delayed_produce.h"

namespace hw::replication {

/// A request to append one batch to a partition.
struct AppendRequest {
    /// One whole batch that passed record::validate_produce, including its timestamps. It points
    /// into the bytes of the request, which `slot` keeps alive.
    MutableBytes batch;
    std::optional<Timestamp> append_time;  ///< set if the topic uses LogAppendTime
    Acks acks = Acks::all;
    std::shared_ptr<ProduceSlot> slot;  ///< gets the outcome
    /// By this broker's clock; see storage::NewBatch.
    Timestamp received_at = kNoTimestamp;
};

/// The outcome of an append that is refused.
[[nodiscard]] ProduceOutcome refused(const wire::Refusal& error);

/// The appends that have come for a replica that has no role yet, because its log is being made: a
/// client may know a new topic before the log of its partition is there. They are appended, in
/// order, when the replica becomes leader.
///
/// Owned by the replica, used inside its guard.
class EarlyAppends {
public:
    /// Limit of waiting appends.
    static constexpr std::size_t kMax = 1024;
    /// Longest wait. Short, because the requests that follow on the connection wait, too.
    static constexpr Duration kMaxWait = std::chrono::milliseconds(200);

    /// Adds an append that came at `now`; refuses it when there are kMax.
    void add(AppendRequest request, TimePoint now);
    /// Hands over all of them, in the order of their arrival.
    [[nodiscard]] std::vector<AppendRequest> take();
    /// Refuses all of them. Nothing was appended.
    void refuse(const wire::Refusal& reason);
    /// Refuses those that have waited for kMaxWait.
    void refuse_old(TimePoint now);
    [[nodiscard]] std::size_t size() const { return waiting_.size(); }

private:
    struct Waiting {
        AppendRequest request;
        TimePoint since;
    };

    std::deque<Waiting> waiting_;
};

}  // namespace hw::replication
