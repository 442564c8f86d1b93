#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "protocol/base/ids.h"
#include "protocol/schema/api/fetch.h"
#include "replication/fetch/fetch_session.h"

namespace hw::replication {

/// The reader's end of a fetch session: knows which partitions the broker remembers, so that each
/// request names only what has changed.
///
/// A core: does no I/O and reads no clock. Its calls alternate: `next`, then `on_response` or
/// `on_failure`. Topics are named by id.
class FetchSessionReader {
public:
    using Key = std::pair<TopicId, PartitionIndex>;
    struct Wanted {
        TopicId topic;
        schema::FetchRequest::Partition asked;
    };
    /// The part of a request that depends on the session.
    struct NextRequest {
        std::int32_t id = kNoFetchSession;
        std::int32_t epoch = kInitialSessionEpoch;
        std::vector<Wanted> named;
        std::vector<Key> forgotten;

        [[nodiscard]] bool is_full() const { return epoch == kInitialSessionEpoch; }
    };
    /// What the broker said of a partition last.
    struct Answered {
        Offset high_watermark = kNoOffset;
        Offset log_start_offset = kNoOffset;

        bool operator==(const Answered&) const = default;
    };
    enum class Outcome : std::uint8_t {
        taken,
        session_lost,  ///< the same request, made anew, may be sent at once
        refused,       ///< for another reason
    };

    /// The request that reads all the `wanted` partitions, which are named once each.
    [[nodiscard]] NextRequest next(std::vector<Wanted> wanted);
    [[nodiscard]] Outcome on_response(const schema::FetchResponse& response);
    /// There is no response, so the broker may have another epoch: the next request is a full one.
    void on_failure() { epoch_ = kInitialSessionEpoch; }
    /// What a response says of a wanted partition that it leaves out; nothing if that is an error
    /// of the broker.
    [[nodiscard]] std::optional<Answered> unchanged(const Key& key) const;

private:
    struct Known {
        schema::FetchRequest::Partition asked;
        Answered answered;
        std::uint64_t request = 0;  ///< number of the last request that wanted it
    };

    std::int32_t id_ = kNoFetchSession;
    std::int32_t epoch_ = kInitialSessionEpoch;  ///< of the next request
    bool was_full_ = true;                       ///< the last request
    std::uint64_t requests_ = 0;
    std::map<Key, Known> known_;
};

}  // namespace hw::replication
