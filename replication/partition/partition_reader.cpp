#include "replication/partition/partition_reader.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace hw::replication {

using wire::ErrorCode;

namespace {

ErrorCode code_of(ErrorKind kind) {
    switch (kind) {
        case ErrorKind::busy:
            return ErrorCode::not_leader_or_follower;
        case ErrorKind::corrupt:
            return ErrorCode::corrupt_message;
        default:
            return ErrorCode::kafka_storage_error;
    }
}

}  // namespace

std::optional<OffsetQuery> offset_query(std::int64_t timestamp, IsolationLevel isolation) {
    constexpr std::int64_t kLowest = -6;
    if (timestamp < kLowest) {
        return std::nullopt;
    }
    if (timestamp >= 0) {
        return OffsetQuery{OffsetSpec::at_timestamp, Timestamp(timestamp), isolation};
    }
    return OffsetQuery{static_cast<OffsetSpec>(-timestamp), kNoTimestamp, isolation};
}

Offset PartitionReader::readable_end(IsolationLevel /*isolation*/) const {
    return leader_->high_watermark();
}

Offset PartitionReader::end_of(const OffsetQuery& query) const {
    return query.scope == OffsetScope::whole_log ? log_->log_end_offset()
                                                 : readable_end(query.isolation);
}

std::expected<FetchAnswer, wire::Refusal> PartitionReader::read(const FetchRead& request,
                                                                storage::ReadCursor& cursor) const {
    FetchAnswer answer;
    answer.next_offset = request.from;
    answer.high_watermark = leader_->high_watermark();
    answer.last_stable_offset = readable_end(IsolationLevel::read_committed);
    answer.log_start_offset = log_->log_start_offset();
    if (request.last_fetched_epoch != kNoLeaderEpoch) {
        HW_TRY(diverged, diverges(request, answer));
        if (diverged) {
            return answer;
        }
    }
    const storage::ReadRequest bounded{request.from, readable_end(request.isolation),
                                       request.max_bytes, request.first_batch};
    auto read = log_->read(bounded, cursor);
    if (!read) {
        return std::unexpected(failed_read(std::move(read.error())));
    }
    answer.bytes = std::move(read->bytes);
    answer.next_offset = read->next_offset;
    return answer;
}

std::expected<bool, wire::Refusal> PartitionReader::diverges(const FetchRead& request,
                                                             FetchAnswer& answer) const {
    const storage::EpochEnd end = end_offset_for(request.last_fetched_epoch);
    if (end.epoch == kNoLeaderEpoch || request.from < log_->log_start_offset()) {
        return std::unexpected(wire::Refusal{
            ErrorCode::offset_out_of_range,
            fmt::format("leader epoch {} at offset {} is unknown; the log starts at {}",
                        request.last_fetched_epoch, request.from, log_->log_start_offset())});
    }
    if (end.epoch >= request.last_fetched_epoch && end.end_offset >= request.from) {
        return false;
    }
    answer.diverging = end;
    return true;
}

std::expected<ListedOffset, wire::Refusal> PartitionReader::list_offset(
    const OffsetQuery& query) const {
    switch (query.spec) {
        case OffsetSpec::latest:
            if (!may_answer(query)) {
                return std::unexpected(watermark_not_current());
            }
            return ListedOffset{end_of(query), kNoTimestamp, leader_->epoch()};
        case OffsetSpec::earliest:
            return listed(log_->log_start_offset());
        case OffsetSpec::earliest_local:
            return listed(std::max(log_->log_start_offset(), log_->local_log_start_offset()));
        case OffsetSpec::latest_tiered:
        case OffsetSpec::earliest_pending_upload:
            return ListedOffset();
        case OffsetSpec::at_timestamp:
        case OffsetSpec::max_timestamp:
            break;
    }
    return find_record(query);
}

std::expected<ListedOffset, wire::Refusal> PartitionReader::find_record(
    const OffsetQuery& query) const {
    const auto found =
        query.spec == OffsetSpec::max_timestamp ? log_->find_latest() : log_->find(query.timestamp);
    if (!found) {
        return std::unexpected(failed_read({code_of(found.error().kind), found.error().message}));
    }
    if (*found && (*found)->offset < end_of(query)) {
        ListedOffset answer = listed((*found)->offset);
        answer.timestamp = (*found)->timestamp;
        return answer;
    }
    if (!may_answer(query)) {
        return std::unexpected(watermark_not_current());
    }
    return ListedOffset();
}

wire::Refusal PartitionReader::failed_read(wire::Refusal error) const {
    if (error.code == ErrorCode::corrupt_message && !leader_->is_isr_alone()) {
        error.code = ErrorCode::kafka_storage_error;
    }
    return error;
}

ListedOffset PartitionReader::listed(Offset offset) const {
    return {offset, kNoTimestamp, log_->epochs().epoch_at(offset).value_or(kNoLeaderEpoch)};
}

storage::EpochEnd PartitionReader::end_offset_for(LeaderEpoch epoch) const {
    const auto latest = log_->epochs().latest();
    if (epoch == leader_->epoch()) {
        return {epoch, log_->log_end_offset()};
    }
    if (epoch > leader_->epoch() || (latest && epoch <= latest->epoch)) {
        return log_->end_offset_for(epoch);
    }
    // Nothing was appended in this epoch: it is above the last epoch in the log and below the
    // current leader's.
    return {latest ? latest->epoch : epoch, leader_->epoch_start_offset()};
}

wire::Refusal PartitionReader::watermark_not_current() const {
    return {ErrorCode::offset_not_available,
            fmt::format(
                "the high watermark, {}, has not yet reached the start of leader epoch {}, which "
                "is offset {}; try again",
                leader_->high_watermark(), leader_->epoch(), leader_->epoch_start_offset())};
}

}  // namespace hw::replication
