#include "broker/api/consumer_group_describe.h"

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "broker/api/authorized_operations.h"
#include "broker/api/group_call.h"
#include "broker/api/group_state.h"
#include "broker/coordinator/consumer/member_steps.h"
#include "broker/net/long_loop.h"

namespace hw::broker {
namespace {

using wire::ErrorCode;
using Request = schema::ConsumerGroupDescribeRequest;
using Response = schema::ConsumerGroupDescribeResponse;

/// Kinds of members.
constexpr std::int8_t kClassicMember = 0;
constexpr std::int8_t kConsumerMember = 1;

struct DescribedMember {
    std::string id;
    std::int32_t epoch = 0;
    MemberDescription description;
    Assignment assigned;
    Assignment target;
};

/// What a coordinator says of a group; none if it knows no such consumer group.
struct DescribedGroup {
    std::string_view state;
    std::int32_t epoch = 0;
    std::int32_t target_epoch = 0;
    std::string assignor;
    std::vector<DescribedMember> members;
};
using Description = std::optional<DescribedGroup>;

Description describe(const Group* group) {
    if (group == nullptr || group->consumer == nullptr) {
        return std::nullopt;
    }
    const ConsumerGroup& consumer = *group->consumer;
    DescribedGroup described{.state = name_of(consumer.state()),
                             .epoch = consumer.epoch(),
                             .target_epoch = consumer.target_epoch(),
                             .assignor = consumer.assignor(),
                             .members = {}};
    described.members.reserve(consumer.members().size());
    for (const auto& [id, member] : consumer.members()) {
        described.members.push_back({.id = id,
                                     .epoch = member.position.epoch,
                                     .description = member.description,
                                     .assigned = partitions_of(member.position.assigned),
                                     .target = member.target});
    }
    return described;
}

/// One ConsumerGroupDescribe request in progress.
class ConsumerGroupDescribeJob {
public:
    ConsumerGroupDescribeJob(ApiServices& services, ExchangePtr exchange, bool tells_operations,
                             TimePoint deadline)
        : services_(services),
          exchange_(std::move(exchange)),
          tells_operations_(tells_operations),
          deadline_(deadline) {}

    /// Asks the coordinator of one group.
    [[nodiscard]] Task<> ask(std::string_view group);
    [[nodiscard]] static Task<> finish(std::shared_ptr<ConsumerGroupDescribeJob> job);
    [[nodiscard]] bool is_rejected() const { return exchange_->rejected(); }

private:
    struct Question {
        Question(ApiServices& services, TimePoint deadline, std::string_view about)
            : group(about), call(services, deadline) {}

        std::string_view group;
        wire::Refusal refusal;
        Description found;
        GroupCall<Description> call;
    };

    [[nodiscard]] Response::Group answer(Question& question);
    [[nodiscard]] Response::Member answer(const DescribedMember& member);
    [[nodiscard]] Response::Assignment answer(const Assignment& assignment);

    ApiServices& services_;
    ExchangePtr exchange_;
    bool tells_operations_;
    TimePoint deadline_;
    std::deque<Question> questions_;
    // The arrays and texts that the answers point to.
    std::shared_ptr<const controller::MetadataImage> image_;
    std::deque<std::vector<Response::Member>> members_;
    std::deque<std::vector<Response::TopicPartitions>> topics_;
    std::deque<std::vector<std::string_view>> names_;
};

Task<> ConsumerGroupDescribeJob::ask(std::string_view group) {
    Question& question = questions_.emplace_back(services_, deadline_, group);
    if (!exchange_->context().allows(Operation::describe, {ResourceType::group, group})) {
        question.refusal = {ErrorCode::group_authorization_failed, {}};
        co_return;
    }
    std::size_t bytes = 0;
    const auto operation = [&](const GroupMachine& groups, Description& found) {
        found = describe(groups.find(group));
        bytes = found ? static_cast<std::size_t>(groups.find(group)->consumer->bytes()) : 0;
        return CoordinatorRecords();
    };
    co_await question.call.ask(group, operation);
    // Rejects the request, which then names no further group, if it is too much. The group is there
    // twice: as it is described, and in the answer.
    static_cast<void>(exchange_->take_work(1, 2 * bytes));
}

Response::Assignment ConsumerGroupDescribeJob::answer(const Assignment& assignment) {
    auto& topics = topics_.emplace_back();
    for (const AssignedTopic& topic : assignment) {
        // Members may have partitions of a topic for a moment after it was deleted.
        const controller::TopicImage* const found = image_->find_topic(topic.topic);
        if (found != nullptr) {
            topics.push_back({.topic_id = topic.topic,
                              .topic_name = found->name,
                              .partitions = topic.partitions});
        }
    }
    return {topics};
}

Response::Member ConsumerGroupDescribeJob::answer(const DescribedMember& member) {
    const auto or_null = [](const std::optional<std::string>& text) {
        return text ? std::string_view(*text) : std::string_view();
    };
    const MemberDescription& description = member.description;
    auto& names = names_.emplace_back(description.topics.begin(), description.topics.end());
    return {.member_id = member.id,
            .instance_id = or_null(description.instance),
            .rack_id = or_null(description.rack),
            .member_epoch = member.epoch,
            .client_id = description.client_id,
            .client_host = description.client_host,
            .subscribed_topic_names = names,
            .subscribed_topic_regex = or_null(description.pattern),
            .assignment = answer(member.assigned),
            .target_assignment = answer(member.target),
            .member_type = description.classic ? kClassicMember : kConsumerMember};
}

Response::Group ConsumerGroupDescribeJob::answer(Question& question) {
    Response::Group answered{.error_code = question.refusal.code,
                             .error_message = std::string_view(),
                             .group_id = question.group,
                             .group_state = "",
                             .assignor_name = ""};
    if (!question.refusal.is_refused() && !question.found) {
        question.refusal = {ErrorCode::group_id_not_found,
                            fmt::format("Group {} is not a consumer group.", question.group)};
        answered.error_code = question.refusal.code;
    }
    if (question.refusal.is_refused()) {
        if (!question.refusal.message.empty()) {
            answered.error_message = question.refusal.message;
        }
        return answered;
    }
    if (tells_operations_) {
        answered.authorized_operations = group_operations(exchange_->context(), question.group);
    }
    const DescribedGroup& found = *question.found;
    auto& members = members_.emplace_back();
    for (const DescribedMember& member : found.members) {
        members.push_back(answer(member));
    }
    answered.group_state = found.state;
    answered.group_epoch = found.epoch;
    answered.assignment_epoch = found.target_epoch;
    answered.assignor_name = found.assignor;
    answered.members = members;
    return answered;
}

Task<> ConsumerGroupDescribeJob::finish(std::shared_ptr<ConsumerGroupDescribeJob> job) {
    std::vector<Response::Group> groups;
    job->image_ = job->services_.image;
    for (Question& question : job->questions_) {
        if (!question.refusal.is_refused()) {
            auto outcome = co_await question.call.outcome();
            if (outcome) {
                question.found = std::move(*outcome);
            } else {
                question.refusal = std::move(outcome.error());
            }
        }
        groups.push_back(job->answer(question));
    }
    Response response;
    response.groups = groups;
    job->exchange_->reply(response);
}

}  // namespace

Task<> ConsumerGroupDescribeHandler::serve(ExchangePtr exchange, const Request& request) {
    constexpr std::size_t kBytesPerItem = 1024;
    if (!exchange->take_work(request.group_ids.size(), kBytesPerItem)) {
        co_return;
    }
    const auto job = std::make_shared<ConsumerGroupDescribeJob>(
        services_, std::move(exchange), request.include_authorized_operations,
        services_.clock.now() + timeout_);
    LongLoop loop;
    for (const std::string_view group : request.group_ids) {
        co_await job->ask(group);
        if (job->is_rejected()) {
            co_return;
        }
        if (loop.is_over()) {
            co_await let_others_run(services_.shard);
        }
    }
    services_.delayed.go_on(ConsumerGroupDescribeJob::finish(job));
}

}  // namespace hw::broker
