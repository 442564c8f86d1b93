#include "tools/perf/group_connection.h"

#include <array>
#include <sys/uio.h>
#include <utility>

#include "tools/client/words.h"
#include "tools/perf/answer.h"

namespace hw::perf {
namespace {

/// Small, because there may be thousands of connections.
constexpr std::size_t kReadAhead = 4096;
/// The answer to the JoinGroup of a leader has all members.
constexpr std::size_t kMaxAnswer = std::size_t{64} << 20;

}  // namespace

GroupConnection::GroupConnection(client::Socket socket, OnAnswer on_answer)
    : LoadConnection(std::move(socket)),
      on_answer_(std::move(on_answer)),
      input_(kReadAhead, kMaxAnswer) {}

Result<void> GroupConnection::stage(std::size_t seat, GroupMember& member, SteadyTime now) {
    HW_TRY(frame, member.next_request(now));
    store_big_endian(frame.head.data() + RequestFrame::kCorrelationAt,
                     correlation_of(next_).value());
    unsent_.insert(unsent_.end(), frame.head.begin(), frame.head.end());
    open_.push_back({&member, seat});
    ++next_;
    return {};
}

Result<std::size_t> GroupConnection::send(SteadyTime /*now*/) {
    std::size_t sum = 0;
    while (sent_ < unsent_.size()) {
        std::array slices{client::slice_of(ByteView(unsent_).subspan(sent_))};
        const auto sent = socket().send_now(slices);
        if (!sent) {
            return fail(sent.error().kind, "sending to the broker: {}", sent.error().message);
        }
        if (*sent == 0) {
            return sum;
        }
        sent_ += *sent;
        sum += *sent;
    }
    unsent_.clear();
    sent_ = 0;
    return sum;
}

Result<std::size_t> GroupConnection::receive(SteadyTime now) {
    const auto answers =
        receive_all(socket(), input_, [&](ByteView answer) { return take(answer, now); });
    if (!answers && answers.error().kind == ErrorKind::closed) {
        return fail(ErrorKind::closed, "lost a connection to the broker with {} unanswered: {}",
                    client::counted(open_.size(), "request"), answers.error().message);
    }
    if (!answers) {
        return answers;
    }
    const auto sent = send(now);
    return sent ? Result<std::size_t>(*answers + *sent) : sent;
}

Result<void> GroupConnection::take(ByteView answer, SteadyTime now) {
    if (open_.empty()) {
        return fail(ErrorKind::corrupt, "the broker sent an answer that belongs to no request");
    }
    HW_TRY_VOID(check_correlation(answer, correlation_of(next_ - open_.size())));
    const Open first = open_.front();
    open_.pop_front();
    HW_TRY_VOID(first.member->on_answer(answer, now));
    on_answer_(first.seat, now);
    return {};
}

}  // namespace hw::perf
