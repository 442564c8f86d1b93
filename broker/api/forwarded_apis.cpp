#include "broker/api/forwarded_apis.h"

#include <algorithm>
#include <span>
#include <vector>

#include "config/describe.h"
#include "controller/ops/partitions.h"

namespace hw::broker {
namespace {

using schema::CreateTopicsRequest;
using schema::CreateTopicsResponse;
using schema::DeleteTopicsRequest;
using schema::DeleteTopicsResponse;
using schema::ElectLeadersRequest;
using schema::ElectLeadersResponse;
using schema::IncrementalAlterConfigsRequest;

/// First version of CreateTopics whose answer has the configs of the topics (KIP-525).
constexpr ApiVersion kConfigsFrom{5};
/// Bytes of a config beside its name and its value.
constexpr std::size_t kConfig = 8;

/// First version of ElectLeaders whose answer has an error of the request as a whole.
constexpr ApiVersion kElectionErrorFrom{1};
/// Bytes of the answer for a partition, with its message.
constexpr std::size_t kElection = 160;

std::size_t partitions_of(const ElectLeadersRequest& request) {
    std::size_t count = 0;
    for (const auto& topic : request.topic_partitions) {
        count += topic.partitions.size();
    }
    return count;
}

/// Null when there is no message.
std::string_view message_of(const wire::Refusal& refusal) {
    return refusal.message.empty() ? std::string_view() : std::string_view(refusal.message);
}

}  // namespace

void reply_error(Exchange& exchange, const CreateTopicsRequest& request,
                 const wire::Refusal& refusal) {
    if (!exchange.take_work(request.topics.size(), sizeof(CreateTopicsResponse::Topic))) {
        return;
    }
    std::vector<CreateTopicsResponse::Topic> topics;
    topics.reserve(request.topics.size());
    for (const auto& topic : request.topics) {
        topics.push_back(
            {.name = topic.name, .error_code = refusal.code, .error_message = message_of(refusal)});
    }
    CreateTopicsResponse response;
    response.topics = topics;
    exchange.reply(response);
}

void reply_error(Exchange& exchange, const DeleteTopicsRequest& request,
                 const wire::Refusal& refusal) {
    const std::size_t count = request.topic_names.size() + request.topics.size();
    if (!exchange.take_work(count, sizeof(DeleteTopicsResponse::Topic))) {
        return;
    }
    std::vector<DeleteTopicsResponse::Topic> topics;
    topics.reserve(count);
    for (const std::string_view name : request.topic_names) {
        topics.push_back(
            {.name = name, .error_code = refusal.code, .error_message = message_of(refusal)});
    }
    for (const auto& topic : request.topics) {
        topics.push_back({.name = topic.name,
                          .topic_id = topic.topic_id,
                          .error_code = refusal.code,
                          .error_message = message_of(refusal)});
    }
    DeleteTopicsResponse response;
    response.responses = topics;
    exchange.reply(response);
}

void reply_error(Exchange& exchange, const schema::DescribeQuorumRequest&,
                 const wire::Refusal& refusal) {
    schema::DescribeQuorumResponse response;
    response.error_code = refusal.code;
    response.error_message = message_of(refusal);
    exchange.reply(response);
}

void reply_error(Exchange& exchange, const ElectLeadersRequest& request,
                 const wire::Refusal& refusal) {
    const std::size_t count = partitions_of(request);
    if (!exchange.take_work(count + request.topic_partitions.size(),
                            sizeof(ElectLeadersResponse::Topic))) {
        return;
    }
    std::vector<ElectLeadersResponse::Topic> topics;
    std::vector<ElectLeadersResponse::Partition> partitions;
    topics.reserve(request.topic_partitions.size());
    partitions.reserve(count);
    for (const auto& topic : request.topic_partitions) {
        for (const PartitionIndex index : topic.partitions) {
            partitions.push_back({.partition_id = index,
                                  .error_code = refusal.code,
                                  .error_message = message_of(refusal)});
        }
        topics.push_back(
            {.topic = topic.topic,
             .partition_result = std::span<const ElectLeadersResponse::Partition>(partitions)
                                     .last(topic.partitions.size())});
    }
    ElectLeadersResponse response;
    if (exchange.version() >= kElectionErrorFrom) {
        response.error_code = refusal.code;
    }
    response.replica_election_results = topics;
    exchange.reply(response);
}

void reply_error(Exchange& exchange, const IncrementalAlterConfigsRequest& request,
                 const wire::Refusal& refusal) {
    using Resource = schema::IncrementalAlterConfigsResponse::Resource;
    if (!exchange.take_work(request.resources.size(), sizeof(Resource))) {
        return;
    }
    std::vector<Resource> resources;
    resources.reserve(request.resources.size());
    for (const auto& resource : request.resources) {
        resources.push_back({.error_code = refusal.code,
                             .error_message = message_of(refusal),
                             .resource_type = resource.resource_type,
                             .resource_name = resource.resource_name});
    }
    schema::IncrementalAlterConfigsResponse response;
    response.responses = resources;
    exchange.reply(response);
}

void reply_error(Exchange& exchange, const schema::UpdateFeaturesRequest&,
                 const wire::Refusal& refusal) {
    schema::UpdateFeaturesResponse response;
    response.error_code = refusal.code;
    response.error_message = message_of(refusal);
    exchange.reply(response);
}

AnswerSizes::AnswerSizes(const config::Settings& settings) {
    for (const config::DescribedKey& row : config::describe_topic({}, settings, 1)) {
        configs_ += kConfig + row.key->name.size() + (row.value ? row.value->size() : 0);
    }
}

std::size_t AnswerSizes::of(const CreateTopicsRequest& request, ApiVersion version) const {
    std::size_t bytes = kItem;
    for (const auto& topic : request.topics) {
        std::size_t configs = version < kConfigsFrom ? 0 : configs_;
        for (const auto& config : topic.configs) {
            configs += version < kConfigsFrom ? 0 : config.value.size();
        }
        bytes += kItem + topic.name.size() + std::max(configs, kMessage + topic.name.size());
    }
    return bytes;
}

std::size_t AnswerSizes::of(const DeleteTopicsRequest& request, ApiVersion) const {
    std::size_t bytes = kItem;
    for (const std::string_view name : request.topic_names) {
        bytes += kItem + kMessage + 2 * name.size();
    }
    constexpr std::size_t kMaxName = 249;
    return bytes + request.topics.size() * (kItem + kMessage + 2 * kMaxName);
}

std::size_t AnswerSizes::of(const ElectLeadersRequest& request, ApiVersion) const {
    if (request.topic_partitions.is_null()) {
        return kItem + controller::kMaxElections * (kItem + kElection);
    }
    std::size_t bytes = kItem + partitions_of(request) * kElection;
    for (const auto& topic : request.topic_partitions) {
        // The message for an unknown topic has its name.
        bytes += kItem + topic.topic.size() * (1 + topic.partitions.size());
    }
    return bytes;
}

std::size_t AnswerSizes::of(const IncrementalAlterConfigsRequest& request, ApiVersion) const {
    std::size_t bytes = kItem;
    for (const auto& resource : request.resources) {
        std::size_t longest = 0;  // the message is about one config
        for (const auto& config : resource.configs) {
            longest = std::max(longest, 2 * config.name.size() + config.value.size());
        }
        bytes += kItem + kMessage + 2 * resource.resource_name.size() + longest;
    }
    return bytes;
}

std::size_t AnswerSizes::of(const schema::UpdateFeaturesRequest& request, ApiVersion) const {
    std::size_t bytes = kItem + kMessage;
    for (const auto& update : request.feature_updates) {
        // The message has one of the names.
        bytes += kItem + 2 * update.feature.size();
    }
    return bytes;
}

std::size_t AnswerSizes::of(const schema::DescribeQuorumRequest&, ApiVersion) const {
    constexpr std::size_t kReplicas = 100;
    constexpr std::size_t kReplica = 128;
    return kItem + kReplicas * kReplica;
}

wire::Refusal no_answer_memory(std::size_t bytes) {
    return {wire::ErrorCode::request_timed_out,
            fmt::format("nothing was done: there is not enough memory for an answer of {} bytes, "
                        "because other requests hold it. Try again, ask for less in one request, "
                        "or raise highwater.memory.limit",
                        bytes)};
}

}  // namespace hw::broker
