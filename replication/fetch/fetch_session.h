#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <string>
#include <string_view>
#include <tuple>

#include "protocol/base/ids.h"
#include "protocol/schema/api/fetch.h"
#include "protocol/wire/error_code.h"

namespace hw::replication {

/// Session id of a request or an answer without a session.
inline constexpr std::int32_t kNoFetchSession = 0;
/// Session epochs of full requests: one that asks for a new session, and one that does not.
inline constexpr std::int32_t kInitialSessionEpoch = 0;
inline constexpr std::int32_t kFinalSessionEpoch = -1;

/// The epoch of the request after the one with `epoch`.
[[nodiscard]] constexpr std::int32_t next_session_epoch(std::int32_t epoch) {
    return epoch == INT32_MAX ? 1 : epoch + 1;
}

/// The partitions that one reader fetches, as the broker remembers them between requests (KIP-227).
///
/// At most one request uses it at a time, from `begin` to `end`. The partitions change only during
/// a request, so iterators are valid until its end. A core: does no I/O and reads no clock. Used on
/// one shard.
class FetchSession {
public:
    using Request = schema::FetchRequest;
    using Answer = schema::FetchResponse::Partition;
    /// How the session's requests name topics.
    enum class TopicsBy : std::uint8_t { name, id };

    /// A topic's id, or else its name.
    struct Topic {
        TopicId id;
        std::string name;
    };
    struct Partition {
        const Topic* topic = nullptr;
        Request::Partition asked;
        /// In the last answer. kNoOffset: the next answer must have the partition.
        Offset high_watermark = kNoOffset;
        Offset log_start_offset = kNoOffset;
    };
    using Partitions = std::list<Partition>;

    /// A larger session is not kept, so that removing one takes milliseconds at most.
    static constexpr std::size_t kMaxPartitions = 100'000;
    /// Memory for a partition, and for a topic without its name.
    static constexpr std::size_t kPartitionBytes = 256;
    static constexpr std::size_t kTopicBytes = 256;

    /// A new session, used by the request with epoch 0.
    explicit FetchSession(TopicsBy naming) : naming_(naming) {}
    FetchSession(const FetchSession&) = delete;
    FetchSession& operator=(const FetchSession&) = delete;

    /// Begins the next request. Codes: invalid_fetch_session_epoch (also while the one before is
    /// not answered), fetch_session_topic_id_error; nothing has changed then.
    [[nodiscard]] wire::ErrorCode begin(std::int32_t epoch, TopicsBy naming);
    /// The request is answered, or will not be.
    void end() { in_use_ = false; }

    /// Adds a partition at the end, or sets what is asked of one that the session has.
    void put(const Request::Topic& topic, const Request::Partition& asked);
    /// Removes a partition, if the session has it.
    void forget(const Request::ForgottenTopic& topic, PartitionIndex index);
    /// Remembers an answer. True if an incremental response must have it. A partition with records
    /// becomes the last one.
    [[nodiscard]] bool note_answer(Partitions::iterator partition, const Answer& answer);

    /// In the order in which they are read.
    [[nodiscard]] Partitions& partitions() { return partitions_; }
    [[nodiscard]] std::size_t size() const { return partitions_.size(); }
    /// Memory that the session counts for.
    [[nodiscard]] std::size_t bytes() const;

private:
    using TopicKey = std::tuple<TopicId, std::string_view>;
    struct TopicOrder {
        using is_transparent = void;
        static TopicKey key(const Topic& topic) { return {topic.id, topic.name}; }
        static TopicKey key(TopicKey key) { return key; }
        bool operator()(const auto& left, const auto& right) const {
            return key(left) < key(right);
        }
    };
    using TopicPartitions = std::map<PartitionIndex, Partitions::iterator>;

    TopicsBy naming_;
    std::int32_t epoch_ = next_session_epoch(kInitialSessionEpoch);  ///< of the next request
    bool in_use_ = true;
    std::size_t name_bytes_ = 0;
    Partitions partitions_;
    std::map<Topic, TopicPartitions, TopicOrder> topics_;  ///< none is empty
};

}  // namespace hw::replication
