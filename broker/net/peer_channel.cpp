#include "broker/net/peer_channel.h"

#include <algorithm>
#include <array>
#include <deque>
#include <initializer_list>
#include <optional>
#include <utility>
#include <vector>

#include "broker/net/frame_reader.h"
#include "protocol/schema/api/header.h"

namespace hw::broker {
namespace {

constexpr std::size_t kPrefix = 4;
/// Bytes read in one turn, before others on the shard have theirs.
constexpr std::size_t kBytesPerTurn = 256 * 1024;

/// The frame of a request: length, header, body.
Result<Buffer> make_frame(const schema::ApiInfo& api, const schema::RequestHeader& header,
                          const wire::Encoded& body) {
    HW_TRY(head,
           wire::encode_message(header, api.request_header_version(header.request_api_version)));
    Buffer frame(kPrefix + head.size + body.size);
    store_big_endian(frame.data(), static_cast<std::int32_t>(head.size + body.size));
    std::byte* at = frame.data() + kPrefix;
    for (const wire::Encoded* part : std::initializer_list<const wire::Encoded*>{&head, &body}) {
        for (const ByteView slice : part->slices) {
            at = std::copy(slice.begin(), slice.end(), at);
        }
    }
    return frame;
}

}  // namespace

/// One connection of a channel, from its start to its end.
class PeerChannel::Link {
public:
    Link(std::unique_ptr<Transport> transport, const Clock& clock)
        : transport_(std::move(transport)), clock_(clock) {}

    [[nodiscard]] bool open() const { return open_; }
    [[nodiscard]] std::string peer() const { return to_string(transport_->peer()); }

    /// How long calls have waited without a byte from the peer.
    [[nodiscard]] Duration silence() const {
        return silent_since_ ? clock_.now() - *silent_since_ : Duration(0);
    }

    void send(std::int32_t correlation, Buffer frame, Pending& pending) {
        if (!silent_since_) {
            silent_since_ = clock_.now();
        }
        pending_.emplace(correlation, &pending);
        unsent_.push_back({correlation, std::move(frame)});
        work_.set();
    }
    /// Ends the wait of a call. True if nothing of its request was sent; then nothing will be.
    bool withdraw(std::int32_t correlation) {
        pending_.erase(correlation);
        return drop_unsent(correlation);
    }

    void end(const std::string& why) {
        open_ = false;
        transport_->close();
        work_.set();
        for (const auto& [correlation, pending] : std::exchange(pending_, {})) {
            const bool is_unsent = drop_unsent(correlation);
            pending->answer = fail(is_unsent ? ErrorKind::not_sent : ErrorKind::closed, "{}", why);
            pending->ended.set();
        }
    }

    [[nodiscard]] static Task<> write(std::shared_ptr<Link> self, Shard& shard) {
        while (self->open_) {
            if (self->unsent_.empty()) {
                co_await shard.wait(self->work_, kNever);
            } else if (self->write_some() == Progress::would_block) {
                co_await self->transport_->wait_writable();
            }
        }
    }

    [[nodiscard]] static Task<> read(std::shared_ptr<Link> self) {
        while (self->open_) {
            co_await self->transport_->wait_readable();
            self->read_some();
        }
    }

private:
    struct Unsent {
        std::int32_t correlation;
        Buffer frame;
    };

    /// Removes a frame of which no byte was written. False: the peer may have it.
    bool drop_unsent(std::int32_t correlation) {
        const auto found = std::ranges::find(unsent_, correlation, &Unsent::correlation);
        if (found == unsent_.end() || (found == unsent_.begin() && sent_of_first_ > 0)) {
            return false;
        }
        unsent_.erase(found);
        return true;
    }

    Progress write_some() {
        const std::array<ByteView, 1> rest{unsent_.front().frame.view().subspan(sent_of_first_)};
        const Transfer transfer = transport_->try_write(rest);
        sent_of_first_ += transfer.bytes;
        if (transfer.progress == Progress::closed) {
            end("the connection to " + peer() + " ended");
        } else if (sent_of_first_ == unsent_.front().frame.size()) {
            unsent_.pop_front();
            sent_of_first_ = 0;
        }
        return transfer.progress;
    }

    void read_some() {
        std::array<std::byte, 16 * 1024> buffer;
        for (std::size_t received = 0; received < kBytesPerTurn;) {
            // The rest of a large answer is read straight into its frame.
            MutableBytes target = frames_.unfilled();
            const bool is_direct = target.size() >= buffer.size();
            target = is_direct ? target.first(std::min(target.size(), kBytesPerTurn)) : buffer;
            const Transfer transfer = transport_->try_read(target);
            if (transfer.progress == Progress::closed) {
                end("the connection to " + peer() + " ended");
            }
            if (transfer.progress != Progress::done) {
                return;
            }
            received += transfer.bytes;
            if (is_direct) {
                frames_.received(transfer.bytes);
            }
            take_frames(is_direct ? ByteView() : target.first(transfer.bytes));
            silent_since_ = pending_.empty() ? std::nullopt : std::optional(clock_.now());
            if (transfer.bytes < target.size()) {
                return;  // there is no more now
            }
        }
    }

    void take_frames(ByteView input) {
        while (open_) {
            const FrameReader::Step step = frames_.next(input);
            if (step == FrameReader::Step::need_memory) {
                frames_.admit(Buffer(static_cast<std::size_t>(frames_.size())));
                frames_.grant(frames_.ungranted());
            } else if (step == FrameReader::Step::complete) {
                deliver(frames_.take());
            } else if (step == FrameReader::Step::invalid) {
                end(fmt::format("{} announced an answer of {} bytes", peer(), frames_.size()));
                return;
            } else {
                return;
            }
        }
    }

    void deliver(Buffer frame) {
        if (frame.size() < sizeof(std::int32_t)) {
            end(fmt::format("{} sent an answer of {} bytes", peer(), frame.size()));
            return;
        }
        const auto found = pending_.find(load_big_endian<std::int32_t>(frame.data()));
        if (found != pending_.end()) {
            Pending* pending = found->second;
            pending_.erase(found);
            pending->answer = std::move(frame);
            pending->ended.set();
        }
    }

    std::unique_ptr<Transport> transport_;
    const Clock& clock_;
    std::optional<TimePoint> silent_since_;  ///< none while nothing is awaited
    FrameReader frames_{kAnswerMaxBytes};
    std::map<std::int32_t, Pending*> pending_;
    std::deque<Unsent> unsent_;
    std::size_t sent_of_first_ = 0;
    Signal work_;
    bool open_ = true;
};

Task<Result<std::shared_ptr<PeerChannel::Link>>> PeerChannel::connected_link(TimePoint deadline) {
    if (link_ && link_->open()) {
        co_return link_;
    }
    if (connecting_) {
        co_await wait_connected(deadline);
    } else {
        co_await connect(deadline);
    }
    if (!link_ || !link_->open()) {
        co_return fail(ErrorKind::not_sent, "{}", connect_failure_);
    }
    co_return link_;
}

Task<> PeerChannel::wait_connected(TimePoint deadline) {
    Signal ended;
    const auto place = connect_waiters_.insert(connect_waiters_.end(), &ended);
    co_await shard_.wait(ended, deadline);
    connect_waiters_.erase(place);
}

Task<> PeerChannel::connect(TimePoint deadline) {
    connecting_ = true;
    connect_failure_ = "the connection was not made in time";
    auto transport = co_await connect_(deadline);
    connecting_ = false;
    if (!transport) {
        connect_failure_ = transport.error().message;
    } else if (stopping_) {
        (*transport)->close();
        connect_failure_ = "this node is stopping";
    } else {
        link_ = std::make_shared<Link>(std::move(*transport), clock_);
        tasks_.spawn(Link::write(link_, shard_));
        tasks_.spawn(Link::read(link_));
    }
    for (Signal* waiter : connect_waiters_) {
        waiter->set();
    }
}

Task<Result<replication::PeerAnswer>> PeerChannel::exchange(schema::ApiKey key, ApiVersion version,
                                                            wire::Encoded body,
                                                            TimePoint deadline) {
    if (stopping_) {
        co_return fail(ErrorKind::not_sent, "this node is stopping");
    }
    const schema::ApiInfo& api = *schema::find_api(key);
    const std::int32_t correlation = next_correlation_++;
    const schema::RequestHeader header{.request_api_key = key,
                                       .request_api_version = version,
                                       .correlation_id = CorrelationId(correlation),
                                       .client_id = client_id_};
    auto frame = make_frame(api, header, body);
    if (!frame) {
        co_return std::unexpected(frame.error());
    }
    const auto found = co_await connected_link(deadline);
    if (!found) {
        co_return std::unexpected(found.error());
    }
    const std::shared_ptr<Link> used = *found;
    Pending pending;
    used->send(correlation, std::move(*frame), pending);
    const Woken woken = co_await shard_.wait(pending.ended, deadline);
    if (woken == Woken::deadline) {
        const std::string why = used->peer() + " gave no answer in time";
        const bool is_unsent = used->withdraw(correlation);
        pending.answer = fail(is_unsent ? ErrorKind::not_sent : ErrorKind::timed_out, "{}", why);
        if (used->silence() >= max_silence_) {
            // It may be dead without a sign of it.
            used->end(why);
        }
    }
    if (!pending.answer) {
        co_return std::unexpected(pending.answer.error());
    }
    // The header: the correlation id, and in flexible versions its tagged fields.
    Arena arena(pending.answer->size());
    wire::Reader reader(pending.answer->view(), arena);
    schema::ResponseHeader answer_header;
    decode(reader, api.response_header_version(version), answer_header);
    if (const auto read = reader.status(); !read) {
        co_return std::unexpected(read.error());
    }
    const std::size_t header_size = pending.answer->size() - reader.rest().size();
    co_return replication::PeerAnswer(std::move(*pending.answer), header_size);
}

void PeerChannel::disconnect() {
    if (link_) {
        link_->end("the connection was ended by this node");
    }
}

Task<> PeerChannel::stop() {
    stopping_ = true;
    disconnect();
    co_await tasks_.wait_idle();
}

}  // namespace hw::broker
