#include "broker/api/create_topics.h"

#include <deque>
#include <string_view>
#include <vector>

namespace hw::broker {
namespace {

using schema::CreateTopicsResponse;

/// Null where there is nothing to say, as Kafka answers a topic that was created.
std::string_view message_of(const controller::Verdict& verdict) {
    return verdict.code == wire::ErrorCode::none ? std::string_view()
                                                 : std::string_view(verdict.message);
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

bool may_create(const RequestContext& who, std::string_view topic) {
    return who.allows(Operation::create, kCluster) ||
           who.allows(Operation::create, topic_resource(topic));
}

controller::CreatedTopic denied(std::string_view name) {
    controller::CreatedTopic topic;
    topic.name = name;
    topic.verdict = {wire::ErrorCode::topic_authorization_failed,
                     "not allowed to create this topic"};
    return topic;
}

}  // namespace

Task<> CreateTopicsHandler::serve(ExchangePtr exchange,
                                  const schema::CreateTopicsRequest& request) {
    if (refuse_too_many(*exchange, request, request.topics.size())) {
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
    decide_part(std::move(exchange), request, allowed, std::move(refused));
    return done();
}

void CreateTopicsHandler::reply(Exchange& exchange, const schema::CreateTopicsRequest& request,
                                const controller::CreateTopicsResult& result) const {
    std::deque<std::vector<CreateTopicsResponse::Config>> configs;
    std::vector<CreateTopicsResponse::Topic> topics;
    // The message has no place for an error of the request as a whole: each topic gets it.
    const bool refused = result.verdict.code != wire::ErrorCode::none;
    for (const auto& asked : request.topics) {
        if (refused) {
            topics.push_back({.name = asked.name,
                              .error_code = result.verdict.code,
                              .error_message = result.verdict.message});
        }
    }
    for (const controller::CreatedTopic& topic : result.topics) {
        CreateTopicsResponse::Topic answer;
        answer.name = topic.name;
        answer.topic_id = topic.id;
        answer.error_code = topic.verdict.code;
        answer.error_message = message_of(topic.verdict);
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
