#include "broker/api/fetch_job.h"

#include <algorithm>
#include <utility>

#include "broker/api/leader_hints.h"
#include "broker/api/listener_view.h"
#include "broker/net/long_loop.h"

namespace hw::broker {

using replication::DelayedFetch;
using replication::FetchPlan;
using replication::FetchRead;
using replication::OffsetScope;
using replication::PartitionReplica;
using replication::WaitQueue;
using storage::ReadMode;
using wire::ErrorCode;

namespace {

constexpr ApiVersion kStorageErrorFrom{6};
constexpr ApiVersion kAnyReplicaFrom{11};
constexpr ApiVersion kLeaderHintsFrom{16};

}  // namespace

FetchJob::FetchJob(ApiServices& services, const ExchangePtr& exchange, const Request& request,
                   replication::IsolationLevel isolation)
    : services_(services),
      exchange_(exchange),
      who_(exchange->context()),
      memory_(exchange->memory()),
      request_(request),
      version_(exchange->version()),
      isolation_(isolation),
      // From version 15 on, the id is in a struct of its own.
      follower_(std::max(request.replica_id, request.replica_state.replica_id)),
      follower_epoch_(request.replica_state.replica_epoch),
      limit_(std::clamp<std::int64_t>(request.max_bytes, 0, kMaxBytes)),
      partitions_(partitions_of(request)),
      deadline_(services.delayed.deadline(request.max_wait_ms)),
      visit_(services.shard) {}

void FetchJob::offer_followers() {
    if (reads_anywhere() && !request_.rack_id.empty()) {
        rack_ = brokers_in_rack(*services_.image, *who_.listener, request_.rack_id);
    }
}

bool FetchJob::reads_anywhere() const {
    return !is_of_follower() && version_ >= kAnyReplicaFrom;
}

void FetchJob::refuse(std::size_t answer, ErrorCode code) {
    // Old clients do not know the code, and would not try again.
    const bool unknown = code == ErrorCode::kafka_storage_error && version_ < kStorageErrorFrom;
    answers_[answer].error_code = unknown ? ErrorCode::not_leader_or_follower : code;
    answers_[answer].high_watermark = kNoOffset;
    answers_[answer].last_stable_offset = kNoOffset;
    answers_[answer].log_start_offset = kNoOffset;
    must_answer_now_ = true;
}

Task<> FetchJob::serve(ExchangePtr exchange, FetchJob& job) {
    const bool is_ready =
        co_await (job.session_ == nullptr ? job.prepare(exchange) : job.prepare_session(exchange));
    if (!is_ready) {
        co_return;
    }
    co_await job.resolve_all();
    co_await job.read_all();
    if (!exchange->is_wanted()) {
        co_return;
    }
    if (job.begin_wait()) {
        co_await job.watch_all();
    } else {
        job.answer();
    }
}

Task<> FetchJob::read_again(ExchangePtr exchange, FetchJob& job) {
    if (exchange->is_wanted()) {
        co_await job.read_all();
        job.answer();
    }
}

Task<> FetchJob::read_all() {
    choose_limit();
    LongLoop loop;
    for (Read& read : reads_) {
        if (!take_memory(read)) {
            co_await wait_for_memory(read);
        }
        take_place(read);
        while (!begin_plan(read)) {
            co_await wait_for_room(services_.shard, services_.clock);
        }
        if (visit_.inside()) {
            co_await visit_.wait();
        }
        if (!read_cached()) {
            co_await read_slowly(read);
        }
        const std::size_t wanted = taken_;
        end_read(read);
        if (loop.is_over_after(bytes_read(read, wanted)) && &read != &reads_.back()) {
            co_await let_others_run(services_.shard);
            if (const auto exchange = exchange_.lock(); !exchange->is_wanted()) {
                co_return;
            }
        }
    }
}

std::size_t FetchJob::bytes_read(const Read& read, std::size_t wanted) const {
    const bool has_records = read.asked->fetch_offset < answers_[read.answer].high_watermark;
    return read.bytes.size() == 0 && has_records ? wanted : read.bytes.size();
}

void FetchJob::choose_limit() {
    const std::size_t room = std::min<std::size_t>(memory_.answer_room(), kMaxBytes);
    allowed_ = std::min(limit_, static_cast<std::int64_t>(room));
}

bool FetchJob::take_memory(const Read& read) {
    const FetchRead wanted = next_read(read);
    std::size_t bytes = wanted.max_bytes;
    if (wanted.first_batch == storage::FirstBatch::always_whole) {
        bytes = std::max(bytes, std::min<std::size_t>(read.batch_bytes, memory_.largest_part()));
    }
    const bool taken = memory_.try_answer(bytes);
    taken_ = taken ? bytes : 0;
    return taken;
}

Task<> FetchJob::wait_for_memory(const Read& read) {
    // Answers of other connections hold the memory. It becomes free when they are read, or when
    // their connections are closed because nobody reads them. A request that has found records does
    // not wait. One that finds none is answered without records, and its client asks again.
    constexpr Duration kPause = std::chrono::milliseconds(10);
    Signal nobody;
    const auto exchange = exchange_.lock();
    while (found_ == 0 && exchange->is_wanted() && services_.clock.now() < deadline_) {
        co_await services_.shard.wait(nobody, services_.clock.now() + kPause);
        choose_limit();
        if (take_memory(read)) {
            co_return;
        }
    }
    has_no_memory_ = true;
}

Task<> FetchJob::watch_all() {
    LongLoop loop;
    for (const Read& read : reads_) {
        while (!begin_watch(read)) {
            co_await wait_for_room(services_.shard, services_.clock);
        }
        if (loop.is_over()) {
            co_await let_others_run(services_.shard);
        }
    }
}

void FetchJob::forget_reads() {
    found_ = 0;
    has_no_memory_ = false;
    has_watermark_ = false;
    for (Read& read : reads_) {
        memory_.return_answer(read.bytes.capacity());
        read.bytes = Buffer();
        read.records = ByteView();
    }
}

FetchRead FetchJob::next_read(const Read& read) const {
    const std::int64_t left = std::max<std::int64_t>(allowed_ - found_, 0);
    const auto max_bytes = std::clamp<std::int64_t>(read.asked->partition_max_bytes, 0, left);
    return {.from = read.asked->fetch_offset,
            .max_bytes = static_cast<std::size_t>(max_bytes),
            .last_fetched_epoch = read.asked->last_fetched_epoch,
            .isolation = isolation_,
            .first_batch =
                found_ == 0 ? storage::FirstBatch::always_whole : storage::FirstBatch::within_limit,
            .scope = is_of_follower() ? OffsetScope::whole_log : OffsetScope::readable,
            .at_any_replica = reads_anywhere(),
            .rack = rack_};
}

FetchJob::ConnectionReads* FetchJob::connection_reads() const {
    const auto exchange = exchange_.lock();
    std::unique_ptr<ConnectionState>* state = exchange->connection_state();
    if (state == nullptr) {
        return nullptr;
    }
    if (*state == nullptr) {
        *state = std::make_unique<ConnectionReads>(services_.read_places);
    }
    return &static_cast<ConnectionReads&>(**state);
}

void FetchJob::take_place(const Read& read) {
    ConnectionReads* const reads = connection_reads();
    cursor_ = reads == nullptr ? storage::ReadCursor() : reads->reader.take(read.replica);
}

bool FetchJob::begin_plan(Read& read) {
    FetchRead wanted = next_read(read);
    if (has_no_memory_) {
        wanted.max_bytes = 0;
        wanted.first_batch = storage::FirstBatch::within_limit;
    }
    if (is_of_follower()) {
        look_at_follower();
    }
    return visit_.begin(*read.replica, [this, &read, wanted](PartitionReplica& replica) {
        plan(replica, *read.asked, wanted);
    });
}

bool FetchJob::read_cached() {
    if (!plan_ || plan_->read.empty()) {
        found_records_ = storage::ReadAnswer{Buffer(), kNoOffset, std::move(cursor_)};
        return true;
    }
    found_records_ = plan_->read.run(ReadMode::cached);
    return found_records_.has_value();
}

Task<> FetchJob::read_slowly(Read& read) {
    if (found_records_.error().kind == ErrorKind::would_block) {
        auto run = [plan = std::move(plan_->read)]() mutable {
            return plan.run(ReadMode::blocking);
        };
        auto found = co_await read.replica->read_blocking<storage::ReadAnswer>(services_.shard,
                                                                               std::move(run));
        found_records_ = std::move(found);
    }
    if (found_records_) {
        co_return;
    }
    const auto report = [this, from = read.asked->fetch_offset](PartitionReplica& replica) {
        plan_ = std::unexpected(replica.report_failed_read(found_records_.error(), from));
    };
    while (!visit_.begin(*read.replica, report)) {
        co_await wait_for_room(services_.shard, services_.clock);
    }
    co_await visit_.wait();
}

void FetchJob::end_read(Read& read) {
    Buffer bytes = plan_ ? std::move(found_records_->bytes) : Buffer();
    const std::size_t used = bytes.capacity();
    memory_.return_answer(taken_ - std::min(taken_, used));
    memory_.add_answer(used - std::min(taken_, used));
    taken_ = 0;
    cursor_ = {};
    if (!plan_) {
        refuse(read.answer, plan_.error().code);
        // A follower then fetches from there.
        answers_[read.answer].log_start_offset = log_start_offset_;
        return;
    }
    if (ConnectionReads* const reads = connection_reads()) {
        reads->reader.keep(read.replica, std::move(found_records_->cursor));
    }
    take(read, std::move(bytes));
}

void FetchJob::take(Read& read, Buffer bytes) {
    const FetchPlan& found = *plan_;
    read.seen_bytes = found.seen_bytes;
    read.leader_epoch = found.leader_epoch;
    read.bytes = std::move(bytes);
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
        must_answer_now_ = true;
    }
    if (found.preferred_replica != kNoBroker) {
        answer.preferred_read_replica = found.preferred_replica;
        must_answer_now_ = true;
    }
    has_watermark_ =
        has_watermark_ || (is_of_follower() && answer.high_watermark > read.asked->high_watermark);
}

bool FetchJob::begin_wait() {
    const std::int64_t limit = std::min(limit_, std::max<std::int64_t>(allowed_, 1));
    const std::int64_t wanted = std::min<std::int64_t>(request_.min_bytes, limit);
    const TimePoint now = services_.clock.now();
    // A delayed request keeps its memory. When that is scarce, a large one is not delayed. A small
    // one is, for a short time, because its client would ask again at once.
    constexpr std::size_t kLarge = std::size_t{64} << 10;
    constexpr Duration kShortWait = std::chrono::milliseconds(50);
    const bool is_scarce = memory_.is_scarce();
    const bool may_wait =
        deadline_ > now && !reads_.empty() && (!is_scarce || memory_.requests() <= kLarge);
    if (!may_wait || has_no_memory_ || must_answer_now_ || found_ >= wanted) {
        return false;
    }
    wait_ = DelayedFetch::begin(
        services_.shard, static_cast<std::uint64_t>(wanted - found_),
        [this] { services_.delayed.go_on(read_again(exchange_.lock(), *this)); });
    TimePoint deadline = is_scarce ? std::min(deadline_, now + kShortWait) : deadline_;
    if (has_watermark_) {
        deadline = std::min(deadline, now + WaitQueue::kWatermarkPause);
    }
    if (!services_.delayed.add_fetch(*wait_, deadline)) {
        return false;
    }
    if (is_of_follower()) {
        note_wait();
    }
    forget_reads();
    return true;
}

bool FetchJob::begin_watch(const Read& read) {
    if (wait_->ended()) {
        return true;
    }
    const replication::FetchWatch watch{
        .wait = wait_->reference(),
        .seen_bytes = read.seen_bytes,
        .max_bytes = read.room,
        .scope = is_of_follower() ? OffsetScope::whole_log : OffsetScope::readable,
        .known_watermark =
            is_of_follower() ? read.asked->high_watermark : replication::FetchPosition::kNoReaders,
        .leader_epoch = read.leader_epoch};
    return read.replica->enter(
        services_.shard, [watch](PartitionReplica& replica, Shard&) { replica.watch(watch); });
}

void FetchJob::answer() {
    const auto exchange = exchange_.lock();
    if (is_of_follower()) {
        end_earlier_waits();
    }
    for (const Read& read : reads_) {
        answers_[read.answer].records = wire::Records(&read.records, read.records.empty() ? 0 : 1);
    }
    std::vector<Response::Topic> topics;
    topics.reserve(request_.topics.size());
    LeaderHints<Response> hints(services_, *exchange->context().listener);
    std::span<Response::Partition> rest(answers_);
    for (std::size_t index = 0; index < request_.topics.size(); ++index) {
        const Request::Topic& topic = request_.topics[index];
        auto answers = rest.first(topic_answers_[index]);
        rest = rest.subspan(answers.size());
        if (session_ != nullptr) {
            answers = session_->select(answers);
        }
        if (answers.empty() && !topic.partitions.empty()) {
            // Its partitions are in the answer to an earlier entry for the topic, or the session
            // knows that there is nothing new.
            continue;
        }
        topics.push_back(
            {topic.topic, topic.topic_id, std::span<const Response::Partition>(answers)});
        // With that many partitions, the client refreshes all of its metadata anyway.
        const bool hints_help = must_answer_now_ && answers_.size() <= kItemsPerTurn;
        if (!hints_help || version_ < kLeaderHintsFrom) {
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
    if (session_ != nullptr) {
        response.session_id = session_->response_id(services_.clock.now());
    }
    exchange->reply(response);
    if (session_ != nullptr) {
        session_->end();
    }
}

}  // namespace hw::broker
