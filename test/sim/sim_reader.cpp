#include "test/sim/sim_reader.h"

#include <array>
#include <utility>

#include "protocol/record/batch_cursor.h"
#include "protocol/record/record.h"

namespace hw::sim {

using wire::ErrorCode;

namespace {

constexpr ApiVersion kFetchVersion{12};
constexpr ApiVersion kListVersion{7};
constexpr Timestamp kLatest{-1};
constexpr Duration kRequestTimeout = std::chrono::seconds(5);
/// Pause between the reads of the final pass over a partition.
constexpr Duration kShortPause = std::chrono::milliseconds(5);
constexpr std::int32_t kManyBytes = 1 << 20;

}  // namespace

SimReader::SimReader(ClientWorld& world, const ReaderPlan& plan, const PartitionPlan& partition,
                     std::uint64_t seed)
    : SimClient(world, "reader", seed), plan_(plan), partition_(partition) {}

Task<> SimReader::run() {
    ++world_.readers;
    while (!may_end()) {
        co_await pause(world_.readers_finish ? kShortPause : plan_.pause_max);
        if (restarts_ != restarts() || random_.chance(1, 500)) {
            restarts_ = restarts();
            seek(Offset(0));
        }
        if (!leader()) {
            follower_.reset();
            co_await find_leader(partition_, plan_.knows_epochs);
            continue;
        }
        if (follower_ && random_.chance(1, 50)) {
            leave_follower();
        }
        // The judge must know the epoch in which the leader answers.
        if (plan_.knows_epochs && !follower_ && random_.chance(1, 8)) {
            co_await list();
        } else {
            co_await fetch();
        }
    }
    co_await channel_.stop();
    --world_.readers;
}

bool SimReader::may_end() const {
    return world_.readers_finish && restarts_ == restarts() &&
           position_ >= world_.checker.end_offset(plan_.partition);
}

void SimReader::seek(Offset position) {
    position_ = position;
    world_.recorder.on_seek(plan_.partition, position);
}

Task<> SimReader::fetch() {
    const Leader from = *leader();
    schema::FetchRequest::Partition partition;
    partition.current_leader_epoch = plan_.knows_epochs ? from.epoch : kNoLeaderEpoch;
    partition.partition = partition_.index;
    partition.fetch_offset = position_;
    partition.partition_max_bytes = world_.readers_finish ? kManyBytes : plan_.bytes_max;
    const std::array partitions{partition};
    schema::FetchRequest::Topic topic;
    topic.topic = partition_.topic;
    topic.partitions = partitions;
    const std::array topics{topic};
    schema::FetchRequest request;
    request.max_wait_ms = plan_.wait_max;
    request.min_bytes = 1;
    request.topics = topics;
    request.rack_id = random_.chance(1, 2) ? std::string_view(plan_.rack) : std::string_view();
    const TimePoint now = world_.clock.now();
    const Checker::Mark mark = world_.checker.mark(plan_.partition, now);
    const auto answer = co_await replication::call<schema::FetchResponse>(
        channel_, request, kFetchVersion, now + kRequestTimeout);
    if (answer && (*answer)->responses.size() == 1) {
        on_partition((*answer)->responses[0].partitions[0], from, mark);
    } else {
        forget_leader();
    }
}

Task<> SimReader::list() {
    const Leader from = *leader();
    schema::ListOffsetsRequest::Partition partition;
    partition.partition_index = partition_.index;
    partition.current_leader_epoch = from.epoch;
    partition.timestamp = kLatest;
    const std::array partitions{partition};
    const std::array topics{schema::ListOffsetsRequest::Topic{partition_.topic, partitions}};
    schema::ListOffsetsRequest request;
    request.replica_id = kNoBroker;
    request.topics = topics;
    const TimePoint now = world_.clock.now();
    const auto answer = co_await replication::call<schema::ListOffsetsResponse>(
        channel_, request, kListVersion, now + kRequestTimeout);
    if (!answer || (*answer)->topics.size() != 1) {
        forget_leader();
        co_return;
    }
    ++world_.operations;
    const auto& outcome = (*answer)->topics[0].partitions[0];
    if (outcome.error_code == ErrorCode::none) {
        world_.recorder.on_listed(plan_.partition, {outcome.offset, from.broker, from.epoch}, now);
    } else if (outcome.error_code != ErrorCode::offset_not_available) {
        forget_leader();
    }
}

void SimReader::on_partition(const schema::FetchResponse::Partition& outcome, const Leader& from,
                             const Checker::Mark& mark) {
    ++world_.operations;
    if (outcome.preferred_read_replica != kNoBroker) {
        if (choose_broker(outcome.preferred_read_replica)) {
            follower_ = outcome.preferred_read_replica;
        } else {
            forget_leader();
        }
    } else if (outcome.error_code == ErrorCode::offset_out_of_range && follower_) {
        leave_follower();
    } else if (outcome.error_code == ErrorCode::offset_out_of_range) {
        world_.checker.on_out_of_range(plan_.partition, position_, mark);
        seek(Offset(0));
    } else if (outcome.error_code == ErrorCode::none) {
        on_records(outcome, from, mark);
    } else {
        report(fmt::format("reader of {}-{} at {}: {}", partition_.topic, partition_.index,
                           position_, outcome.error_code));
        if (outcome.error_code == ErrorCode::corrupt_message) {
            skip_damaged(mark);
        } else {
            forget_leader();
        }
    }
}

void SimReader::leave_follower() {
    follower_.reset();
    if (!choose_broker(leader()->broker)) {
        forget_leader();
    }
}

void SimReader::skip_damaged(const Checker::Mark& mark) {
    world_.checker.on_damage_reported(plan_.partition, position_, mark);
    seek(position_ + 1);
}

void SimReader::on_records(const schema::FetchResponse::Partition& outcome, const Leader& from,
                           const Checker::Mark& mark) {
    FetchedRecords fetched{
        .from = position_,
        .high_watermark = outcome.high_watermark,
        .records = {},
        .broker = follower_.value_or(from.broker),
        .leader_epoch = follower_ || !plan_.knows_epochs ? kNoLeaderEpoch : from.epoch};
    record::BatchCursor batches(outcome.records.empty() ? ByteView() : outcome.records[0]);
    bool is_sound = true;
    while (const auto batch = batches.next()) {
        is_sound = batch->crc_matches();
        if (!is_sound) {
            break;
        }
        record::RecordCursor records(*batch, batch->records());
        while (const auto record = records.next()) {
            // The first batch of an answer may begin before the requested offset.
            if (record->offset >= position_) {
                const ByteView value = record->value.value_or(ByteView());
                fetched.records.push_back({record->offset, std::string(as_text(value))});
            }
        }
    }
    is_sound = is_sound && batches.end() == record::BatchesEnd::complete;
    if (is_sound || !fetched.records.empty()) {
        world_.checker.on_fetched(plan_.partition, fetched, mark);
        world_.recorder.on_fetched(plan_.partition, fetched, mark.sent);
        world_.follower_reads += follower_ ? fetched.records.size() : 0;
        position_ += static_cast<std::int64_t>(fetched.records.size());
    } else {
        skip_damaged(mark);
    }
}

}  // namespace hw::sim
