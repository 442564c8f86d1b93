#include "broker/api/delete_topics.h"

#include <string_view>
#include <vector>

namespace hw::broker {
namespace {

using schema::DeleteTopicsRequest;
using schema::DeleteTopicsResponse;

/// Null where there is none, as for a topic that was named by its id and is not known.
std::string_view text_or_null(std::string_view text) {
    return text.empty() ? std::string_view() : text;
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
        topics.push_back({.name = text_or_null(topic.name),
                          .topic_id = topic.id,
                          .error_code = topic.verdict.code,
                          .error_message = text_or_null(topic.verdict.message)});
    }
    DeleteTopicsResponse response;
    response.responses = topics;
    exchange.reply(response);
}

}  // namespace hw::broker
