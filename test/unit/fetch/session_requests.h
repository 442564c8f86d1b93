#pragma once

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "replication/fetch/fetch_session.h"

namespace hw::replication {

using Request = schema::FetchRequest;
using Answer = schema::FetchResponse::Partition;
using TopicsBy = FetchSession::TopicsBy;

[[nodiscard]] inline TopicId topic_id(std::uint64_t number) {
    return TopicId(Uuid{7, number});
}

/// What is asked of a partition.
[[nodiscard]] inline Request::Partition asked(std::int32_t index, std::int64_t offset = 0) {
    return {.partition = PartitionIndex(index), .fetch_offset = Offset(offset)};
}

inline void put(FetchSession& session, std::uint64_t topic, const Request::Partition& partition) {
    session.put({.topic_id = topic_id(topic)}, partition);
}
inline void forget(FetchSession& session, std::uint64_t topic, std::int32_t index) {
    session.forget({.topic_id = topic_id(topic)}, PartitionIndex(index));
}

/// The partitions in the order in which they are read, as topic and index.
[[nodiscard]] inline std::vector<std::pair<std::uint64_t, std::int32_t>> order_of(
    FetchSession& session) {
    std::vector<std::pair<std::uint64_t, std::int32_t>> order;
    for (const FetchSession::Partition& partition : session.partitions()) {
        order.emplace_back(partition.topic->id.value().low, partition.asked.partition.value());
    }
    return order;
}

[[nodiscard]] inline Answer answer(std::int64_t high_watermark, std::int64_t log_start = 0) {
    return {.high_watermark = Offset(high_watermark), .log_start_offset = Offset(log_start)};
}

}  // namespace hw::replication
