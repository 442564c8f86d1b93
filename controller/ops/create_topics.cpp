#include "protocol/schema/api/create_topics.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "controller/image/topic_name.h"
#include "controller/ops/topics.h"
#include "controller/placement/placement.h"
#include "protocol/base/random.h"

namespace hw::controller {
namespace {

/// The replicas of each partition of a new topic. All partitions have the same number of replicas.
using Replicas = std::vector<std::vector<BrokerId>>;

/// Name and value of the configs in a request, in its order. If a name is given twice, the last
/// value counts.
using RequestedConfigs = std::vector<std::pair<std::string, std::string>>;

using Topic = schema::CreateTopicsRequest::Topic;
using wire::ErrorCode;

constexpr int kDefault = -1;  ///< a count of -1 in the request
constexpr std::size_t kUsualReplicas = 3;

Random seeded(Entropy& entropy) {
    std::array<std::byte, sizeof(std::uint64_t)> bytes{};
    entropy.fill(bytes);
    return Random(load_big_endian<std::uint64_t>(bytes.data()));
}

Checked<void> check_partition_count(std::int64_t count, std::size_t max_count) {
    if (count > static_cast<std::int64_t>(max_count)) {
        return refuse(ErrorCode::policy_violation,
                      "{} partitions do not fit into one batch of the metadata log, which has room "
                      "for {} more. Ask for fewer in one request",
                      count, max_count);
    }
    return {};
}

Checked<void> check_supported(std::size_t replicas, std::int16_t supported) {
    if (replicas <= static_cast<std::size_t>(supported)) {
        return {};
    }
    return refuse(ErrorCode::invalid_replication_factor,
                  "the replication factor is {}, but this version supports at most {}: followers "
                  "do not replicate yet",
                  replicas, supported);
}

std::int16_t default_replicas(const OperationContext& context) {
    const std::size_t voters = context.options.other_voters.size() + 1;
    const std::size_t nodes = std::max(context.image.brokers().size(), voters);
    const auto usual = static_cast<std::int16_t>(std::min(kUsualReplicas, nodes));
    return context.options.replication_factor.value_or(
        std::min(context.options.max_replication_factor, usual));
}

Checked<Replicas> place(const Topic& topic, const OperationContext& context,
                        std::size_t max_partitions) {
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
    HW_TRY_VOID(check_partition_count(partitions, max_partitions));
    const Candidates candidates = placement_candidates(context.image);
    if (candidates.in_service.empty()) {
        return refuse(ErrorCode::invalid_replication_factor,
                      "all {} registered brokers are fenced or about to stop; start one",
                      context.image.brokers().size());
    }
    const std::int16_t supported = context.options.max_replication_factor;
    const std::int16_t replicas =
        topic.replication_factor == kDefault ? default_replicas(context) : topic.replication_factor;
    if (static_cast<std::size_t>(replicas) > candidates.size()) {
        const std::string_view key =
            topic.replication_factor == kDefault ? " of default.replication.factor" : "";
        return refuse(
            ErrorCode::invalid_replication_factor,
            "the replication factor {}{} is larger than the number of brokers, {}. Ask for "
            "at most {}",
            replicas, key, candidates.size(), candidates.size());
    }
    HW_TRY_VOID(check_supported(static_cast<std::size_t>(replicas), supported));
    Random random = seeded(context.entropy);
    return place_replicas(candidates, {.partitions = partitions, .replicas = replicas}, random);
}

Checked<void> check_assignment(const schema::CreateTopicsRequest::Assignment& assignment,
                               const MetadataImage& image) {
    const auto& brokers = assignment.broker_ids;
    if (brokers.empty()) {
        return refuse(ErrorCode::invalid_replica_assignment, "partition {} is assigned no replicas",
                      assignment.partition_index);
    }
    bool any_active = false;
    for (const BrokerId id : brokers) {
        const BrokerImage* broker = image.find_broker(id);
        if (broker == nullptr) {
            return refuse(ErrorCode::invalid_replica_assignment,
                          "partition {} is assigned to broker {}, which is not registered",
                          assignment.partition_index, id);
        }
        if (std::ranges::count(brokers, id) > 1) {
            return refuse(ErrorCode::invalid_replica_assignment,
                          "partition {} is assigned to broker {} more than once",
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

Checked<Replicas> take_assignments(const Topic& topic, const OperationContext& context) {
    std::map<PartitionIndex, std::vector<BrokerId>> assigned;
    for (const auto& assignment : topic.assignments) {
        HW_TRY_VOID(check_assignment(assignment, context.image));
        HW_TRY_VOID(
            check_supported(assignment.broker_ids.size(), context.options.max_replication_factor));
        const auto& brokers = assignment.broker_ids;
        const std::size_t expected = topic.assignments[0].broker_ids.size();
        if (brokers.size() != expected) {
            return refuse(
                ErrorCode::invalid_replica_assignment,
                "partition {} is assigned {} replicas, but the first partition in the request is "
                "assigned {}: all must have the same number",
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
                          "partitions must be numbered from 0 without gaps; {} of {} is missing",
                          replicas.size(), assigned.size());
        }
        replicas.push_back(std::move(brokers));
    }
    return replicas;
}

/// Errors: INVALID_TOPIC_EXCEPTION (a bad name, or one that collides), TOPIC_ALREADY_EXISTS,
/// INVALID_REQUEST (the metadata log).
Checked<void> check_new_name(std::string_view name, const TopicTable& topics) {
    if (name == kMetadataTopic) {
        return refuse(ErrorCode::invalid_request,
                      "topic '{}' is the metadata log of the cluster and cannot be created", name);
    }
    if (const Result<void> checked = check_topic_name(name); !checked) {
        return refuse(ErrorCode::invalid_topic_exception, "{}", checked.error().message);
    }
    if (topics.find(name) != nullptr) {
        return refuse(ErrorCode::topic_already_exists, "topic '{}' already exists", name);
    }
    if (const std::string* other = topics.find_collision(name)) {
        return refuse(
            ErrorCode::invalid_topic_exception,
            "topic '{}' collides with topic '{}': their metrics would have the same name, "
            "because '.' becomes '_' there",
            name, *other);
    }
    return {};
}

/// Errors: INVALID_CONFIG.
Checked<RequestedConfigs> check_configs(const Topic& topic, const ConfigRules& configs) {
    RequestedConfigs requested;
    for (const auto& config : topic.configs) {
        if (wire::is_null(config.value)) {
            return refuse(ErrorCode::invalid_config, "config '{}' has no value", config.name);
        }
        if (const Result<void> valid =
                configs.validate(ConfigResourceType::topic, config.name, config.value);
            !valid) {
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

/// Takes the replicas from the assignments of the request, or places them. Errors: INVALID_REQUEST,
/// INVALID_PARTITIONS, INVALID_REPLICATION_FACTOR, INVALID_REPLICA_ASSIGNMENT, POLICY_VIOLATION
/// (more than `max_partitions`).
Checked<Replicas> choose_replicas(const Topic& topic, const OperationContext& context,
                                  std::size_t max_partitions) {
    if (topic.assignments.empty()) {
        return place(topic, context, max_partitions);
    }
    if (topic.num_partitions != kDefault || topic.replication_factor != kDefault) {
        return refuse(ErrorCode::invalid_request,
                      "with replica assignments the number of partitions and the replication "
                      "factor must be -1; the request has {} and {}",
                      topic.num_partitions, topic.replication_factor);
    }
    const auto count = static_cast<std::int64_t>(topic.assignments.size());
    HW_TRY_VOID(check_partition_count(count, max_partitions));
    return take_assignments(topic, context);
}

using Request = schema::CreateTopicsRequest;

/// Bytes of lists in a PartitionRecord per replica: its id in replicas and ISR, and its directory.
constexpr std::size_t kBytesPerReplica = 2 * sizeof(std::int32_t) + sizeof(Uuid);

/// Configs and replicas of a topic that passed all checks.
struct Plan {
    RequestedConfigs configs;
    Replicas replicas;
};

/// Handles one CreateTopics request, topic by topic.
class Creation {
public:
    Creation(const Request& request, const OperationContext& context)
        : request_(request), context_(context), topics_(context.image.topic_table()) {}

    [[nodiscard]] Outcome<CreateTopicsResult> run();

private:
    void create(const Request::Topic& topic);
    [[nodiscard]] Checked<Plan> plan(const Request::Topic& topic) const;
    [[nodiscard]] Checked<void> check_size(const Plan& plan) const;
    [[nodiscard]] CreatedTopic describe(const Request::Topic& topic, const Plan& plan) const;
    void add_records(TopicId id, std::string_view name, const Plan& plan);
    void add_partition(TopicId id, PartitionIndex index, const std::vector<BrokerId>& replicas);

    const Request& request_;
    const OperationContext& context_;
    TopicTable topics_;  ///< existing topics plus those that this request creates
    std::map<std::string_view, int> mentions_;
    Outcome<CreateTopicsResult> outcome_;
};

Checked<Plan> Creation::plan(const Request::Topic& topic) const {
    if (mentions_.at(topic.name) > 1) {
        return refuse(ErrorCode::invalid_request, "topic '{}' is in the request {} times",
                      topic.name, mentions_.at(topic.name));
    }
    HW_TRY_VOID(check_new_name(topic.name, topics_));
    Checked<RequestedConfigs> configs = check_configs(topic, context_.configs);
    if (!configs) {
        return std::unexpected(configs.error());
    }
    const std::size_t others = outcome_.records.size() + 1 + configs->size();
    const std::size_t room = RecordBatch::kMaxRecords - std::min(others, RecordBatch::kMaxRecords);
    Checked<Replicas> replicas = choose_replicas(topic, context_, room);
    if (!replicas) {
        return std::unexpected(replicas.error());
    }
    Plan plan{.configs = *std::move(configs), .replicas = *std::move(replicas)};
    HW_TRY_VOID(check_size(plan));
    return plan;
}

Checked<void> Creation::check_size(const Plan& plan) const {
    std::size_t bytes = outcome_.records.bytes() +
                        plan.replicas.size() * plan.replicas.front().size() * kBytesPerReplica;
    for (const auto& [name, value] : plan.configs) {
        bytes += name.size() + value.size();
    }
    if (bytes > RecordBatch::kMaxBytes) {
        return refuse(ErrorCode::policy_violation,
                      "the topics of one request may take at most {} bytes of records; with this "
                      "topic they take {}. Create fewer topics in one request",
                      RecordBatch::kMaxBytes, bytes);
    }
    return {};
}

CreatedTopic Creation::describe(const Request::Topic& topic, const Plan& plan) const {
    const auto replicas = static_cast<std::int16_t>(plan.replicas.front().size());
    const ConfigValues values(plan.configs.begin(), plan.configs.end());
    return {.refusal = {},
            .name = std::string(topic.name),
            .id = {},
            .partitions = static_cast<std::int32_t>(plan.replicas.size()),
            .replicas = replicas,
            .configs = context_.configs.describe_topic(values, replicas)};
}

void Creation::add_partition(TopicId id, PartitionIndex index,
                             const std::vector<BrokerId>& replicas) {
    std::vector<BrokerId> isr;
    std::vector<DirectoryId> directories;
    for (const BrokerId replica : replicas) {
        const BrokerImage& broker = *context_.image.find_broker(replica);
        if (broker.is_active()) {
            isr.push_back(replica);
        }
        // Topic ids are random, so different topics begin at different directories.
        const std::uint64_t turn = id.value().low + static_cast<std::uint64_t>(index.value());
        directories.push_back(directory_for_new_replica(broker, turn));
    }
    RecordBatch& records = outcome_.records;
    schema::PartitionRecord record{.partition_id = index,
                                   .topic_id = id,
                                   .replicas = records.list(replicas),
                                   .isr = records.list(isr),
                                   .leader = isr.front(),
                                   .leader_epoch = LeaderEpoch(0),
                                   .partition_epoch = PartitionEpoch(0)};
    if (context_.version().has_directories()) {
        record.directories = records.list(directories);
    }
    records.add(record, context_.version().partition());
}

void Creation::add_records(TopicId id, std::string_view name, const Plan& plan) {
    RecordBatch& records = outcome_.records;
    const std::string_view kept_name = records.text(name);
    records.add(schema::TopicRecord{.name = kept_name, .topic_id = id}, ApiVersion(0));
    for (const auto& [config, value] : plan.configs) {
        records.add(schema::ConfigRecord{.resource_type =
                                             static_cast<std::int8_t>(ConfigResourceType::topic),
                                         .resource_name = kept_name,
                                         .name = records.text(config),
                                         .value = records.text(value)},
                    ApiVersion(0));
    }
    std::int32_t index = 0;
    for (const std::vector<BrokerId>& replicas : plan.replicas) {
        add_partition(id, PartitionIndex(index++), replicas);
    }
}

void Creation::create(const Request::Topic& topic) {
    const Checked<Plan> planned = plan(topic);
    if (!planned) {
        CreatedTopic& refused = outcome_.response.topics.emplace_back();
        refused.refusal = planned.error();
        refused.name = topic.name;
        return;
    }
    CreatedTopic& created = outcome_.response.topics.emplace_back(describe(topic, *planned));
    const TopicId id(random_uuid(context_.entropy));
    topics_.put({.id = id, .name = created.name, .internal = false, .partitions = {}});
    add_records(id, topic.name, *planned);
    if (!request_.validate_only) {
        created.id = id;
    }
}

Outcome<CreateTopicsResult> Creation::run() {
    for (const Request::Topic& topic : request_.topics) {
        ++mentions_[topic.name];
    }
    std::set<std::string_view> seen;
    for (const Request::Topic& topic : request_.topics) {
        if (seen.insert(topic.name).second) {
            create(topic);
        }
    }
    if (request_.validate_only) {
        outcome_.records = RecordBatch();
    }
    return std::move(outcome_);
}

}  // namespace

Outcome<CreateTopicsResult> create_topics(const Request& request, const OperationContext& context) {
    return Creation(request, context).run();
}

}  // namespace hw::controller
