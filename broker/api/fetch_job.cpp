#include "broker/api/fetch_job.h"

#include <algorithm>
#include <utility>

#include "broker/api/leader_hints.h"

namespace hw::broker {

using replication::FetchAnswer;
using replication::FetchRead;
using replication::FetchWait;
using replication::PartitionError;
using replication::PartitionReplica;
using wire::ErrorCode;

namespace {

constexpr ApiVersion kStorageErrorFrom{6};
constexpr ApiVersion kTopicIdsFrom{13};
constexpr ApiVersion kLeaderHintsFrom{16};

/// From version 15 on the id is in a struct of its own.
bool is_of_a_replica(const schema::FetchRequest& request) {
    return std::max(request.replica_id, request.replica_state.replica_id) > kNoBroker;
}

/// Kafka's answer to a replica that is not in the leader's list: with a leader epoch the follower
/// may be ahead of us, without one nobody can say who is behind.
PartitionError unknown_replica(const schema::FetchRequest::Partition& asked) {
    return {asked.current_leader_epoch != kNoLeaderEpoch ? ErrorCode::unknown_leader_epoch
                                                         : ErrorCode::not_leader_or_follower,
            "the leader does not know this replica"};
}

}  // namespace

FetchJob::FetchJob(ApiServices& services, const ExchangePtr& exchange, const Request& request,
                   replication::IsolationLevel isolation)
    : services_(services),
      exchange_(exchange),
      who_(exchange->context()),
      request_(request),
      version_(exchange->version()),
      isolation_(isolation),
      limit_(std::clamp<std::int64_t>(request.max_bytes, 0, kMaxBytes)),
      deadline_(services.waiting.deadline(request.max_wait_ms)),
      visit_(services.shard) {
    std::size_t partitions = 0;
    for (const Request::Topic& topic : request.topics) {
        partitions += topic.partitions.size();
    }
    answers_.reserve(partitions);
    reads_.reserve(partitions);
    for (const Request::Topic& topic : request.topics) {
        const FoundTopic found = find(topic);
        for (const Request::Partition& asked : topic.partitions) {
            resolve(found, asked);
        }
    }
}

FoundTopic FetchJob::find(const Request::Topic& topic) const {
    const TopicAccess access{who_, Operation::read};
    return version_ >= kTopicIdsFrom ? find_topic(services_, access, topic.topic_id)
                                     : find_topic(services_, access, topic.topic);
}

std::expected<const HostedPartition*, PartitionError> FetchJob::find_partition(
    const FoundTopic& topic, const Request::Partition& asked) const {
    auto found = find_readable_partition(services_, topic, asked.partition);
    if (found && is_of_a_replica(request_)) {
        return std::unexpected(unknown_replica(asked));
    }
    return found;
}

void FetchJob::resolve(const FoundTopic& topic, const Request::Partition& asked) {
    const std::size_t answer = answers_.size();
    answers_.push_back({.partition_index = asked.partition});
    if (isolation_ == replication::IsolationLevel::read_uncommitted) {
        answers_.back().aborted_transactions = wire::Array<Response::AbortedTransaction>::null();
    }
    const auto hosted = find_partition(topic, asked);
    if (!hosted) {
        refuse(answer, hosted.error().code);
        return;
    }
    Read read;
    read.replica = (*hosted)->replica;
    read.asked = &asked;
    read.answer = answer;
    reads_.push_back(std::move(read));
}

void FetchJob::refuse(std::size_t answer, ErrorCode code) {
    // Old clients do not know the code, and would not try again.
    const bool unknown = code == ErrorCode::kafka_storage_error && version_ < kStorageErrorFrom;
    answers_[answer].error_code = unknown ? ErrorCode::not_leader_or_follower : code;
    answers_[answer].high_watermark = kNoOffset;
    answers_[answer].last_stable_offset = kNoOffset;
    answers_[answer].log_start_offset = kNoOffset;
    has_to_tell_ = true;
}

Task<> FetchJob::serve(ExchangePtr exchange, FetchJob& job) {
    co_await job.read_all();
    if (job.begin_wait()) {
        co_await job.watch_all();
    } else {
        job.answer();
    }
}

Task<> FetchJob::read_again(ExchangePtr /*exchange*/, FetchJob& job) {
    co_await job.read_all();
    job.answer();
}

Task<> FetchJob::read_all() {
    for (Read& read : reads_) {
        while (!begin_read(read)) {
            co_await wait_for_room(services_.shard, services_.clock);
        }
        if (visit_.inside()) {
            co_await visit_.wait();
        }
        end_read(read);
    }
}

Task<> FetchJob::watch_all() {
    for (const Read& read : reads_) {
        while (!begin_watch(read)) {
            co_await wait_for_room(services_.shard, services_.clock);
        }
    }
}

void FetchJob::forget_reads() {
    found_ = 0;
    for (Read& read : reads_) {
        read.bytes = Buffer();
        read.records = ByteView();
    }
}

FetchRead FetchJob::next_read(const Read& read) const {
    const std::int64_t left = std::max<std::int64_t>(limit_ - found_, 0);
    const auto most = std::clamp<std::int64_t>(read.asked->partition_max_bytes, 0, left);
    return {.from = read.asked->fetch_offset,
            .max_bytes = static_cast<std::size_t>(most),
            .last_fetched_epoch = read.asked->last_fetched_epoch,
            .isolation = isolation_,
            .progressing = found_ == 0 ? storage::Progressing::at_least_one_batch
                                       : storage::Progressing::within_limit};
}

bool FetchJob::begin_read(Read& read) {
    const FetchRead wanted = next_read(read);
    return visit_.begin(*read.replica, [this, &read, wanted](PartitionReplica& replica) {
        result_ = replica.read(read.asked->current_leader_epoch, wanted, read.replica->cursor());
    });
}

void FetchJob::end_read(Read& read) {
    if (!result_) {
        refuse(read.answer, result_.error().code);
    } else if (!services_.in_session) {
        // It was lost while the request waited.
        refuse(read.answer, ErrorCode::not_leader_or_follower);
    } else {
        take(read, std::move(*result_));
    }
}

void FetchJob::take(Read& read, FetchAnswer found) {
    read.seen_bytes = found.readable_bytes;
    read.bytes = std::move(found.bytes);
    read.records = read.bytes.view();
    const auto size = static_cast<std::int64_t>(read.records.size());
    const std::int64_t room = read.asked->partition_max_bytes - size;
    read.room = static_cast<std::uint64_t>(std::max<std::int64_t>(room, 0));
    found_ += size;
    Response::Partition& answer = answers_[read.answer];
    answer.high_watermark = found.high_watermark;
    answer.last_stable_offset = found.last_stable_offset;
    answer.log_start_offset = found.log_start_offset;
    if (found.diverging) {
        answer.diverging_epoch = {found.diverging->epoch, found.diverging->end_offset};
        has_to_tell_ = true;
    }
}

bool FetchJob::begin_wait() {
    const std::int64_t wanted = std::min<std::int64_t>(request_.min_bytes, limit_);
    const bool may_wait = deadline_ > services_.clock.now() && !reads_.empty();
    if (!may_wait || has_to_tell_ || found_ >= wanted) {
        return false;
    }
    wait_ = FetchWait::begin(services_.shard, static_cast<std::uint64_t>(wanted - found_), [this] {
        services_.waiting.go_on(read_again(exchange_.lock(), *this));
    });
    if (!services_.waiting.add_fetch(*wait_, deadline_)) {
        return false;
    }
    forget_reads();
    return true;
}

bool FetchJob::begin_watch(const Read& read) {
    if (wait_->ended()) {
        return true;
    }
    const replication::FetchWatch watch{wait_->reference(), read.seen_bytes, read.room};
    return read.replica->enter(
        services_.shard, [watch](PartitionReplica& replica, Shard&) { replica.watch(watch); });
}

void FetchJob::answer() {
    const auto exchange = exchange_.lock();
    std::size_t held = 0;
    for (const Read& read : reads_) {
        answers_[read.answer].records = wire::Records(&read.records, read.records.empty() ? 0 : 1);
        held += read.bytes.capacity();
    }
    exchange->charge(held);
    std::vector<Response::Topic> topics;
    topics.reserve(request_.topics.size());
    LeaderHints<Response> hints(services_, *exchange->context().listener);
    std::span<Response::Partition> rest(answers_);
    for (const Request::Topic& topic : request_.topics) {
        const auto answers = rest.first(topic.partitions.size());
        rest = rest.subspan(answers.size());
        topics.push_back(
            {topic.topic, topic.topic_id, std::span<const Response::Partition>(answers)});
        if (!has_to_tell_ || version_ < kLeaderHintsFrom) {
            continue;
        }
        const FoundTopic found = find(topic);
        for (Response::Partition& answer : answers) {
            hints.add(found, answer.partition_index, answer);
        }
    }
    Response response;
    response.responses = topics;
    response.node_endpoints = hints.endpoints();
    exchange->reply(response);
}

}  // namespace hw::broker
