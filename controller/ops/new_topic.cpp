#include "controller/ops/new_topic.h"

#include <algorithm>
#include <array>
#include <map>

#include "controller/placement/placement.h"
#include "controller/topic_name.h"
#include "protocol/base/random.h"

namespace hw::controller {
namespace {

using Topic = schema::CreateTopicsRequest::Topic;
using wire::ErrorCode;

constexpr int kDefault = -1;  ///< in place of a count
constexpr std::size_t kUsualReplicas = 3;

Random seeded(Entropy& entropy) {
    std::array<std::byte, sizeof(std::uint64_t)> bytes{};
    entropy.fill(bytes);
    return Random(load_big_endian<std::uint64_t>(bytes.data()));
}

Checked<void> check_partition_count(std::int64_t count, std::size_t most) {
    if (count > static_cast<std::int64_t>(most)) {
        return refuse(ErrorCode::policy_violation,
                      "{} partitions do not fit into one batch of the metadata log, which has room "
                      "for {} more. Ask for fewer in one request",
                      count, most);
    }
    return {};
}

Checked<Replicas> place(const Topic& topic, const OperationContext& context,
                        std::size_t most_partitions) {
    if (topic.replication_factor < kDefault || topic.replication_factor == 0) {
        return refuse(ErrorCode::invalid_replication_factor,
                      "the replication factor is {}; it is at least 1, or -1 for the default",
                      topic.replication_factor);
    }
    if (topic.num_partitions < kDefault || topic.num_partitions == 0) {
        return refuse(ErrorCode::invalid_partitions,
                      "the number of partitions is {}; it is at least 1, or -1 for num.partitions",
                      topic.num_partitions);
    }
    const std::int32_t partitions =
        topic.num_partitions == kDefault ? context.options.num_partitions : topic.num_partitions;
    if (const Checked<void> fits = check_partition_count(partitions, most_partitions); !fits) {
        return std::unexpected(fits.error());
    }
    const std::vector<Candidate> candidates = placement_candidates(context.image);
    if (candidates.empty()) {
        return refuse(ErrorCode::invalid_replication_factor,
                      "none of the {} registered brokers is in service",
                      context.image.brokers().size());
    }
    const auto usual = static_cast<std::int16_t>(std::min(kUsualReplicas, candidates.size()));
    const std::int16_t replicas = topic.replication_factor == kDefault
                                      ? context.options.replication_factor.value_or(usual)
                                      : topic.replication_factor;
    if (static_cast<std::size_t>(replicas) > candidates.size()) {
        const std::string_view key =
            topic.replication_factor == kDefault ? " of default.replication.factor" : "";
        return refuse(ErrorCode::invalid_replication_factor,
                      "the replication factor {}{} is more than there are brokers in service, {} "
                      "(registered: {}). Ask for at most {}",
                      replicas, key, candidates.size(), context.image.brokers().size(),
                      candidates.size());
    }
    Random random = seeded(context.entropy);
    return place_striped(candidates, {.partitions = partitions, .replicas = replicas}, random);
}

Checked<void> check_assignment(const schema::CreateTopicsRequest::Assignment& assignment,
                               const MetadataImage& image) {
    const auto& brokers = assignment.broker_ids;
    if (brokers.empty()) {
        return refuse(ErrorCode::invalid_replica_assignment, "partition {} is given no replicas",
                      assignment.partition_index);
    }
    bool any_active = false;
    for (const BrokerId id : brokers) {
        const BrokerImage* broker = image.find_broker(id);
        if (broker == nullptr) {
            return refuse(ErrorCode::invalid_replica_assignment,
                          "partition {} is given to broker {}, which is not registered",
                          assignment.partition_index, id);
        }
        if (std::ranges::count(brokers, id) > 1) {
            return refuse(ErrorCode::invalid_replica_assignment,
                          "partition {} is given to broker {} more than once",
                          assignment.partition_index, id);
        }
        any_active = any_active || broker->is_active();
    }
    if (!any_active) {
        return refuse(ErrorCode::invalid_replica_assignment,
                      "all brokers of partition {} are fenced or in controlled shutdown",
                      assignment.partition_index);
    }
    return {};
}

Checked<Replicas> take_assignments(const Topic& topic, const MetadataImage& image) {
    std::map<PartitionIndex, std::vector<BrokerId>> assigned;
    for (const auto& assignment : topic.assignments) {
        if (const Checked<void> checked = check_assignment(assignment, image); !checked) {
            return std::unexpected(checked.error());
        }
        const auto& brokers = assignment.broker_ids;
        const std::size_t expected = topic.assignments[0].broker_ids.size();
        if (brokers.size() != expected) {
            return refuse(ErrorCode::invalid_replica_assignment,
                          "partition {} is given {} replicas, the first one of the request {}",
                          assignment.partition_index, brokers.size(), expected);
        }
        std::vector<BrokerId> replicas(brokers.begin(), brokers.end());
        if (!assigned.emplace(assignment.partition_index, std::move(replicas)).second) {
            return refuse(ErrorCode::invalid_replica_assignment, "partition {} is assigned twice",
                          assignment.partition_index);
        }
    }
    Replicas replicas;
    for (auto& [index, brokers] : assigned) {
        if (static_cast<std::size_t>(index.value()) != replicas.size()) {
            return refuse(ErrorCode::invalid_replica_assignment,
                          "partitions are numbered from 0 on without gaps; {} of {} is missing",
                          replicas.size(), assigned.size());
        }
        replicas.push_back(std::move(brokers));
    }
    return replicas;
}

}  // namespace

Checked<void> check_new_name(std::string_view name, const TopicTable& topics) {
    if (name == kMetadataTopic) {
        return refuse(ErrorCode::invalid_request, "topic '{}' is the cluster's own metadata log",
                      name);
    }
    if (const Result<void> checked = check_topic_name(name); !checked) {
        return refuse(ErrorCode::invalid_topic_exception, "{}", checked.error().message);
    }
    if (topics.find(name) != nullptr) {
        return refuse(ErrorCode::topic_already_exists, "topic '{}' already exists", name);
    }
    if (const std::string* other = topics.find_collision(name)) {
        return refuse(ErrorCode::invalid_topic_exception,
                      "topic '{}' collides with topic '{}': their metrics could not be told apart, "
                      "because '.' becomes '_' there",
                      name, *other);
    }
    return {};
}

Checked<RequestedConfigs> check_configs(const Topic& topic, const TopicConfigs& configs) {
    RequestedConfigs requested;
    for (const auto& config : topic.configs) {
        if (wire::is_null(config.value)) {
            return refuse(ErrorCode::invalid_config, "config '{}' has no value", config.name);
        }
        if (const Result<void> valid = configs.validate(config.name, config.value); !valid) {
            return refuse(ErrorCode::invalid_config, "{}", valid.error().message);
        }
        const auto same =
            std::ranges::find(requested, config.name, &RequestedConfigs::value_type::first);
        if (same != requested.end()) {
            same->second = config.value;
        } else {
            requested.emplace_back(config.name, config.value);
        }
    }
    return requested;
}

Checked<Replicas> choose_replicas(const Topic& topic, const OperationContext& context,
                                  std::size_t most_partitions) {
    if (topic.assignments.empty()) {
        return place(topic, context, most_partitions);
    }
    if (topic.num_partitions != kDefault || topic.replication_factor != kDefault) {
        return refuse(ErrorCode::invalid_request,
                      "with replica assignments the number of partitions and the replication "
                      "factor are -1; the request has {} and {}",
                      topic.num_partitions, topic.replication_factor);
    }
    const auto count = static_cast<std::int64_t>(topic.assignments.size());
    if (const Checked<void> fits = check_partition_count(count, most_partitions); !fits) {
        return std::unexpected(fits.error());
    }
    return take_assignments(topic, context.image);
}

}  // namespace hw::controller
