#include "broker/api/produce_job.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "broker/api/leader_hints.h"
#include "broker/net/long_loop.h"
#include "protocol/record/batch_patch.h"

namespace hw::broker {

using record::ProduceError;
using replication::Acks;
using replication::DelayedProduce;
using wire::ErrorCode;

namespace {

constexpr ApiVersion kZstdFrom{7};
constexpr ApiVersion kLeaderHintsFrom{10};
constexpr ApiVersion kTopicIdsFrom{13};
/// The client id that may append to internal topics, as in Kafka.
constexpr std::string_view kAdminClient = "__admin_client";

bool has_meaning(std::int16_t acks) {
    return acks == -1 || acks == 0 || acks == 1;
}

/// Memory that the text of a refusal takes until it is sent: the text here and its encoded copy.
std::size_t text_of(const ProduceError& error) {
    constexpr std::size_t kTimes = 2;
    std::size_t bytes = error.message.size();
    for (const record::RecordError& record : error.records) {
        bytes += record.message.size() + sizeof record;
    }
    return kTimes * bytes;
}

/// A decoded request has its records in one slice.
ByteView bytes_of(const wire::Records& records) {
    return records.empty() ? ByteView() : records[0];
}

}  // namespace

ProduceJob::ProduceJob(ApiServices& services, const ExchangePtr& exchange, const Request& request)
    : services_(services),
      exchange_(exchange),
      who_(exchange->context()),
      request_(request),
      version_(exchange->version()),
      now_(services.clock.wall_now()) {
    const std::size_t partitions = partitions_of(request);
    answers_.reserve(partitions);
    appends_.reserve(partitions);
    refusal_of_all_ = refusal_of_all();
}

std::size_t ProduceJob::partitions_of(const Request& request) {
    std::size_t partitions = 0;
    for (const Request::Topic& topic : request.topic_data) {
        partitions += topic.partition_data.size();
    }
    return partitions;
}

FoundTopic ProduceJob::find(const Request::Topic& topic) const {
    const TopicAccess access{who_, Operation::write};
    return version_ >= kTopicIdsFrom ? find_topic(services_, access, topic.topic_id)
                                     : find_topic(services_, access, topic.name);
}

std::optional<ProduceError> ProduceJob::refusal_of_all() const {
    if (!has_meaning(request_.acks)) {
        return ProduceError{
            ErrorCode::invalid_required_acks,
            fmt::format("acks is {}; it must be 0, 1, or -1 for all in-sync replicas",
                        request_.acks),
            {}};
    }
    if (!wire::is_null(request_.transactional_id)) {
        return ProduceError{
            ErrorCode::invalid_txn_state,
            "this broker does not support transactions: transactional.id must not be set",
            {}};
    }
    return std::nullopt;
}

bool ProduceJob::check(record::RecordScanner& scanner, LongLoop& loop, bool must_progress) {
    bool may_yield = !must_progress;
    for (; next_topic_ < request_.topic_data.size(); ++next_topic_) {
        if (may_yield && loop.must_yield()) {
            return false;
        }
        const Request::Topic& topic = request_.topic_data[next_topic_];
        const FoundTopic found = find(topic);
        for (; next_partition_ < topic.partition_data.size(); ++next_partition_) {
            if (may_yield && loop.must_yield()) {
                return false;
            }
            const std::uint64_t before = checked_bytes_;
            check_next(found, topic.partition_data[next_partition_], scanner);
            loop.add_after(checked_bytes_ - before);
            may_yield = true;
        }
        next_partition_ = 0;
        loop.add();
        may_yield = true;
    }
    return true;
}

void ProduceJob::check_next(const FoundTopic& topic, const Request::Partition& partition,
                            record::RecordScanner& scanner) {
    const std::size_t answer = answers_.size();
    answers_.push_back({.index = partition.index, .base_offset = kNoOffset});
    if (refusal_of_all_) {
        refuse(answer, *refusal_of_all_);
        return;
    }
    auto append = check_partition(topic, partition, scanner);
    if (!append) {
        refuse(answer, std::move(append.error()));
        return;
    }
    append->answer = answer;
    appends_.push_back(std::move(*append));
}

std::expected<ProduceJob::CheckedBatch, ProduceError> ProduceJob::check_partition(
    const FoundTopic& topic, const Request::Partition& partition, record::RecordScanner& scanner) {
    const auto hosted = find_partition(services_, topic, partition.index);
    if (!hosted) {
        return std::unexpected(ProduceError{hosted.error().code, hosted.error().message, {}});
    }
    if (topic.image->internal && exchange_.lock()->context().client_id != kAdminClient) {
        return std::unexpected(
            ProduceError{ErrorCode::invalid_topic_exception,
                         fmt::format("{} is an internal topic: clients may not produce to it",
                                     topic.image->name),
                         {}});
    }
    return check_batch(**hosted, bytes_of(partition.records), scanner);
}

std::expected<ProduceJob::CheckedBatch, ProduceError> ProduceJob::check_batch(
    const HostedPartition& hosted, ByteView records, record::RecordScanner& scanner) {
    record::ProduceRules rules = hosted.options->produce;
    rules.now = now_;
    rules.zstd_allowed = version_ >= kZstdFrom;
    auto checked = record::validate_produce(records, rules, scanner);
    // It is unknown how much of a refused batch was decompressed, so it ends the turn.
    checked_bytes_ += checked ? std::max<std::uint64_t>(records.size(), checked->records_size)
                              : LongLoop::kBytesPerTurn;
    HW_TRY(valid, std::move(checked));
    if (valid.batch.is_transactional()) {
        return std::unexpected(ProduceError{
            ErrorCode::invalid_txn_state,
            "this broker does not support transactions: the batch must not be transactional",
            {}});
    }
    CheckedBatch append{hosted.replica, exchange_.lock()->writable(records), std::nullopt, 0};
    if (rules.timestamp_type == record::TimestampType::log_append_time) {
        append.append_time = now_;
    } else if (valid.timestamps_differ) {
        record::set_timestamps(append.batch, rules.timestamp_type, valid.max_timestamp);
    }
    return append;
}

void ProduceJob::refuse(std::size_t answer, ProduceError error) {
    answers_[answer].error_code = error.code;
    if (const auto exchange = exchange_.lock(); !exchange->memory().try_work(text_of(error))) {
        error.message = {};
        error.records = {};
    }
    refusals_.push_back({answer, std::move(error), {}});
}

void ProduceJob::refuse_appends(const ProduceError& error) {
    for (const CheckedBatch& append : appends_) {
        refuse(append.answer, error);
    }
    appends_.clear();
}

void ProduceJob::begin_wait() {
    if (appends_.empty()) {
        finish();
        return;
    }
    wait_ = DelayedProduce::begin(services_.shard, appends_.size(), exchange_.lock(),
                                  [this] { on_wait_end(); });
    // The client's timeout bounds only the wait for other replicas. A write has no timeout.
    if (Acks{static_cast<std::int8_t>(request_.acks)} != Acks::all) {
        services_.delayed.add_untimed(*wait_);
        return;
    }
    if (!services_.delayed.add_produce(*wait_, services_.delayed.deadline(request_.timeout_ms))) {
        refuse_appends({ErrorCode::not_enough_replicas,
                        fmt::format("{} Produce requests with acks=all are waiting, which is the "
                                    "limit of a shard: nothing was appended",
                                    replication::WaitTimers::kMaxWaits),
                        {}});
        finish();
    }
}

bool ProduceJob::begin_append(std::size_t index) {
    if (finished_) {
        return true;
    }
    CheckedBatch& append = appends_[index];
    replication::AppendRequest entered{append.batch, append.append_time,
                                       Acks{static_cast<std::int8_t>(request_.acks)},
                                       wait_->slot(index), now_};
    return append.replica->enter(
        services_.shard,
        [entered = std::move(entered)](replication::PartitionReplica& replica, Shard&) mutable {
            replica.append(std::move(entered));
        });
}

void ProduceJob::on_wait_end() {
    take_outcomes();
    finish();
}

void ProduceJob::take_outcomes() {
    for (std::size_t index = 0; index < appends_.size(); ++index) {
        replication::ProduceOutcome outcome = wait_->outcome(index);
        const std::size_t answer = appends_[index].answer;
        if (outcome.code != ErrorCode::none) {
            refuse(answer, {outcome.code, std::move(outcome.message), {}});
            continue;
        }
        answers_[answer].base_offset = outcome.base_offset;
        answers_[answer].log_append_time_ms = outcome.append_time;
        answers_[answer].log_start_offset = outcome.log_start_offset;
    }
}

void ProduceJob::finish() {
    // The exchange owns this job, the job owns the wait, and the wait owns the exchange. Taking the
    // wait breaks this cycle.
    const auto exchange = exchange_.lock();
    const auto wait = std::move(wait_);
    finished_ = true;
    if (request_.acks == 0) {
        finish_without_answer();
    } else if (refusals_.size() > kItemsPerTurn) {
        services_.delayed.go_on(answer_in_turns(exchange, *this));
    } else {
        std::ranges::for_each(refusals_, [this](RefusedPartition& refusal) { explain(refusal); });
        answer();
    }
}

Task<> ProduceJob::answer_in_turns(ExchangePtr /*exchange*/, ProduceJob& job) {
    LongLoop loop;
    for (RefusedPartition& refusal : job.refusals_) {
        job.explain(refusal);
        if (loop.is_over()) {
            co_await let_others_run(job.services_.shard);
        }
    }
    job.answer();
}

void ProduceJob::finish_without_answer() {
    if (refusals_.empty()) {
        exchange_.lock()->finish_silently();
        return;
    }
    const RefusedPartition& first = refusals_.front();
    exchange_.lock()->reject(
        {ErrorKind::invalid,
         fmt::format("a Produce with acks=0 was refused; it has no answer, so closing the "
                     "connection tells the client: {} of {} partitions, the first with {}: {}",
                     refusals_.size(), answers_.size(), first.error.code, first.error.message)});
}

void ProduceJob::explain(RefusedPartition& refusal) {
    for (const record::RecordError& error : refusal.error.records) {
        refusal.records.push_back({error.index, error.message});
    }
    answers_[refusal.answer].record_errors = refusal.records;
    answers_[refusal.answer].error_message = refusal.error.message;
}

void ProduceJob::answer() {
    const auto exchange = exchange_.lock();
    FewOf<Response::Topic> topics;
    topics.reserve(request_.topic_data.size());
    LeaderHints<Response> hints(services_, *exchange->context().listener);
    std::span<Response::Partition> rest(answers_);
    for (const Request::Topic& topic : request_.topic_data) {
        const auto answers = rest.first(topic.partition_data.size());
        rest = rest.subspan(answers.size());
        topics.push_back(
            {topic.name, topic.topic_id, std::span<const Response::Partition>(answers)});
        // A client with that many errors refreshes all of its metadata anyway.
        const bool hints_help = !refusals_.empty() && refusals_.size() <= kItemsPerTurn;
        if (!hints_help || version_ < kLeaderHintsFrom) {
            continue;
        }
        const FoundTopic found = find(topic);
        for (Response::Partition& answer : answers) {
            hints.add(found, answer.index, answer);
        }
    }
    Response response;
    response.responses = topics;
    response.node_endpoints = hints.endpoints();
    exchange->reply(response);
}

}  // namespace hw::broker
