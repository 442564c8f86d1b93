#include "tools/perf/load_connection.h"

#include <algorithm>

#include "protocol/record/batch_cursor.h"
#include "protocol/schema/api/fetch.h"
#include "protocol/schema/api/produce.h"
#include "tools/client/partition_io.h"
#include "tools/client/words.h"
#include "tools/perf/answer.h"

namespace hw::perf {
namespace {

constexpr std::size_t kReadAhead = 65536;
constexpr std::size_t kMaxProduceAnswer = 65536;
constexpr std::size_t kMaxFetchAnswer = std::size_t{256} << 20;
constexpr std::size_t kArenaBudget = std::size_t{1} << 20;

}  // namespace

Result<std::size_t> Unsent::send(client::Socket& socket) {
    std::size_t sum = 0;
    std::span<iovec> left = slices_;
    while (!left.empty()) {
        HW_TRY(sent, socket.send_now(left));
        if (sent == 0) {
            break;
        }
        sum += sent;
        left = client::slices_after(left, sent);
    }
    slices_.erase(slices_.begin(), slices_.end() - static_cast<std::ptrdiff_t>(left.size()));
    return sum;
}

ProduceConnection::ProduceConnection(client::Socket socket, std::vector<const RequestFrame*> frames,
                                     SharedProduce& load)
    : LoadConnection(std::move(socket)),
      frames_(std::move(frames)),
      load_(&load),
      header_version_(response_header_of(schema::ApiKey::produce, load.version)),
      slots_(load.in_flight),
      input_(kReadAhead, kMaxProduceAnswer),
      arena_(kArenaBudget) {}

Result<std::size_t> ProduceConnection::send(SteadyTime now) {
    while (outstanding_ < slots_.size()) {
        const auto due = load_->supply.take(now);
        if (!due) {
            break;
        }
        stage(*due);
    }
    const auto sent = unsent_.send(socket());
    if (!sent) {
        return fail(sent.error().kind, "sending to the broker: {}", sent.error().message);
    }
    if (!load_->is_answered && unsent_.is_empty()) {
        load_->tally.acknowledged += outstanding_;
        load_->tally.bytes += outstanding_ * load_->batch.size();
        load_->tally.records += outstanding_ * static_cast<std::uint64_t>(load_->batch_records);
        outstanding_ = 0;
    }
    return *sent;
}

void ProduceConnection::stage(SteadyTime due) {
    const RequestFrame& frame = *frames_[next_ % frames_.size()];
    Slot& slot = slots_[next_ % slots_.size()];
    slot.head = frame.head;
    store_big_endian(slot.head.data() + RequestFrame::kCorrelationAt,
                     correlation_of(next_).value());
    slot.due = due;
    unsent_.add(slot.head);
    unsent_.add(load_->batch);
    unsent_.add(frame.tail);
    ++next_;
    ++outstanding_;
}

Result<std::size_t> ProduceConnection::receive(SteadyTime now) {
    const auto answers =
        receive_all(socket(), input_, [&](ByteView answer) { return on_answer(answer, now); });
    if (!answers && answers.error().kind == ErrorKind::closed) {
        return fail(ErrorKind::closed, "lost a connection to the broker with {} unanswered: {}",
                    client::counted(outstanding_, "request"), answers.error().message);
    }
    if (!answers) {
        return answers;
    }
    const auto sent = send(now);
    return sent ? Result<std::size_t>(*answers + *sent) : sent;
}

Result<void> ProduceConnection::on_answer(ByteView answer, SteadyTime now) {
    const std::uint64_t number = next_ - outstanding_;
    HW_TRY_VOID(check_correlation(answer, correlation_of(number)));
    arena_.reset(kArenaBudget);
    wire::Reader reader(answer, arena_);
    schema::ProduceResponse response;
    HW_TRY_VOID(decode_answer(reader, header_version_, load_->version, response));
    if (outstanding_ == 0) {
        return fail(ErrorKind::corrupt, "the broker sent an answer that belongs to no request");
    }
    if (response.responses.size() != 1 || response.responses[0].partition_responses.size() != 1) {
        return fail(ErrorKind::corrupt,
                    "an answer does not have exactly the partition of its request");
    }
    --outstanding_;
    Tally& tally = load_->tally;
    tally.latency.add(now - slots_[number % slots_.size()].due);
    const wire::ErrorCode code = response.responses[0].partition_responses[0].error_code;
    if (code != wire::ErrorCode::none) {
        ++tally.refused[code];
        return {};
    }
    ++tally.acknowledged;
    tally.bytes += load_->batch.size();
    tally.records += static_cast<std::uint64_t>(load_->batch_records);
    return {};
}

FetchConnection::FetchConnection(client::Socket socket, std::vector<FetchPosition> positions,
                                 SharedFetch& load)
    : LoadConnection(std::move(socket)),
      positions_(std::move(positions)),
      load_(&load),
      header_version_(response_header_of(schema::ApiKey::fetch, load.version)),
      input_(kReadAhead, kMaxFetchAnswer),
      arena_(kArenaBudget) {}

Result<std::size_t> FetchConnection::send(SteadyTime now) {
    if (!is_waiting_ && load_->tally.bytes < load_->bytes_wanted) {
        HW_TRY_VOID(stage(now));
    }
    const auto sent = unsent_.send(socket());
    if (!sent) {
        return fail(sent.error().kind, "sending to the broker: {}", sent.error().message);
    }
    return *sent;
}

Result<void> FetchConnection::stage(SteadyTime now) {
    std::vector<schema::FetchRequest::Partition> partitions;
    for (const FetchPosition& position : positions_) {
        partitions.push_back({.partition = position.partition,
                              .fetch_offset = position.next_offset,
                              .partition_max_bytes = load_->partition_bytes});
    }
    const schema::FetchRequest::Topic topic{
        .topic = load_->topic, .topic_id = {}, .partitions = partitions};
    const schema::FetchRequest request{
        .max_wait_ms = Millis(static_cast<std::int32_t>(load_->max_wait.count())),
        .min_bytes = 1,
        .max_bytes = load_->partition_bytes * static_cast<std::int32_t>(partitions.size()),
        .topics = {&topic, 1}};
    HW_TRY(frame, encode_request(request, load_->version));
    request_ = std::move(frame);
    ++requests_;
    store_big_endian(request_.head.data() + RequestFrame::kCorrelationAt, requests_);
    unsent_.add(request_.head);
    sent_ = now;
    is_waiting_ = true;
    return {};
}

Result<std::size_t> FetchConnection::receive(SteadyTime now) {
    std::size_t useful = 0;
    const auto answers = receive_all(socket(), input_, [&](ByteView answer) -> Result<void> {
        HW_TRY(has_records, on_answer(answer, now));
        useful += has_records ? 1 : 0;
        return {};
    });
    if (!answers) {
        return fail(answers.error().kind, "fetching: {}", answers.error().message);
    }
    const auto sent = send(now);
    return sent ? Result<std::size_t>(useful) : sent;
}

Result<bool> FetchConnection::on_answer(ByteView answer, SteadyTime now) {
    HW_TRY_VOID(check_correlation(answer, CorrelationId(requests_)));
    arena_.reset(kArenaBudget);
    wire::Reader reader(answer, arena_);
    schema::FetchResponse response;
    HW_TRY_VOID(decode_answer(reader, header_version_, load_->version, response));
    if (!is_waiting_) {
        return fail(ErrorKind::corrupt, "the broker sent an answer that belongs to no request");
    }
    is_waiting_ = false;
    if (response.error_code != wire::ErrorCode::none) {
        return std::unexpected(client::error_of(response.error_code, "topic " + load_->topic));
    }
    std::uint64_t bytes = 0;
    for (const auto& topic : response.responses) {
        for (const auto& partition : topic.partitions) {
            HW_TRY(taken, take_partition(partition));
            bytes += taken;
        }
    }
    if (bytes > 0) {
        ++load_->tally.acknowledged;
        load_->tally.latency.add(now - sent_);
    }
    return bytes > 0;
}

Result<std::uint64_t> FetchConnection::take_partition(
    const schema::FetchResponse::Partition& partition) {
    const client::PartitionName name{load_->topic, partition.partition_index};
    const auto position =
        std::ranges::find(positions_, partition.partition_index, &FetchPosition::partition);
    if (position == positions_.end()) {
        return fail(ErrorKind::corrupt, "the broker sent partition {}, which was not requested",
                    client::to_string(name));
    }
    if (partition.error_code != wire::ErrorCode::none) {
        return std::unexpected(
            client::error_of(partition.error_code, "partition " + client::to_string(name)));
    }
    std::uint64_t bytes = 0;
    for (const ByteView slice : partition.records) {
        record::BatchCursor batches(slice);
        while (const auto batch = batches.next()) {
            bytes += batch->size();
            load_->tally.records += static_cast<std::uint64_t>(batch->count());
            position->next_offset = batch->last_offset() + 1;
        }
        // The last batch of an answer may be cut off.
        if (batches.end() == record::BatchesEnd::bad) {
            return fail(ErrorKind::corrupt, "partition {}: {}", client::to_string(name),
                        batches.status().error().message);
        }
    }
    load_->tally.bytes += bytes;
    if (load_->at_log_end == AtLogEnd::start_over) {
        if (bytes == 0) {
            return fail(ErrorKind::corrupt, "partition {}: no records at offset {}, below its end",
                        client::to_string(name), position->next_offset);
        }
        if (position->next_offset >= partition.high_watermark) {
            position->next_offset = position->start_offset;
        }
    }
    return bytes;
}

}  // namespace hw::perf
