#include "controller/ops/create_topics.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "controller/ops/new_topic.h"
#include "controller/placement/placement.h"

namespace hw::controller {
namespace {

using Request = schema::CreateTopicsRequest;
using wire::ErrorCode;

/// Bytes that the lists of one partition take for each replica: its id twice, its directory.
constexpr std::size_t kBytesPerReplica = 2 * sizeof(std::int32_t) + sizeof(Uuid);

/// A topic that may be created.
struct Plan {
    RequestedConfigs configs;
    Replicas replicas;
};

/// The topics of one request, one after the other.
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
    TopicTable topics_;  ///< those that are there, with those of this request
    std::map<std::string_view, int> mentions_;
    Outcome<CreateTopicsResult> outcome_;
};

Checked<Plan> Creation::plan(const Request::Topic& topic) const {
    if (mentions_.at(topic.name) > 1) {
        return refuse(ErrorCode::invalid_request, "topic '{}' is in the request {} times",
                      topic.name, mentions_.at(topic.name));
    }
    if (const Checked<void> checked = check_new_name(topic.name, topics_); !checked) {
        return std::unexpected(checked.error());
    }
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
    if (const Checked<void> fits = check_size(plan); !fits) {
        return std::unexpected(fits.error());
    }
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
                      "the topics of one request may need {} bytes of records, with this one it is "
                      "{}. Ask for fewer in one request",
                      RecordBatch::kMaxBytes, bytes);
    }
    return {};
}

CreatedTopic Creation::describe(const Request::Topic& topic, const Plan& plan) const {
    const auto replicas = static_cast<std::int16_t>(plan.replicas.front().size());
    const ConfigValues values(plan.configs.begin(), plan.configs.end());
    return {.verdict = {},
            .name = std::string(topic.name),
            .id = {},
            .partitions = static_cast<std::int32_t>(plan.replicas.size()),
            .replicas = replicas,
            .configs = context_.configs.describe(values, replicas)};
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
        // A topic's id is random, so topics begin at different directories.
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
        refused.verdict = planned.error();
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
