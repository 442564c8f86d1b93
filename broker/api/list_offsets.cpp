#include "broker/api/list_offsets.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "broker/api/isolation_level.h"
#include "broker/api/offset_lookup.h"
#include "broker/api/partition_lookup.h"
#include "broker/net/long_loop.h"

namespace hw::broker {
namespace {

using replication::IsolationLevel;
using replication::OffsetScope;
using wire::ErrorCode;
using Request = schema::ListOffsetsRequest;
using Response = schema::ListOffsetsResponse;

constexpr ApiVersion kLeaderEpochFrom{4};
constexpr ApiVersion kOffsetNotAvailableFrom{5};

/// The first version that has each special timestamp: -1, -2, ...
constexpr std::array<ApiVersion, 6> kSpecialTimestampFrom{
    ApiVersion(1), ApiVersion(1), ApiVersion(7), ApiVersion(8), ApiVersion(9), ApiVersion(11)};

bool is_known(Timestamp timestamp, ApiVersion version) {
    if (timestamp.value() >= 0) {
        return true;
    }
    const auto lowest = -static_cast<std::int64_t>(kSpecialTimestampFrom.size());
    return timestamp.value() >= lowest &&
           version >= kSpecialTimestampFrom[static_cast<std::size_t>(-timestamp.value() - 1)];
}

/// The partitions that a request names more than once; Kafka refuses these.
class Repeated {
public:
    [[nodiscard]] static Task<Repeated> find(Shard& shard, const Request& request) {
        std::vector<Name> names;
        for (const Request::Topic& topic : request.topics) {
            for (const Request::Partition& partition : topic.partitions) {
                names.emplace_back(topic.name, partition.partition_index);
            }
        }
        co_await sort_in_turns(shard, std::span(names));
        Repeated repeated;
        for (std::size_t next = 1; next < names.size(); ++next) {
            if (names[next] == names[next - 1]) {
                repeated.names_.push_back(names[next]);
            }
        }
        co_return repeated;
    }
    [[nodiscard]] bool has(std::string_view topic, PartitionIndex index) const {
        return std::ranges::binary_search(names_, Name(topic, index));
    }

private:
    using Name = std::pair<std::string_view, PartitionIndex>;

    std::vector<Name> names_;
};

/// One ListOffsets request in progress. Lives in the frame of its coroutine.
class ListOffsetsJob {
public:
    ListOffsetsJob(const ApiServices& services, const Exchange& exchange, const Request& request,
                   IsolationLevel isolation)
        : services_(services),
          who_(exchange.context()),
          version_(exchange.version()),
          request_(request),
          isolation_(isolation),
          lookup_(services) {}

    /// Looks up the requested partitions.
    [[nodiscard]] Task<> resolve_all();
    [[nodiscard]] std::size_t queries() const { return queries_.size(); }
    [[nodiscard]] Task<> run_query(std::size_t index);
    void answer(Exchange& exchange) const;

private:
    struct Query {
        OffsetLookup::Question question;
        std::size_t answer = 0;  ///< index into answers_
    };

    void resolve(const FoundTopic& topic, const Request::Partition& asked, bool repeated);
    [[nodiscard]] std::expected<const HostedPartition*, ErrorCode> check(
        const FoundTopic& topic, const Request::Partition& asked, bool repeated) const;
    void refuse(std::size_t answer, ErrorCode code);

    const ApiServices& services_;
    const RequestContext& who_;
    ApiVersion version_;
    const Request& request_;
    IsolationLevel isolation_;
    std::vector<Response::Partition> answers_;  ///< of all topics, in the order of the request
    std::vector<Query> queries_;
    OffsetLookup lookup_;
};

Task<> ListOffsetsJob::resolve_all() {
    const Repeated repeated = co_await Repeated::find(services_.shard, request_);
    const TopicAccess access{who_, Operation::describe};
    LongLoop loop;
    for (const Request::Topic& topic : request_.topics) {
        FoundTopic found = find_topic(services_, access, topic.name);
        for (const Request::Partition& asked : topic.partitions) {
            resolve(found, asked, repeated.has(topic.name, asked.partition_index));
            if (loop.is_over()) {
                co_await let_others_run(services_.shard);
                // The metadata may have changed.
                found = find_topic(services_, access, topic.name);
            }
        }
        if (loop.is_over()) {
            co_await let_others_run(services_.shard);
        }
    }
}

std::expected<const HostedPartition*, ErrorCode> ListOffsetsJob::check(
    const FoundTopic& topic, const Request::Partition& asked, bool repeated) const {
    if (repeated) {
        return std::unexpected(ErrorCode::invalid_request);
    }
    if (!is_known(asked.timestamp, version_)) {
        return std::unexpected(ErrorCode::unsupported_version);
    }
    const auto found = find_partition(services_, topic, asked.partition_index);
    if (!found) {
        return std::unexpected(found.error().code);
    }
    return *found;
}

void ListOffsetsJob::resolve(const FoundTopic& topic, const Request::Partition& asked,
                             bool repeated) {
    const std::size_t answer = answers_.size();
    answers_.push_back({.partition_index = asked.partition_index});
    const auto hosted = check(topic, asked, repeated);
    if (!hosted) {
        refuse(answer, hosted.error());
        return;
    }
    Query query{{(*hosted)->replica, asked.current_leader_epoch,
                 *replication::offset_query(asked.timestamp.value(), isolation_)},
                answer};
    query.question.offset.scope =
        request_.replica_id == kNoBroker ? OffsetScope::readable : OffsetScope::whole_log;
    queries_.push_back(std::move(query));
}

void ListOffsetsJob::refuse(std::size_t answer, ErrorCode code) {
    // Old clients do not know the code, and would not try again.
    const bool unknown =
        code == ErrorCode::offset_not_available && version_ < kOffsetNotAvailableFrom;
    answers_[answer].error_code = unknown ? ErrorCode::leader_not_available : code;
}

Task<> ListOffsetsJob::run_query(std::size_t index) {
    const auto found = co_await lookup_.run(queries_[index].question);
    const std::size_t place = queries_[index].answer;
    if (!found) {
        refuse(place, found.error().code);
        co_return;
    }
    answers_[place].offset = found->offset;
    answers_[place].timestamp = found->timestamp;
    if (version_ >= kLeaderEpochFrom) {
        answers_[place].leader_epoch = found->leader_epoch;
    }
}

void ListOffsetsJob::answer(Exchange& exchange) const {
    std::vector<Response::Topic> topics;
    topics.reserve(request_.topics.size());
    std::span<const Response::Partition> rest(answers_);
    for (const Request::Topic& topic : request_.topics) {
        topics.push_back({topic.name, rest.first(topic.partitions.size())});
        rest = rest.subspan(topic.partitions.size());
    }
    Response response;
    response.topics = topics;
    exchange.reply(response);
}

}  // namespace

Task<> ListOffsetsHandler::serve(ExchangePtr exchange, const Request& request) {
    const auto isolation = isolation_level(request.isolation_level);
    if (!isolation) {
        exchange->reject(isolation.error());
        co_return;
    }
    // Memory for the lookups, for the answer, and to find repeated partitions.
    constexpr std::size_t kBytesPerItem = 256;
    const std::size_t items = request.topics.size() + partitions_of(request);
    if (items > 2 && !exchange->take_work(items, kBytesPerItem)) {
        co_return;
    }
    ListOffsetsJob job(services_, *exchange, request, *isolation);
    co_await job.resolve_all();
    LongLoop loop;
    for (std::size_t next = 0; next < job.queries(); ++next) {
        co_await job.run_query(next);
        if (loop.is_over()) {
            co_await let_others_run(services_.shard);
        }
        if (!exchange->is_wanted()) {
            co_return;
        }
    }
    job.answer(*exchange);
}

}  // namespace hw::broker
