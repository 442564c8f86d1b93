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

}  // namespace

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
