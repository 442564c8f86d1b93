#include "tools/perf/load_connection.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits.h>
#include <sys/socket.h>

#include "protocol/schema/api/produce.h"
#include "protocol/wire/reader.h"
#include "tools/client/counted.h"

namespace hw::perf {
namespace {

constexpr std::size_t kInputSize = 65536;
constexpr std::size_t kArenaBudget = std::size_t{1} << 20;
constexpr std::size_t kLengthSize = 4;

CorrelationId correlation_of(std::uint64_t number) {
    return CorrelationId(static_cast<std::int32_t>(number & 0x7fff'ffff));
}

iovec slice_of(ByteView bytes) {
    return {.iov_base = const_cast<std::byte*>(bytes.data()), .iov_len = bytes.size()};
}

bool would_block() {
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

}  // namespace

LoadConnection::LoadConnection(Descriptor socket, std::vector<const RequestFrame*> frames,
                               SharedLoad& load)
    : socket_(std::move(socket)),
      frames_(std::move(frames)),
      load_(&load),
      header_version_(
          schema::find_api(schema::ApiKey::produce)->response_header_version(load.version)),
      slots_(load.in_flight),
      input_(kInputSize),
      arena_(kArenaBudget) {}

Result<void> LoadConnection::send(SteadyTime now) {
    fill_window(now);
    while (first_unsent_ < unsent_.size()) {
        msghdr message{};
        message.msg_iov = unsent_.data() + first_unsent_;
        message.msg_iovlen = std::min<std::size_t>(unsent_.size() - first_unsent_, IOV_MAX);
        const ssize_t sent = ::sendmsg(socket_.number(), &message, MSG_NOSIGNAL);
        if (sent < 0 && would_block()) {
            unsent_.erase(unsent_.begin(),
                          unsent_.begin() + static_cast<std::ptrdiff_t>(first_unsent_));
            first_unsent_ = 0;
            return {};
        }
        if (sent < 0) {
            return fail(ErrorKind::closed, "sending to the broker: {}", std::strerror(errno));
        }
        on_sent(static_cast<std::size_t>(sent));
    }
    unsent_.clear();
    first_unsent_ = 0;
    if (!load_->answered) {
        load_->tally.acknowledged += outstanding_;
        outstanding_ = 0;
    }
    return {};
}

void LoadConnection::fill_window(SteadyTime now) {
    while (outstanding_ < slots_.size() && load_->supply.take()) {
        stage(now);
    }
}

void LoadConnection::stage(SteadyTime now) {
    const RequestFrame& frame = *frames_[next_ % frames_.size()];
    Slot& slot = slots_[next_ % slots_.size()];
    slot.head = frame.head;
    store_big_endian(slot.head.data() + RequestFrame::kCorrelationAt,
                     correlation_of(next_).value());
    slot.sent = now;
    unsent_.push_back(slice_of(slot.head));
    unsent_.push_back(slice_of(load_->batch));
    unsent_.push_back(slice_of(frame.tail));
    ++next_;
    ++outstanding_;
}

void LoadConnection::on_sent(std::size_t bytes) {
    while (first_unsent_ < unsent_.size() && bytes >= unsent_[first_unsent_].iov_len) {
        bytes -= unsent_[first_unsent_].iov_len;
        ++first_unsent_;
    }
    if (bytes > 0) {
        iovec& part = unsent_[first_unsent_];
        part =
            slice_of({static_cast<const std::byte*>(part.iov_base) + bytes, part.iov_len - bytes});
    }
}

Result<void> LoadConnection::receive(SteadyTime now) {
    // The socket is watched by edges: what is left unread, an end of stream too, comes up no more.
    while (true) {
        const std::size_t room = input_.size() - received_;
        const ssize_t count = ::recv(socket_.number(), input_.data() + received_, room, 0);
        if (count < 0 && would_block()) {
            break;
        }
        if (count <= 0) {
            return fail(ErrorKind::closed, "the broker closed a connection with {} unanswered: {}",
                        client::counted(outstanding_, "request"),
                        count == 0 ? "end of stream" : std::strerror(errno));
        }
        received_ += static_cast<std::size_t>(count);
        if (auto taken = take_answers(now); !taken) {
            return taken;
        }
    }
    return send(now);
}

Result<void> LoadConnection::take_answers(SteadyTime now) {
    ByteView left(input_.data(), received_);
    while (left.size() >= kLengthSize) {
        const auto size = load_big_endian<std::uint32_t>(left.data());
        if (size > input_.size() - kLengthSize) {
            return fail(ErrorKind::corrupt, "an answer of {} bytes is over {}", size,
                        input_.size() - kLengthSize);
        }
        if (left.size() < kLengthSize + size) {
            break;
        }
        if (auto taken = on_answer(left.subspan(kLengthSize, size), now); !taken) {
            return taken;
        }
        left = left.subspan(kLengthSize + size);
    }
    if (left.data() != input_.data() && !left.empty()) {
        std::memmove(input_.data(), left.data(), left.size());
    }
    received_ = left.size();
    return {};
}

Result<void> LoadConnection::on_answer(ByteView answer, SteadyTime now) {
    arena_.reset(kArenaBudget);
    wire::Reader reader(answer, arena_);
    schema::ResponseHeader header;
    decode(reader, header_version_, header);
    schema::ProduceResponse response;
    decode(reader, load_->version, response);
    if (auto read = reader.finish(); !read) {
        return read;
    }
    const std::uint64_t number = next_ - outstanding_;
    if (outstanding_ == 0 || header.correlation_id != correlation_of(number)) {
        return fail(ErrorKind::corrupt, "the broker answers request {}, the next is {}",
                    header.correlation_id, correlation_of(number));
    }
    if (response.responses.size() != 1 || response.responses[0].partition_responses.size() != 1) {
        return fail(ErrorKind::corrupt, "an answer does not name the one partition of its request");
    }
    --outstanding_;
    Tally& tally = load_->tally;
    tally.latency.add(now - slots_[number % slots_.size()].sent);
    const wire::ErrorCode code = response.responses[0].partition_responses[0].error_code;
    if (code == wire::ErrorCode::none) {
        ++tally.acknowledged;
    } else {
        ++tally.refused[code];
    }
    return {};
}

}  // namespace hw::perf
