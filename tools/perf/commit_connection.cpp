#include "tools/perf/commit_connection.h"

#include "protocol/schema/api/offset_commit.h"
#include "tools/client/words.h"
#include "tools/perf/answer.h"

namespace hw::perf {
namespace {

constexpr std::size_t kReadAhead = 16384;
constexpr std::size_t kMaxAnswer = std::size_t{1} << 20;
constexpr std::size_t kArenaBudget = std::size_t{1} << 22;

}  // namespace

CommitConnection::CommitConnection(client::Socket socket, CommitLane& lane)
    : LoadConnection(std::move(socket)),
      lane_(&lane),
      header_version_(response_header_of(schema::ApiKey::offset_commit, lane.version)),
      slots_(lane.in_flight),
      input_(kReadAhead, kMaxAnswer),
      arena_(kArenaBudget) {}

Result<std::size_t> CommitConnection::send(SteadyTime now) {
    while (outstanding_ < slots_.size()) {
        const auto due = lane_->supply.take(now);
        if (!due) {
            break;
        }
        stage(*due);
    }
    const auto sent = unsent_.send(socket());
    if (!sent) {
        return fail(sent.error().kind, "sending to the broker: {}", sent.error().message);
    }
    return *sent;
}

void CommitConnection::stage(SteadyTime due) {
    Slot& slot = slots_[next_ % slots_.size()];
    slot.head = lane_->frames[lane_->next_frame].head;
    lane_->next_frame = (lane_->next_frame + 1) % lane_->frames.size();
    store_big_endian(slot.head.data() + RequestFrame::kCorrelationAt,
                     correlation_of(next_).value());
    slot.due = due;
    unsent_.add(slot.head);
    ++next_;
    ++outstanding_;
}

Result<std::size_t> CommitConnection::receive(SteadyTime now) {
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

Result<void> CommitConnection::on_answer(ByteView answer, SteadyTime now) {
    if (outstanding_ == 0) {
        return fail(ErrorKind::corrupt, "the broker sent an answer that belongs to no request");
    }
    const std::uint64_t number = next_ - outstanding_;
    HW_TRY_VOID(check_correlation(answer, correlation_of(number)));
    arena_.reset(kArenaBudget);
    wire::Reader reader(answer, arena_);
    schema::OffsetCommitResponse response;
    HW_TRY_VOID(decode_answer(reader, header_version_, lane_->version, response));
    --outstanding_;
    Tally& tally = *lane_->tally;
    tally.latency.add(now - slots_[number % slots_.size()].due);
    std::size_t partitions = 0;
    wire::ErrorCode code = wire::ErrorCode::none;
    for (const auto& topic : response.topics) {
        for (const auto& partition : topic.partitions) {
            ++partitions;
            code = code == wire::ErrorCode::none ? partition.error_code : code;
        }
    }
    if (partitions != lane_->partitions) {
        return fail(ErrorKind::corrupt, "an answer has {} partitions, and its request {}",
                    partitions, lane_->partitions);
    }
    if (code != wire::ErrorCode::none) {
        ++tally.refused[code];
        return {};
    }
    ++tally.acknowledged;
    tally.records += partitions;
    return {};
}

}  // namespace hw::perf
