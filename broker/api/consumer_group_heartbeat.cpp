#include "broker/api/consumer_group_heartbeat.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "broker/api/group_call.h"
#include "broker/api/partition_lookup.h"
#include "broker/coordinator/consumer/topic_pattern.h"
#include "controller/image/features.h"
#include "protocol/base/uuid.h"

namespace hw::broker {
namespace {

using wire::ErrorCode;
using wire::Refusal;
using Request = schema::ConsumerGroupHeartbeatRequest;
using Response = schema::ConsumerGroupHeartbeatResponse;

constexpr ApiVersion kClientMakesIdFrom{1};

Millis millis_of(Duration span) {
    return Millis(static_cast<std::int32_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(span).count()));
}

/// One ConsumerGroupHeartbeat request in progress.
struct ConsumerHeartbeatJob {
    ConsumerHeartbeatJob(ApiServices& services, ExchangePtr asking, TimePoint deadline)
        : exchange(std::move(asking)), call(services, deadline) {}

    [[nodiscard]] static Task<> finish(std::shared_ptr<ConsumerHeartbeatJob> job) {
        auto outcome = co_await job->call.outcome();
        if (outcome) {
            job->reply(*outcome);
        } else {
            job->refuse(outcome.error());
        }
    }
    void refuse(const Refusal& refusal) const {
        reply({.code = refusal.code, .message = refusal.message});
    }
    void reply(const ConsumerAnswer& answer) const;

    ExchangePtr exchange;
    GroupCall<ConsumerAnswer> call;
};

void ConsumerHeartbeatJob::reply(const ConsumerAnswer& answer) const {
    std::vector<Response::TopicPartitions> topics;
    for (const AssignedTopic& topic : answer.assignment.value_or(Assignment())) {
        topics.push_back({.topic_id = topic.topic, .partitions = {}});
    }
    for (std::size_t i = 0; i < topics.size(); ++i) {
        topics[i].partitions = (*answer.assignment)[i].partitions;
    }
    const Response::Assignment assignment{topics};
    Response response;
    response.error_code = answer.code;
    response.error_message = answer.message.empty() ? std::string_view() : answer.message;
    response.member_id = answer.member.empty() ? std::string_view() : answer.member;
    response.member_epoch = answer.epoch;
    response.heartbeat_interval_ms = millis_of(answer.interval);
    response.assignment = answer.assignment ? &assignment : nullptr;
    exchange->reply(response);
}

Refusal invalid(std::string message) {
    return {ErrorCode::invalid_request, std::move(message)};
}

/// What is wrong with the fields that are needed to join.
Refusal check_join(const Request& request) {
    if (request.rebalance_timeout_ms < Millis(0)) {
        return invalid("RebalanceTimeoutMs must be provided in first request.");
    }
    if (request.topic_partitions.is_null() || !request.topic_partitions.empty()) {
        return invalid("TopicPartitions must be empty when (re-)joining.");
    }
    if (request.subscribed_topic_names.is_null() && wire::is_null(request.subscribed_topic_regex)) {
        return invalid(
            "Either SubscribedTopicNames or SubscribedTopicRegex must be non-null when "
            "(re-)joining.");
    }
    return {};
}

/// What is wrong with the request.
Refusal check(const Request& request, ApiVersion version) {
    const auto is_empty = [](std::string_view text) {
        return !wire::is_null(text) && text.empty();
    };
    if (request.group_id.empty()) {
        return invalid("GroupId can't be empty.");
    }
    if (is_empty(request.instance_id)) {
        return invalid("InstanceId can't be empty.");
    }
    if (is_empty(request.rack_id)) {
        return invalid("RackId can't be empty.");
    }
    const bool makes_id = version < kClientMakesIdFrom && request.member_epoch == kJoinEpoch;
    if (request.member_id.empty() && !makes_id) {
        return invalid("MemberId can't be empty.");
    }
    if (request.member_epoch < kAwayEpoch) {
        return invalid(fmt::format("MemberEpoch is invalid: {}.", request.member_epoch));
    }
    if (request.member_epoch == kAwayEpoch && wire::is_null(request.instance_id)) {
        return invalid("InstanceId can't be null.");
    }
    if (!wire::is_null(request.server_assignor) && !request.server_assignor.empty() &&
        find_assignor(request.server_assignor) == nullptr) {
        return {ErrorCode::unsupported_assignor,
                fmt::format("ServerAssignor {} is not supported. Supported assignors: {}.",
                            request.server_assignor, assignor_names())};
    }
    if (request.member_epoch == kJoinEpoch) {
        if (Refusal refusal = check_join(request); refusal.is_refused()) {
            return refusal;
        }
    }
    if (!wire::is_null(request.subscribed_topic_regex) && !request.subscribed_topic_regex.empty()) {
        const auto pattern = TopicPattern::compile(request.subscribed_topic_regex);
        if (!pattern) {
            return {ErrorCode::invalid_regular_expression, pattern.error().message};
        }
    }
    return {};
}

Refusal check_rights(const Request& request, const RequestContext& who) {
    if (!who.allows(Operation::read, {ResourceType::group, request.group_id})) {
        return {ErrorCode::group_authorization_failed, {}};
    }
    for (const std::string_view topic : request.subscribed_topic_names) {
        if (!who.allows(Operation::describe, topic_resource(topic))) {
            return {ErrorCode::topic_authorization_failed, {}};
        }
    }
    return {};
}

std::vector<std::string> names_of(wire::Array<std::string_view> names) {
    std::vector<std::string> sorted(names.begin(), names.end());
    std::ranges::sort(sorted);
    const auto doubles = std::ranges::unique(sorted);
    sorted.erase(doubles.begin(), doubles.end());
    return sorted;
}

Assignment assignment_of(wire::Array<Request::TopicPartitions> topics) {
    std::vector<const Request::TopicPartitions*> sorted;
    for (const auto& topic : topics) {
        sorted.push_back(&topic);
    }
    std::ranges::sort(sorted, {}, &Request::TopicPartitions::topic_id);
    Assignment assignment;
    for (const Request::TopicPartitions* const topic : sorted) {
        if (topic->partitions.empty()) {
            continue;
        }
        if (assignment.empty() || assignment.back().topic != topic->topic_id) {
            assignment.push_back({topic->topic_id, {}});
        }
        auto& partitions = assignment.back().partitions;
        partitions.insert(partitions.end(), topic->partitions.begin(), topic->partitions.end());
    }
    for (AssignedTopic& topic : assignment) {
        std::ranges::sort(topic.partitions);
        const auto doubles = std::ranges::unique(topic.partitions);
        topic.partitions.erase(doubles.begin(), doubles.end());
    }
    return assignment;
}

ConsumerHeartbeat heartbeat_of(const Request& request, const RequestContext& who) {
    const auto told = [](std::string_view text) {
        return wire::is_null(text) ? std::nullopt : std::optional(text);
    };
    ConsumerHeartbeat beat{.member = request.member_id,
                           .epoch = request.member_epoch,
                           .instance = told(request.instance_id),
                           .rack = told(request.rack_id),
                           .rebalance_timeout = {},
                           .topics = {},
                           .pattern = told(request.subscribed_topic_regex),
                           .assignor = told(request.server_assignor),
                           .owned = {},
                           .client_id = who.client_id,
                           .client_host = {}};
    if (request.rebalance_timeout_ms >= Millis(0)) {
        beat.rebalance_timeout = std::chrono::milliseconds(request.rebalance_timeout_ms.value());
    }
    if (!request.subscribed_topic_names.is_null()) {
        beat.topics = names_of(request.subscribed_topic_names);
    }
    if (!request.topic_partitions.is_null()) {
        beat.owned = assignment_of(request.topic_partitions);
    }
    return beat;
}

std::size_t items_of(const Request& request) {
    std::size_t items = request.subscribed_topic_names.size() + request.topic_partitions.size();
    for (const auto& topic : request.topic_partitions) {
        items += topic.partitions.size();
    }
    return items;
}

}  // namespace

Task<> ConsumerGroupHeartbeatHandler::serve(ExchangePtr exchange, const Request& request) {
    constexpr std::size_t kBytesPerItem = 128;
    if (!exchange->take_work(1 + items_of(request), kBytesPerItem)) {
        co_return;
    }
    const RequestContext& who = exchange->context();
    const auto job = std::make_shared<ConsumerHeartbeatJob>(
        services_, exchange, services_.clock.now() + kReadyWait + timeout_);
    const auto image = services_.image;
    if (controller::working_level(*image, controller::kGroupVersionFeature) < 1) {
        job->refuse({ErrorCode::unsupported_version,
                     "The consumer group protocol is not enabled in this cluster: group.version is "
                     "0. An operator enables it with: hw cluster features --set group.version=1"});
        co_return;
    }
    Refusal refusal = check_rights(request, who);
    if (!refusal.is_refused()) {
        refusal = check(request, exchange->version());
    }
    if (refusal.is_refused()) {
        job->refuse(refusal);
        co_return;
    }
    ConsumerHeartbeat beat = heartbeat_of(request, who);
    const std::string host = "/" + who.peer->host;
    beat.client_host = host;
    const std::string new_id =
        request.member_id.empty() ? fmt::format("{}", random_uuid(entropy_)) : std::string();
    if (request.member_id.empty()) {
        beat.member = new_id;
    }
    if (request.member_epoch == kJoinEpoch) {
        co_await wait_until_ready(services_, request.group_id);
    }
    const Moment at{services_.clock.now(), services_.clock.wall_now()};
    const auto operation = [&](GroupMachine& groups, const auto& call, Decision& decision) {
        call->result = groups.heartbeat(request.group_id, beat, image, at, decision);
        decision.then.push_back([call](const Refusal* refused, Decision& after) {
            if (refused != nullptr) {
                call->complete(*refused);
            } else {
                after.answers.push_back(call);
            }
        });
    };
    co_await job->call.ask_later(request.group_id, operation);
    services_.delayed.go_on(ConsumerHeartbeatJob::finish(job));
}

}  // namespace hw::broker
