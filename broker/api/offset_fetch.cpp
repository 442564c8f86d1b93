#include "broker/api/offset_fetch.h"

#include <deque>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "broker/api/group_call.h"
#include "broker/api/partition_lookup.h"
#include "broker/net/long_loop.h"

namespace hw::broker {
namespace {

using wire::ErrorCode;
using Request = schema::OffsetFetchRequest;
using Response = schema::OffsetFetchResponse;

constexpr ApiVersion kGroupErrorsFrom{2};
constexpr ApiVersion kManyGroupsFrom{8};
constexpr ApiVersion kTopicIdsFrom{10};
/// Memory for a partition: what is asked, what is found, and the answer.
constexpr std::size_t kBytesPerItem = 256;

/// The question about one group, in the form of the newer versions.
struct Asked {
    std::string_view group;
    bool all = false;  ///< all partitions for which it has offsets
    /// Of a consumer group; null: anybody.
    std::string_view member = {};
    std::int32_t epoch = -1;
    wire::Array<Request::Topic> topics = {};
};

/// One OffsetFetch request in progress.
class OffsetFetchJob {
public:
    OffsetFetchJob(ApiServices& services, ExchangePtr exchange, TimePoint deadline)
        : services_(services),
          owned_(std::move(exchange)),
          exchange_(*owned_),
          who_(exchange_.context()),
          version_(exchange_.version()),
          deadline_(deadline) {}

    /// Asks the coordinator of one group; returns when it has decided.
    [[nodiscard]] Task<> ask(const Asked& asked);
    /// Answers when all decisions are committed.
    [[nodiscard]] static Task<> finish(std::shared_ptr<OffsetFetchJob> job);
    [[nodiscard]] bool is_rejected() const { return exchange_.rejected(); }

private:
    /// What the coordinator is asked for.
    struct Named {
        std::vector<ErrorCode> errors;  ///< of the topics that it is not asked for, in their order
        std::vector<NamedPartition> partitions;
    };
    using Offsets = std::vector<FetchedOffset>;
    struct Found {
        ErrorCode refusal = ErrorCode::none;
        Offsets offsets;
    };
    /// A group that was asked for.
    struct Question {
        Question(ApiServices& services, TimePoint deadline, const Asked& about)
            : asked(about), call(services, deadline) {}

        Asked asked;
        Named named;
        bool is_allowed = true;
        GroupCall<Found> call;
    };

    [[nodiscard]] Task<Named> name(const Asked& asked);
    [[nodiscard]] std::expected<std::string_view, ErrorCode> name_of(const Request::Topic& topic);
    /// Adds the answer about one group.
    [[nodiscard]] Task<> add(Question& question);
    void reply();
    [[nodiscard]] Task<> add_asked(const Asked& asked, const Named& named, Offsets all);
    [[nodiscard]] Task<> add_all(Offsets all);
    [[nodiscard]] Task<> add_errors(const Asked& asked, ErrorCode code);
    [[nodiscard]] Response::Partition answer(PartitionIndex index,
                                             const CommittedOffset& committed) const;

    ApiServices& services_;
    ExchangePtr owned_;
    Exchange& exchange_;
    const RequestContext& who_;
    ApiVersion version_;
    TimePoint deadline_;
    std::deque<Question> questions_;
    std::vector<Response::Group> groups_;
    // The arrays and texts that the answers point to.
    std::deque<std::vector<Response::TopicResult>> topics_;
    std::deque<std::vector<Response::Partition>> partitions_;
    std::deque<Offsets> found_;
    std::deque<std::string> names_;
};

Response::Partition failed(PartitionIndex index, ErrorCode code) {
    return {.partition_index = index,
            .committed_offset = kNoOffset,
            .metadata = "",
            .error_code = code};
}

std::expected<std::string_view, ErrorCode> OffsetFetchJob::name_of(const Request::Topic& topic) {
    const TopicAccess access{who_, Operation::describe};
    if (version_ >= kTopicIdsFrom) {
        const FoundTopic found = find_topic(services_, access, topic.topic_id);
        if (found.image == nullptr) {
            return std::unexpected(found.missing);
        }
        // The image may be replaced before the name is used.
        return names_.emplace_back(found.image->name);
    }
    // Offsets of a topic that does not exist (any more) are answered, too, as in Kafka.
    if (!who_.allows(Operation::describe, topic_resource(topic.name))) {
        return std::unexpected(ErrorCode::topic_authorization_failed);
    }
    return topic.name;
}

Task<OffsetFetchJob::Named> OffsetFetchJob::name(const Asked& asked) {
    Named named;
    LongLoop loop;
    for (const Request::Topic& topic : asked.topics) {
        const auto name = name_of(topic);
        named.errors.push_back(name ? ErrorCode::none : name.error());
        for (const PartitionIndex index : topic.partition_indexes) {
            if (name) {
                named.partitions.push_back({*name, index});
            }
        }
        if (loop.is_over(1 + topic.partition_indexes.size())) {
            co_await let_others_run(services_.shard);
        }
    }
    co_return named;
}

Task<> OffsetFetchJob::ask(const Asked& asked) {
    Question& question = questions_.emplace_back(services_, deadline_, asked);
    Named named = co_await name(asked);
    question.named = std::move(named);
    if (!who_.allows(Operation::describe, {ResourceType::group, asked.group})) {
        question.is_allowed = false;
        co_return;
    }
    std::size_t found_all = 0;
    const auto operation = [&](const GroupMachine& groups, Found& found) {
        found.refusal = groups.check_fetch(asked.group, asked.member, asked.epoch);
        if (found.refusal == ErrorCode::none) {
            found.offsets = asked.all ? groups.fetch_all(asked.group)
                                      : groups.fetch(asked.group, question.named.partitions);
        }
        found_all = asked.all ? found.offsets.size() : 0;
        return CoordinatorRecords();
    };
    co_await question.call.ask(asked.group, operation);
    // Rejects the request, which then names no further group, if it is too much.
    static_cast<void>(exchange_.take_work(found_all, kBytesPerItem));
}

Task<> OffsetFetchJob::finish(std::shared_ptr<OffsetFetchJob> job) {
    for (Question& question : job->questions_) {
        co_await job->add(question);
        if (job->exchange_.rejected() || !job->exchange_.is_wanted()) {
            co_return;
        }
    }
    job->reply();
}

Task<> OffsetFetchJob::add(Question& question) {
    const Asked& asked = question.asked;
    topics_.emplace_back();
    groups_.push_back({.group_id = asked.group});
    std::expected<Offsets, ErrorCode> found =
        std::unexpected(ErrorCode::group_authorization_failed);
    if (question.is_allowed) {
        auto outcome = co_await question.call.outcome();
        const ErrorCode code = outcome ? outcome->refusal : outcome.error().code;
        if (code == ErrorCode::none) {
            found = std::move(outcome->offsets);
        } else {
            found = std::unexpected(code);
        }
    }
    if (!found) {
        groups_.back().error_code = found.error();
        if (version_ < kGroupErrorsFrom) {
            co_await add_errors(asked, found.error());
        }
    } else if (!asked.all) {
        co_await add_asked(asked, question.named, std::move(*found));
    } else {
        co_await add_all(std::move(*found));
    }
    groups_.back().topics = topics_.back();
}

Response::Partition OffsetFetchJob::answer(PartitionIndex index,
                                           const CommittedOffset& committed) const {
    return {.partition_index = index,
            .committed_offset = committed.offset,
            .committed_leader_epoch = committed.leader_epoch,
            .metadata = committed.text(),
            .error_code = ErrorCode::none};
}

Task<> OffsetFetchJob::add_asked(const Asked& asked, const Named& named, Offsets all) {
    std::span<const FetchedOffset> found = found_.emplace_back(std::move(all));
    LongLoop loop;
    for (std::size_t i = 0; i < asked.topics.size(); ++i) {
        const Request::Topic& topic = asked.topics[i];
        auto& partitions = partitions_.emplace_back();
        for (const PartitionIndex index : topic.partition_indexes) {
            if (named.errors[i] != ErrorCode::none) {
                partitions.push_back(failed(index, named.errors[i]));
                continue;
            }
            partitions.push_back(answer(index, found.front().committed));
            found = found.subspan(1);
        }
        topics_.back().push_back(
            {.name = topic.name, .topic_id = topic.topic_id, .partitions = partitions});
        if (loop.is_over(1 + partitions.size())) {
            co_await let_others_run(services_.shard);
        }
    }
}

Task<> OffsetFetchJob::add_all(Offsets all) {
    const Offsets& found = found_.emplace_back(std::move(all));
    LongLoop loop;
    for (std::size_t next = 0; next < found.size();) {
        const std::string& name = found[next].topic;
        auto& partitions = partitions_.emplace_back();
        for (; next < found.size() && found[next].topic == name; ++next) {
            partitions.push_back(answer(found[next].partition, found[next].committed));
        }
        const FoundTopic topic =
            find_topic(services_, TopicAccess{who_, Operation::describe}, name);
        const bool is_shown = version_ >= kTopicIdsFrom
                                  ? topic.image != nullptr
                                  : topic.missing != ErrorCode::topic_authorization_failed;
        if (is_shown) {
            const TopicId id = topic.image == nullptr ? TopicId() : topic.image->id;
            topics_.back().push_back({.name = name, .topic_id = id, .partitions = partitions});
        }
        if (loop.is_over(1 + partitions.size())) {
            co_await let_others_run(services_.shard);
        }
    }
}

Task<> OffsetFetchJob::add_errors(const Asked& asked, ErrorCode code) {
    LongLoop loop;
    for (const Request::Topic& topic : asked.topics) {
        auto& partitions = partitions_.emplace_back();
        for (const PartitionIndex index : topic.partition_indexes) {
            partitions.push_back(failed(index, code));
        }
        topics_.back().push_back({.name = topic.name, .partitions = partitions});
        if (loop.is_over(1 + partitions.size())) {
            co_await let_others_run(services_.shard);
        }
    }
}

void OffsetFetchJob::reply() {
    Response response;
    if (version_ >= kManyGroupsFrom) {
        response.groups = groups_;
    } else {
        response.topics = topics_.front();
        response.error_code = groups_.front().error_code;
    }
    exchange_.reply(response);
}

std::size_t items_of(const wire::Array<Request::Topic>& topics) {
    std::size_t items = topics.size();
    for (const Request::Topic& topic : topics) {
        items += topic.partition_indexes.size();
    }
    return items;
}

}  // namespace

Task<> OffsetFetchHandler::serve(ExchangePtr exchange, const Request& request) {
    std::vector<Asked> asked;
    std::size_t items = 0;
    if (exchange->version() < kManyGroupsFrom) {
        asked.push_back({.group = request.group_id,
                         .all = wire::is_null(request.topics),
                         .topics = request.topics});
    } else {
        for (const Request::Group& group : request.groups) {
            asked.push_back({.group = group.group_id,
                             .all = wire::is_null(group.topics),
                             .member = group.member_id,
                             .epoch = group.member_epoch,
                             .topics = group.topics});
        }
    }
    for (const Asked& one : asked) {
        items += 1 + items_of(one.topics);
    }
    if (!exchange->take_work(items, kBytesPerItem)) {
        co_return;
    }
    const auto job = std::make_shared<OffsetFetchJob>(services_, std::move(exchange),
                                                      services_.clock.now() + timeout_);
    for (const Asked& one : asked) {
        co_await job->ask(one);
        if (job->is_rejected()) {
            co_return;
        }
    }
    services_.delayed.go_on(OffsetFetchJob::finish(job));
}

}  // namespace hw::broker
