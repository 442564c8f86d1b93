#pragma once

#include <cstdint>
#include <string>

#include "protocol/base/result.h"
#include "tools/client/client.h"
#include "tools/perf/load.h"

namespace hw::perf {

/// A topic that a load creates if it does not exist.
struct WantedTopic {
    std::string name;
    std::int32_t partitions = 1;
    std::string durability = {};  ///< empty: the default
};

/// Returns true if it was created, false if another client was faster. Errors: those of the broker
/// for the topic, those of Client::call.
[[nodiscard]] Result<bool> create_topic(client::Client& client, const WantedTopic& wanted);

struct FoundTopic {
    client::TopicView topic;
    bool is_created = false;  ///< for this load
};

/// Finds the topic or creates it. Errors: as above.
[[nodiscard]] Result<FoundTopic> find_topic(client::Client& client, const WantedTopic& wanted);

/// Finds the topic or creates it, and waits until each partition has a leader. With tails, it also
/// looks up the start and end offsets of the partitions. Errors: unsupported, busy (no leader in
/// time), those of the broker for the topic, those of Client::call.
[[nodiscard]] Result<Target> find_target(client::Client& client, const ProduceOptions& options);

/// Finds the topic and the records in it. Errors: not_found (no such topic, no records), and as
/// above.
[[nodiscard]] Result<Target> find_target(client::Client& client, const FetchOptions& options);

}  // namespace hw::perf
