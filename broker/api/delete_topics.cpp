#include "broker/api/delete_topics.h"

#include <string_view>
#include <vector>

namespace hw::broker {
namespace {

using schema::DeleteTopicsRequest;
using schema::DeleteTopicsResponse;

/// Null for an unknown topic that was named by its id.
std::string_view name_of(const controller::DeletedTopic& topic) {
    const bool unknown = topic.name.empty() && topic.id != TopicId();
    return unknown ? std::string_view() : std::string_view(topic.name);
}

/// Null when there is no message.
std::string_view message_of(const wire::Refusal& refusal) {
    return refusal.message.empty() ? std::string_view() : std::string_view(refusal.message);
}

bool may_delete(const RequestContext& who, std::string_view topic) {
    return who.allows(Operation::remove, topic_resource(topic));
}

/// Allows an unknown id: the controller answers that it is unknown.
bool may_delete(const RequestContext& who, const DeleteTopicsRequest::Topic& topic,
                const controller::MetadataImage& image) {
    if (!wire::is_null(topic.name)) {
        return may_delete(who, topic.name);
    }
    const controller::TopicImage* found = image.find_topic(topic.topic_id);
    return found == nullptr || may_delete(who, found->name);
}

wire::Refusal deletion_disabled(ApiVersion version) {
    constexpr ApiVersion kKnowsCodeFrom{3};
    return {version < kKnowsCodeFrom ? wire::ErrorCode::invalid_request
                                     : wire::ErrorCode::topic_deletion_disabled,
            "delete.topic.enable is false on the controller: topics cannot be deleted"};
}

controller::DeletedTopic denied(std::string_view name, TopicId id) {
    controller::DeletedTopic topic;
    topic.name = name;
    topic.id = id;
    topic.refusal = {wire::ErrorCode::topic_authorization_failed,
                     "not allowed to delete this topic"};
    return topic;
}

}  // namespace

Task<> DeleteTopicsHandler::serve(ExchangePtr exchange, const DeleteTopicsRequest& request) {
    const std::size_t count = request.topic_names.size() + request.topics.size();
    if (refuse_too_many(*exchange, request, count)) {
        return done();
    }
    if (!enabled_) {
        controller::DeleteTopicsResult result;
        result.refusal = deletion_disabled(exchange->version());
        reply(*exchange, request, result);
        return done();
    }
    if (!take_answer_memory(*exchange, request, sizes_)) {
        return done();
    }
    const RequestContext& who = exchange->context();
    std::vector<std::string_view> names;
    std::vector<DeleteTopicsRequest::Topic> topics;
    std::vector<controller::DeletedTopic> refused;
    for (const std::string_view name : request.topic_names) {
        if (may_delete(who, name)) {
            names.push_back(name);
        } else {
            refused.push_back(denied(name, {}));
        }
    }
    for (const DeleteTopicsRequest::Topic& topic : request.topics) {
        if (may_delete(who, topic, image())) {
            topics.push_back(topic);
        } else {
            refused.push_back(denied(topic.name, topic.topic_id));
        }
    }
    DeleteTopicsRequest allowed = request;
    allowed.topic_names = names;
    allowed.topics = topics;
    decide_part(std::move(exchange), request, allowed, &controller::DeleteTopicsResult::topics,
                std::move(refused));
    return done();
}

void DeleteTopicsHandler::reply(Exchange& exchange, const DeleteTopicsRequest& request,
                                const controller::DeleteTopicsResult& result) const {
    if (result.refusal.is_refused()) {
        reply_error(exchange, request, result.refusal);
        return;
    }
    std::vector<DeleteTopicsResponse::Topic> topics;
    for (const controller::DeletedTopic& topic : result.topics) {
        topics.push_back({.name = name_of(topic),
                          .topic_id = topic.id,
                          .error_code = topic.refusal.code,
                          .error_message = message_of(topic.refusal)});
    }
    DeleteTopicsResponse response;
    response.responses = topics;
    exchange.reply(response);
}

}  // namespace hw::broker
