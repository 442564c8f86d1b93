#include "tools/perf/target.h"

#include <array>
#include <chrono>
#include <thread>

#include "protocol/schema/api/create_topics.h"
#include "protocol/schema/api/metadata.h"
#include "protocol/schema/api/produce.h"
#include "tools/perf/control_client.h"

namespace hw::perf {
namespace {

using std::chrono::steady_clock;
using wire::ErrorCode;

/// The last version that names topics by name, and that each Kafka since 3.8 speaks.
constexpr ApiVersion kProduceVersion{11};
constexpr std::chrono::seconds kLeaderPatience{30};
constexpr std::chrono::milliseconds kLeaderPause{5};
/// Short, because the time from start to first answer is measured with it.
constexpr std::chrono::milliseconds kWaitPause{1};

enum class TopicState : unsigned char { missing, electing, ready };

struct Description {
    TopicState state = TopicState::missing;
    std::vector<LeaderOf> leaders;
};

Result<void> create_topic(ControlClient& client, const ProduceOptions& options) {
    using Request = schema::CreateTopicsRequest;
    const auto version = client.version_of(Request::kKey, Request::kVersions.high);
    if (!version) {
        return std::unexpected(version.error());
    }
    const std::array configs{
        Request::Config{.name = "highwater.durability", .value = options.durability}};
    const std::array topics{Request::Topic{
        .name = options.topic,
        .num_partitions = options.partitions,
        .replication_factor = -1,
        .assignments = {},
        .configs = {configs.data(), options.durability.empty() ? 0 : configs.size()}}};
    const auto answer =
        client.call<schema::CreateTopicsResponse>(Request{.topics = topics}, *version);
    if (!answer) {
        return std::unexpected(answer.error());
    }
    for (const auto& topic : answer->topics) {
        const bool there = topic.error_code == ErrorCode::none ||
                           topic.error_code == ErrorCode::topic_already_exists;
        if (!there) {
            return fail(ErrorKind::invalid, "the broker does not make the topic '{}': {}: {}",
                        options.topic, topic.error_code, topic.error_message);
        }
    }
    return {};
}

const schema::MetadataResponse::Broker* find_broker(const schema::MetadataResponse& metadata,
                                                    BrokerId id) {
    for (const auto& broker : metadata.brokers) {
        if (broker.node_id == id) {
            return &broker;
        }
    }
    return nullptr;
}

void add_partition(std::vector<LeaderOf>& leaders, const config::Address& address,
                   PartitionIndex partition) {
    for (LeaderOf& leader : leaders) {
        if (leader.address == address) {
            leader.partitions.push_back(partition);
            return;
        }
    }
    leaders.push_back({address, {partition}});
}

Description describe(const schema::MetadataResponse& metadata,
                     const schema::MetadataResponse::Topic& topic) {
    Description description{.state = TopicState::ready, .leaders = {}};
    for (const auto& partition : topic.partitions) {
        const auto* leader = find_broker(metadata, partition.leader_id);
        if (leader == nullptr) {
            return {.state = TopicState::electing, .leaders = {}};
        }
        const config::Address address{std::string(leader->host),
                                      static_cast<std::uint16_t>(leader->port)};
        add_partition(description.leaders, address, partition.partition_index);
    }
    return description;
}

Result<Description> describe_topic(ControlClient& client, const std::string& name) {
    using Request = schema::MetadataRequest;
    const auto version = client.version_of(Request::kKey, Request::kVersions.high);
    if (!version) {
        return std::unexpected(version.error());
    }
    const std::array topics{Request::Topic{.topic_id = {}, .name = name}};
    const Request request{.topics = topics, .allow_auto_topic_creation = false};
    const auto answer = client.call<schema::MetadataResponse>(request, *version);
    if (!answer) {
        return std::unexpected(answer.error());
    }
    if (answer->topics.size() != 1) {
        return fail(ErrorKind::corrupt, "the broker describes {} topics, 1 was asked for",
                    answer->topics.size());
    }
    const auto& topic = answer->topics[0];
    switch (topic.error_code) {
        case ErrorCode::none:
            return describe(*answer, topic);
        case ErrorCode::unknown_topic_or_partition:
            return Description{};
        case ErrorCode::leader_not_available:
            return Description{.state = TopicState::electing, .leaders = {}};
        default:
            return fail(ErrorKind::invalid, "the broker answers for the topic '{}': {}", name,
                        topic.error_code);
    }
}

Result<Target> find_once(const ProduceOptions& options) {
    auto client = ControlClient::connect(options.bootstrap);
    if (!client) {
        return std::unexpected(client.error());
    }
    const auto version = client->version_of(schema::ApiKey::produce, kProduceVersion);
    if (!version) {
        return std::unexpected(version.error());
    }
    Target target{.produce_version = *version, .created = false, .leaders = {}};
    const auto deadline = steady_clock::now() + kLeaderPatience;
    while (steady_clock::now() < deadline) {
        auto described = describe_topic(*client, options.topic);
        if (!described) {
            return std::unexpected(described.error());
        }
        if (described->state == TopicState::ready) {
            target.leaders = std::move(described->leaders);
            return target;
        }
        if (described->state == TopicState::missing && !target.created) {
            if (auto created = create_topic(*client, options); !created) {
                return std::unexpected(created.error());
            }
            target.created = true;
            continue;
        }
        std::this_thread::sleep_for(kLeaderPause);
    }
    return fail(ErrorKind::timed_out, "a partition of the topic '{}' has no leader after {} s",
                options.topic, kLeaderPatience.count());
}

}  // namespace

Result<Target> find_target(const ProduceOptions& options) {
    const auto deadline = steady_clock::now() + options.wait;
    auto target = find_once(options);
    while (!target && steady_clock::now() < deadline) {
        std::this_thread::sleep_for(kWaitPause);
        target = find_once(options);
    }
    return target;
}

}  // namespace hw::perf
