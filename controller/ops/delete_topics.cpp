#include <map>
#include <string>
#include <vector>

#include "controller/ops/topics.h"

namespace hw::controller {
namespace {

using wire::ErrorCode;

/// One entry of the request. A null name or a zero id means that it is not given.
struct RequestedTopic {
    std::string_view name;
    TopicId id;
};

std::vector<RequestedTopic> requested_topics(const schema::DeleteTopicsRequest& request) {
    std::vector<RequestedTopic> topics;
    for (const std::string_view name : request.topic_names) {
        topics.push_back({wire::is_null(name) ? std::string_view("") : name, TopicId()});
    }
    for (const schema::DeleteTopicsRequest::Topic& topic : request.topics) {
        topics.push_back({topic.name, topic.topic_id});
    }
    return topics;
}

Checked<const TopicImage*> find(const RequestedTopic& requested, const MetadataImage& image) {
    const bool has_name = !wire::is_null(requested.name);
    const bool has_id = !requested.id.value().is_zero();
    if (has_name && has_id) {
        return refuse(ErrorCode::invalid_request,
                      "both the name '{}' and the id {} are given; give only one of them",
                      requested.name, requested.id);
    }
    if (!has_name && !has_id) {
        return refuse(ErrorCode::invalid_request,
                      "neither the name nor the id of a topic is given");
    }
    const TopicImage* topic =
        has_name ? image.find_topic(requested.name) : image.find_topic(requested.id);
    if (topic != nullptr) {
        return topic;
    }
    if (has_name) {
        return refuse(ErrorCode::unknown_topic_or_partition, "there is no topic '{}'",
                      requested.name);
    }
    return refuse(ErrorCode::unknown_topic_id, "there is no topic with the id {}", requested.id);
}

}  // namespace

Outcome<DeleteTopicsResult> delete_topics(const schema::DeleteTopicsRequest& request,
                                          const OperationContext& context) {
    const std::vector<RequestedTopic> topics = requested_topics(request);
    std::vector<Checked<const TopicImage*>> found;
    std::map<TopicId, int> counts;
    for (const RequestedTopic& topic : topics) {
        found.push_back(find(topic, context.image));
        if (found.back()) {
            ++counts[(*found.back())->id];
        }
    }
    Outcome<DeleteTopicsResult> outcome;
    for (std::size_t i = 0; i < topics.size(); ++i) {
        DeletedTopic& deleted = outcome.response.topics.emplace_back(
            DeletedTopic{{}, std::string(topics[i].name), topics[i].id});
        if (!found[i]) {
            deleted.refusal = found[i].error();
            continue;
        }
        const TopicImage& topic = **found[i];
        deleted.name = topic.name;
        deleted.id = topic.id;
        if (counts[topic.id] > 1) {
            deleted.refusal = {
                ErrorCode::invalid_request,
                fmt::format("topic '{}' is given {} times", topic.name, counts[topic.id])};
        } else if (outcome.records.size() == RecordBatch::kMaxRecords) {
            deleted.refusal = {
                ErrorCode::policy_violation,
                fmt::format("one request deletes at most {} topics", RecordBatch::kMaxRecords)};
        } else {
            outcome.records.add(schema::RemoveTopicRecord{.topic_id = topic.id}, ApiVersion(0));
        }
    }
    return outcome;
}

}  // namespace hw::controller
