#include "broker/api/create_topics.h"

#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "config/topic_config.h"

namespace hw::broker {
namespace {

using schema::CreateTopicsResponse;

/// Null for a topic that was created, as in Kafka.
std::string_view message_of(const wire::Refusal& refusal) {
    return refusal.code == wire::ErrorCode::none ? std::string_view()
                                                 : std::string_view(refusal.message);
}

std::vector<CreateTopicsResponse::Config> configs_of(const controller::CreatedTopic& topic) {
    std::vector<CreateTopicsResponse::Config> configs;
    for (const controller::TopicConfig& config : topic.configs) {
        configs.push_back(
            {.name = config.name,
             .value = config.sensitive ? std::string_view() : std::string_view(config.value),
             .read_only = config.read_only,
             .config_source = config.source,
             .is_sensitive = config.sensitive});
    }
    return configs;
}

/// A warning about settings of the topic that have no effect yet; empty when there are none.
std::string warning_for_settings(const controller::CreatedTopic& topic) {
    constexpr std::int8_t kSetOnTopic = 1;
    std::vector<std::string> warnings;
    for (const controller::TopicConfig& config : topic.configs) {
        std::string warning = config.source == kSetOnTopic
                                  ? config::warning_for_setting(config.name, config.value)
                                  : std::string();
        if (!warning.empty()) {
            warnings.push_back(std::move(warning));
        }
    }
    return fmt::format("{}", fmt::join(warnings, "; "));
}

bool may_create(const RequestContext& who, std::string_view topic) {
    return who.allows(Operation::create, kCluster) ||
           who.allows(Operation::create, topic_resource(topic));
}

controller::CreatedTopic denied(std::string_view name) {
    controller::CreatedTopic topic;
    topic.name = name;
    topic.refusal = {wire::ErrorCode::topic_authorization_failed,
                     "not allowed to create this topic"};
    return topic;
}

}  // namespace

Task<> CreateTopicsHandler::serve(ExchangePtr exchange,
                                  const schema::CreateTopicsRequest& request) {
    if (refuse_too_many(*exchange, request, request.topics.size())) {
        return done();
    }
    if (!take_answer_memory(*exchange, request, sizes_)) {
        return done();
    }
    std::vector<schema::CreateTopicsRequest::Topic> topics;
    std::vector<controller::CreatedTopic> refused;
    for (const auto& topic : request.topics) {
        if (may_create(exchange->context(), topic.name)) {
            topics.push_back(topic);
        } else {
            refused.push_back(denied(topic.name));
        }
    }
    schema::CreateTopicsRequest allowed = request;
    allowed.topics = topics;
    decide_part(std::move(exchange), request, allowed, &controller::CreateTopicsResult::topics,
                std::move(refused));
    return done();
}

void CreateTopicsHandler::warn(const controller::CreateTopicsResult& result) const {
    // One line per request, because a client can ask for thousands of topics.
    std::string first;
    std::size_t others = 0;
    for (const controller::CreatedTopic& topic : result.topics) {
        const std::string caution = topic.id == TopicId() ? "" : warning_for_settings(topic);
        if (!caution.empty() && first.empty()) {
            first = fmt::format("topic '{}' is created with {}", topic.name, caution);
        } else if (!caution.empty()) {
            ++others;
        }
    }
    if (!first.empty()) {
        warnings_.warning("{}{}", first, others == 0 ? "" : fmt::format(" (and {} more)", others));
    }
}

void CreateTopicsHandler::reply(Exchange& exchange, const schema::CreateTopicsRequest& request,
                                const controller::CreateTopicsResult& result) const {
    warn(result);
    if (result.refusal.is_refused()) {
        reply_error(exchange, request, result.refusal);
        return;
    }
    std::deque<std::vector<CreateTopicsResponse::Config>> configs;
    std::vector<CreateTopicsResponse::Topic> topics;
    for (const controller::CreatedTopic& topic : result.topics) {
        CreateTopicsResponse::Topic answer;
        answer.name = topic.name;
        answer.topic_id = topic.id;
        answer.error_code = topic.refusal.code;
        answer.error_message = message_of(topic.refusal);
        answer.num_partitions = topic.partitions;
        answer.replication_factor = topic.replicas;
        answer.configs = configs.emplace_back(configs_of(topic));
        topics.push_back(answer);
    }
    CreateTopicsResponse response;
    response.topics = topics;
    exchange.reply(response);
}

}  // namespace hw::broker
