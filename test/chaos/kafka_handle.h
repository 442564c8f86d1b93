#pragma once

#include <cstddef>
#include <cstdint>
#include <librdkafka/rdkafka.h>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "protocol/base/result.h"

namespace hw::chaos {

struct DestroyHandle {
    void operator()(rd_kafka_t* handle) const { rd_kafka_destroy(handle); }
};
struct DestroyTopic {
    void operator()(rd_kafka_topic_t* topic) const { rd_kafka_topic_destroy(topic); }
};
struct DestroyQueue {
    void operator()(rd_kafka_queue_t* queue) const { rd_kafka_queue_destroy(queue); }
};
using Handle = std::unique_ptr<rd_kafka_t, DestroyHandle>;
using Topic = std::unique_ptr<rd_kafka_topic_t, DestroyTopic>;
using Queue = std::unique_ptr<rd_kafka_queue_t, DestroyQueue>;

/// Keys of librdkafka's configuration, with their values.
using Settings = std::vector<std::pair<std::string, std::string>>;

/// Where the load goes.
struct Target {
    std::string servers;  ///< as in bootstrap.servers
    std::string topic;
    std::int32_t partition_count;
};

/// Functions that librdkafka calls, in the thread that polls the handle.
struct Callbacks {
    void* owner = nullptr;  ///< given to each of them
    void (*on_delivery)(rd_kafka_t*, const rd_kafka_message_t*, void* owner) = nullptr;
    int (*on_statistics)(rd_kafka_t*, char* json, std::size_t size, void* owner) = nullptr;
};

/// A producer or consumer of librdkafka. It looks for other brokers within a second when one does
/// not answer. Errors: invalid, with librdkafka's sentence about a key.
[[nodiscard]] Result<Handle> make_handle(rd_kafka_type_t type, const Target& target,
                                         const Settings& settings, const Callbacks& callbacks);

/// Errors: invalid.
[[nodiscard]] Result<Topic> make_topic(rd_kafka_t* handle, const std::string& name);

}  // namespace hw::chaos
