#include "broker/api/delete_topics.h"

#include <string_view>
#include <vector>

namespace hw::broker {
namespace {

using schema::DeleteTopicsRequest;
using schema::DeleteTopicsResponse;

/// Null for a topic that was named by its id and is not known.
std::string_view name_of(const controller::DeletedTopic& topic) {
    const bool unknown = topic.name.empty() && topic.id != TopicId();
    return unknown ? std::string_view() : std::string_view(topic.name);
}

/// Null where there is nothing to say.
std::string_view message_of(const controller::Verdict& verdict) {
    return verdict.message.empty() ? std::string_view() : std::string_view(verdict.message);
}

/// Every topic of a request, whichever way its version names them, with one error.
std::vector<DeleteTopicsResponse::Topic> refuse_all(const DeleteTopicsRequest& request,
                                                    const controller::Verdict& verdict) {
    std::vector<DeleteTopicsResponse::Topic> topics;
    for (const std::string_view name : request.topic_names) {
        topics.push_back(
            {.name = name, .error_code = verdict.code, .error_message = verdict.message});
    }
    for (const auto& topic : request.topics) {
        topics.push_back({.name = topic.name,
                          .topic_id = topic.topic_id,
                          .error_code = verdict.code,
                          .error_message = verdict.message});
    }
    return topics;
}

}  // namespace

void DeleteTopicsHandler::reply(Exchange& exchange, const DeleteTopicsRequest& request,
                                const controller::DeleteTopicsResult& result) const {
    std::vector<DeleteTopicsResponse::Topic> topics;
    if (result.verdict.code != wire::ErrorCode::none) {
        topics = refuse_all(request, result.verdict);
    }
    for (const controller::DeletedTopic& topic : result.topics) {
        topics.push_back({.name = name_of(topic),
                          .topic_id = topic.id,
                          .error_code = topic.verdict.code,
                          .error_message = message_of(topic.verdict)});
    }
    DeleteTopicsResponse response;
    response.responses = topics;
    exchange.reply(response);
}

}  // namespace hw::broker
