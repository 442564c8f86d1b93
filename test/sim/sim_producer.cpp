#include "test/sim/sim_producer.h"

#include <array>
#include <utility>

#include "protocol/base/assert.h"
#include "protocol/record/batch_builder.h"
#include "protocol/schema/api/init_producer_id.h"

namespace hw::sim {

using replication::Acks;
using wire::ErrorCode;

namespace {

constexpr ApiVersion kProduceVersion{9};
constexpr ApiVersion kInitProducerIdVersion{4};
/// Time that a request with acks=0 gets to be sent; it has no answer.
constexpr Duration kUnansweredWait = std::chrono::milliseconds(20);

/// True if the error means that the batch is in no log.
bool is_definite(ErrorCode code) {
    return code == ErrorCode::not_enough_replicas || code == ErrorCode::kafka_storage_error ||
           code == ErrorCode::unknown_topic_or_partition || code == ErrorCode::invalid_timestamp;
}

}  // namespace

SimProducer::SimProducer(ClientWorld& world, ProducerNumber number, const ProducerPlan& plan,
                         const PartitionPlan& partition, std::uint64_t seed)
    : SimClient(world, "producer", seed), number_(number), plan_(plan), partition_(partition) {}

Task<> SimProducer::run() {
    ++world_.producers;
    while (!world_.producers_finish || !may_end_) {
        co_await pause(plan_.pause_max);
        if (!leader()) {
            co_await find_leader(partition_);
        } else if (needs_identity()) {
            co_await ask_identity();
        } else {
            co_await send();
        }
    }
    co_await channel_.stop();
    --world_.producers;
}

Task<> SimProducer::ask_identity() {
    schema::InitProducerIdRequest request;
    request.transactional_id = {};
    request.transaction_timeout_ms = Millis(60'000);
    const TimePoint deadline = world_.clock.now() + plan_.request_timeout;
    const auto answer = co_await replication::call<schema::InitProducerIdResponse>(
        channel_, request, kInitProducerIdVersion, deadline);
    if (answer && (*answer)->error_code == ErrorCode::none) {
        identity_ = {.id = (*answer)->producer_id, .epoch = (*answer)->producer_epoch};
        ++world_.operations;
    } else if (!answer) {
        forget_leader();
    }
}

void SimProducer::make_batch() {
    constexpr std::size_t kLargePadding = 8000;
    constexpr std::size_t kPadding = 200;
    Batch batch;
    record::BatchOptions options;
    if (identity_) {
        options.producer_id = identity_->id;
        options.producer_epoch = identity_->epoch;
        options.base_sequence = Sequence(identity_->next_sequence);
    }
    record::BatchBuilder builder(options);
    for (std::uint64_t count = 1 + random_.below(plan_.batch_records_max); count > 0; --count) {
        const std::size_t padding = random_.chance(1, 20) ? kLargePadding : kPadding;
        batch.values.push_back(make_value(number_, next_value_++, random_.below(padding)));
        builder.add({.key = {},
                     .value = as_bytes(batch.values.back()),
                     .headers = {},
                     .timestamp = world_.clock.wall_now()});
    }
    auto bytes = builder.finish(compressor_);
    HW_ASSERT(bytes.has_value());
    batch.bytes = std::move(*bytes);
    batch_ = std::move(batch);
}

Task<> SimProducer::send() {
    if (!batch_) {
        make_batch();
    }
    const std::array records{batch_->bytes.view()};
    schema::ProduceRequest::Partition partition;
    partition.index = partition_.index;
    partition.records = records;
    const std::array partitions{partition};
    schema::ProduceRequest::Topic topic;
    topic.name = partition_.topic;
    topic.partition_data = partitions;
    const std::array topics{topic};
    schema::ProduceRequest request;
    request.transactional_id = {};
    request.acks = static_cast<std::int16_t>(plan_.facts.acks);
    request.timeout_ms = Millis(10'000);
    request.topic_data = topics;
    const TimePoint now = world_.clock.now();
    const Checker::Mark mark = world_.checker.mark(plan_.facts.partition, now);
    const bool is_answered = plan_.facts.acks != Acks::none;
    const TimePoint deadline = now + (is_answered ? plan_.request_timeout : kUnansweredWait);
    const Reply answer = co_await replication::call<schema::ProduceResponse>(
        channel_, request, kProduceVersion, deadline);
    if (is_answered && answer) {
        on_partition((*answer)->responses[0].partition_responses[0], mark);
    } else {
        on_no_answer(answer, mark);
    }
}

SendAttempt SimProducer::attempt(const Checker::Mark& mark) const {
    return {.producer = number_,
            .values = batch_->values,
            .id = identity_ ? identity_->id : kNoProducerId,
            .sent = mark.sent};
}

void SimProducer::on_no_answer(const Reply& answer, const Checker::Mark& mark) {
    const bool is_unsent = !answer && answer.error().kind == ErrorKind::not_sent;
    if (is_unsent) {
        world_.recorder.on_refused(attempt(mark));
    } else {
        world_.recorder.on_unknown(attempt(mark));
    }
    if (plan_.facts.acks == Acks::none && !is_unsent) {
        may_end_ = world_.producers_finish;
        batch_.reset();
        return;
    }
    // A retry must not overtake the request that was given up.
    channel_.disconnect();
    forget_leader();
    if (!plan_.retries) {
        batch_.reset();
    }
}

void SimProducer::on_partition(const schema::ProduceResponse::Partition& outcome,
                               const Checker::Mark& mark) {
    ++world_.operations;
    const ErrorCode code = outcome.error_code;
    if (code == ErrorCode::none) {
        world_.recorder.on_acknowledged(attempt(mark), outcome.base_offset);
        world_.checker.on_acknowledged({number_, outcome.base_offset, batch_->values}, mark);
        if (identity_) {
            identity_->next_sequence += static_cast<std::int32_t>(batch_->values.size());
        }
        may_end_ = world_.producers_finish;
        batch_.reset();
        return;
    }
    report(fmt::format("producer {}: {} for '{}-{}'", number_.value(), code, number_.value(),
                       next_value_ - batch_->values.size()));
    if (is_definite(code)) {
        world_.recorder.on_refused(attempt(mark));
    } else {
        world_.recorder.on_unknown(attempt(mark));
    }
    forget_leader();
    if (code == ErrorCode::out_of_order_sequence_number || code == ErrorCode::unknown_producer_id) {
        world_.checker.on_out_of_sequence(number_);
        identity_.reset();
        batch_.reset();
    } else if (!plan_.retries) {
        batch_.reset();
    }
}

}  // namespace hw::sim
