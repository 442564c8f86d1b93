#pragma once

#include "protocol/schema/api/fetch.h"
#include "protocol/schema/api/list_offsets.h"
#include "protocol/schema/api/produce.h"

namespace hw::broker {

/// A topic by name for old versions and by id for new ones.
struct TopicName {
    std::string_view name = "t";
    TopicId id = {};
};

/// A Produce request with one batch for partition 0 of one topic; points into itself.
struct ProduceOne {
    explicit ProduceOne(ByteView batch, TopicName topic = {})
        : records(batch),
          partition{.index = PartitionIndex(0), .records = {&records, 1}},
          named{.name = topic.name, .topic_id = topic.id, .partition_data = {&partition, 1}} {
        request.acks = -1;
        request.timeout_ms = Millis(10'000);
        request.topic_data = {&named, 1};
    }
    ProduceOne(const ProduceOne&) = delete;
    ProduceOne& operator=(const ProduceOne&) = delete;

    ByteView records;
    schema::ProduceRequest::Partition partition;
    schema::ProduceRequest::Topic named;
    schema::ProduceRequest request;
};

/// A Fetch request of a consumer for partition 0 of one topic; points into itself.
struct FetchOne {
    explicit FetchOne(std::int64_t offset, TopicName topic = {})
        : partition{.partition = PartitionIndex(0),
                    .fetch_offset = Offset(offset),
                    .partition_max_bytes = 1 << 20},
          named{.topic = topic.name, .topic_id = topic.id, .partitions = {&partition, 1}} {
        request.min_bytes = 1;
        request.max_bytes = 1 << 20;
        request.topics = {&named, 1};
    }
    FetchOne(const FetchOne&) = delete;
    FetchOne& operator=(const FetchOne&) = delete;

    schema::FetchRequest::Partition partition;
    schema::FetchRequest::Topic named;
    schema::FetchRequest request;
};

/// A ListOffsets request of a client for partition 0 of one topic; points into itself.
struct ListOne {
    explicit ListOne(std::int64_t timestamp, std::string_view topic = "t")
        : partition{.partition_index = PartitionIndex(0), .timestamp = Timestamp(timestamp)},
          named{.name = topic, .partitions = {&partition, 1}} {
        request.replica_id = kNoBroker;
        request.topics = {&named, 1};
    }
    ListOne(const ListOne&) = delete;
    ListOne& operator=(const ListOne&) = delete;

    schema::ListOffsetsRequest::Partition partition;
    schema::ListOffsetsRequest::Topic named;
    schema::ListOffsetsRequest request;
};

}  // namespace hw::broker
