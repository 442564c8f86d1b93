#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <fmt/format.h>

#include "controller/image/metadata_image.h"
#include "controller/image/topic_image.h"
#include "protocol/base/ids.h"
#include "protocol/base/result.h"
#include "protocol/wire/refusal.h"

namespace hw::controller {

/// One config of a topic, as clients see it.
struct TopicConfig {
    std::string name;
    std::string value;
    bool read_only = false;
    std::int8_t source = 0;  ///< 1 set for the topic, 4 static broker config, 5 default
    bool sensitive = false;  ///< clients must not see the value
};

/// Port: validates and describes the configs of topics and groups. Implemented with the config key
/// table.
class ConfigRules {
public:
    virtual ~ConfigRules() = default;

    /// Checks the value of a config. Errors: invalid; the message has the name, the value and what
    /// is allowed.
    [[nodiscard]] virtual Result<void> validate(ConfigResourceType type, std::string_view name,
                                                std::string_view value) const = 0;
    /// The default of the config if it is a list; nothing if it is not one, or unknown.
    [[nodiscard]] virtual std::optional<std::string> list_default(ConfigResourceType type,
                                                                  std::string_view name) const = 0;
    /// Checks whether the configs of an existing resource may change. Errors: invalid.
    [[nodiscard]] virtual Result<void> check_change(ConfigResourceType type,
                                                    const ConfigValues& before,
                                                    const ConfigValues& after) const = 0;
    /// All configs of a topic, ordered by name. `values` are those set for the topic; `replicas` is
    /// its replication factor.
    [[nodiscard]] virtual std::vector<TopicConfig> describe_topic(const ConfigValues& values,
                                                                  std::int16_t replicas) const = 0;
};

using wire::Checked;
using wire::Refusal;
using wire::refuse;

struct BrokerRegistrationResult {
    Refusal refusal;
    BrokerEpoch broker_epoch{-1};
};

struct ControllerRegistrationResult {
    Refusal refusal;
};

struct BrokerHeartbeatResult {
    Refusal refusal;
    bool is_caught_up = false;
    bool is_fenced = true;
    bool should_shut_down = false;
};

struct CreatedTopic {
    Refusal refusal;
    std::string name;
    TopicId id;  ///< zero when nothing was created
    std::int32_t partitions = -1;
    std::int16_t replicas = -1;
    std::vector<TopicConfig> configs;
};

/// One entry for each name in the request, in its order.
struct CreateTopicsResult {
    Refusal refusal;  ///< of the request as a whole; then there are no topics
    std::vector<CreatedTopic> topics;
};

struct DeletedTopic {
    Refusal refusal;
    std::string name;  ///< empty if not known
    TopicId id;        ///< zero if not known
};

/// One entry for each entry of the request, in its order.
struct DeleteTopicsResult {
    Refusal refusal;  ///< of the request as a whole; then there are no topics
    std::vector<DeletedTopic> topics;
};

/// A block of producer ids: `count` ids, beginning with `first`.
struct ProducerIdsResult {
    Refusal refusal;
    ProducerId first = kNoProducerId;
    std::int32_t count = 0;
};

struct AlteredPartition {
    PartitionKey key;
    wire::ErrorCode error = wire::ErrorCode::none;
    PartitionImage state;  ///< after the request; default if refused
};

/// One entry for each partition in the request, in its order.
struct AlterPartitionResult {
    Refusal refusal;  ///< of the request as a whole; then there are no partitions
    std::vector<AlteredPartition> partitions;
};

struct AssignedReplica {
    DirectoryId directory;
    PartitionKey key;
    wire::ErrorCode error = wire::ErrorCode::none;
};

/// One entry for each partition in the request, in its order.
struct AssignReplicasResult {
    Refusal refusal;  ///< of the request as a whole; then there are no replicas
    std::vector<AssignedReplica> replicas;
};

struct ElectedPartition {
    Refusal refusal;
    std::string topic;
    PartitionIndex index;
};

/// One entry for each partition in the request, in its order. If it names none, one for each that
/// needed an election.
struct ElectLeadersResult {
    Refusal refusal;  ///< of the request as a whole; then there are no partitions
    std::vector<ElectedPartition> partitions;
};

struct AlteredConfigs {
    Refusal refusal;
    std::int8_t type = 0;  ///< of the resource, as in the request
    std::string name;
};

/// One entry for each resource in the request, in its order.
struct AlterConfigsResult {
    Refusal refusal;  ///< of the request as a whole; then there are no resources
    std::vector<AlteredConfigs> resources;
};

/// All updates of the request are made, or none.
struct UpdateFeaturesResult {
    Refusal refusal;
};

using ControllerResponse =
    std::variant<BrokerRegistrationResult, ControllerRegistrationResult, BrokerHeartbeatResult,
                 CreateTopicsResult, DeleteTopicsResult, ProducerIdsResult, AlterPartitionResult,
                 AssignReplicasResult, ElectLeadersResult, AlterConfigsResult,
                 UpdateFeaturesResult>;

}  // namespace hw::controller
