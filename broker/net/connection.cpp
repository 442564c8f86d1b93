#include "broker/net/connection.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace hw::broker {
namespace {

Buffer copy_of(ByteView bytes) {
    Buffer copy(bytes.size());
    std::ranges::copy(bytes, copy.data());
    return copy;
}

std::int64_t in_seconds(Duration span) {
    return std::chrono::duration_cast<std::chrono::seconds>(span).count();
}

}  // namespace

Connection::Connection(std::unique_ptr<Transport> transport, ConnectionServices& services,
                       const ListenerInfo& listener, std::function<void()> on_end)
    : transport_(std::move(transport)),
      services_(&services),
      listener_(&listener),
      peer_(std::make_shared<const Endpoint>(transport_->peer())),
      on_end_(std::move(on_end)),
      frames_(services.limits.request_max_bytes),
      share_(services.memory.share()),
      last_received_(services.clock.now()),
      last_sent_(last_received_) {
    share_->set_shrink_signal(&room_);
}

Connection::~Connection() {
    share_->set_shrink_signal(nullptr);
}

Task<> Connection::serve(std::shared_ptr<Connection> self) {
    while (self->reading_) {
        co_await self->transport_->wait_readable();
        co_await self->receive();
    }
}

Task<> Connection::receive() {
    std::size_t received = 0;
    while (reading_ && received < kBytesPerTurn) {
        ByteView input;
        std::size_t asked = 0;
        const Transfer transfer = read_some(input, asked);
        if (transfer.progress == Progress::closed) {
            // Send the answers that are ready. Nobody waits for the others.
            send();
            close();
        }
        if (transfer.progress != Progress::done) {
            co_return;
        }
        received += transfer.bytes;
        received_.moved(transfer.bytes);
        co_await take_frames(input);
        if (transfer.bytes < asked) {
            co_return;
        }
    }
}

Transfer Connection::read_some(ByteView& input, std::size_t& asked) {
    MutableBytes target = frames_.unfilled();
    const bool direct = target.size() >= kDirectRead;
    if (!direct) {
        target = services_->scratch;
        if (services_->memory.is_scarce()) {
            target = target.first(kScarceRead);
        }
    }
    asked = std::min(target.size(), kBytesPerRead);
    const Transfer transfer = transport_->try_read(target.first(asked));
    if (direct) {
        frames_.received(transfer.bytes);
    } else {
        input = target.first(transfer.bytes);
    }
    return transfer;
}

Task<> Connection::take_frames(ByteView input) {
    last_received_ = services_->clock.now();
    paused_ = true;
    Buffer stash;
    bool is_stashed = false;
    FrameReader::Step step = frames_.next(input);
    while (step == FrameReader::Step::complete || step == FrameReader::Step::need_memory) {
        if (step == FrameReader::Step::complete) {
            take_frame();
        } else if (!try_step(input.size())) {
            if (!is_stashed) {
                // Other connections use the scratch buffer while this one waits.
                stash = copy_of(input);
                input = stash.view();
                is_stashed = true;
            }
            co_await dispatch_arrived();
            const bool granted = co_await wait_for_step(input.size());
            if (!granted) {
                co_return;
            }
        }
        step = frames_.next(input);
    }
    note_frame_time();
    co_await dispatch_arrived();
    paused_ = false;
    const Duration paused = services_->clock.now() - last_received_;
    received_.exclude(paused);
    if (frame_started_ != kNever) {
        frame_started_ += paused;
    }
    if (step == FrameReader::Step::invalid) {
        end_with_warning(
            fmt::format("it announced a request of {} bytes; a request has 0 to {} bytes "
                        "(socket.request.max.bytes). Does it speak another protocol, or TLS?",
                        frames_.size(), services_->limits.request_max_bytes));
    }
}

void Connection::take_frame() {
    usual_frame_ = std::max(usual_frame_, std::min(frames_.filled(), kStep));
    arrived_.push_back(std::make_shared<Exchange>(frames_.take(), std::move(reservation_), *this));
    frame_started_ = kNever;
    received_.end();
}

void Connection::note_frame_time() {
    if (frames_.in_frame() && frame_started_ == kNever) {
        frame_started_ = last_received_;
        received_.begin(last_received_ + services_->limits.send_grace);
    }
}

std::size_t Connection::step_size(std::size_t arrived) const {
    const auto size = static_cast<std::size_t>(frames_.size());
    if (size <= BufferPool::kCapacity) {
        return BufferPool::kCapacity;
    }
    const std::size_t expected =
        std::max({kFirstStep, usual_frame_, 2 * arrived, 2 * frames_.filled()});
    return std::min({frames_.ungranted(), kStep, expected});
}

bool Connection::try_step(std::size_t arrived) {
    if (!frames_.admitted()) {
        const auto size = static_cast<std::size_t>(frames_.size());
        reservation_ = services_->memory.begin(share_, size);
    }
    const std::size_t bytes = step_size(arrived);
    if (!has_room_for_frames() || !services_->memory.try_step(reservation_, bytes)) {
        return false;
    }
    use_step(bytes);
    return true;
}

Task<bool> Connection::wait_for_step(std::size_t arrived) {
    while (open_ && !has_room_for_frames()) {
        co_await services_->shard.wait(room_, kNever);
    }
    if (!open_) {
        co_return false;
    }
    const std::size_t bytes = step_size(arrived);
    const bool granted = co_await services_->memory.step(reservation_, bytes);
    if (granted) {
        use_step(bytes);
    }
    co_return granted;
}

void Connection::use_step(std::size_t bytes) {
    const auto size = static_cast<std::size_t>(frames_.size());
    if (!frames_.admitted()) {
        frames_.admit(services_->memory.buffer(size));
    }
    frames_.grant(std::min(bytes, frames_.ungranted()));
}

bool Connection::has_room_for_frames() const {
    const ConnectionLimits& limits = services_->limits;
    if (arrived_.size() >= limits.requests_in_flight_max) {
        return false;
    }
    if (arrived_.empty() && answers_.empty()) {
        return true;
    }
    constexpr std::size_t kOneIn = 4;  // a quarter of the shard's part
    const std::size_t share =
        std::max(services_->memory.limits().requests / kOneIn, MemoryBudget::kSmallFrame);
    const std::size_t limit = std::min(limits.bytes_in_flight_max, share);
    return share_->requests() - reservation_.requests() <= limit;
}

bool Connection::has_room_for_answers() const {
    const bool is_full = share_->answers() > 0 && services_->memory.answers_are_full();
    return !is_full && share_->answers() <= services_->limits.answer_bytes_max &&
           answers_.size() < services_->limits.requests_in_flight_max;
}

Task<> Connection::dispatch_arrived() {
    for (std::size_t next = 0; next < arrived_.size() && open_; ++next) {
        const ExchangePtr exchange = arrived_[next];
        while (open_ && !may_begin(*exchange)) {
            co_await services_->shard.wait(room_, kNever);
        }
        if (!open_ || !reading_) {
            break;
        }
        exchange->context().listener = listener_;
        exchange->context().peer = peer_;
        answers_.push(exchange);
        co_await services_->dispatcher.dispatch(exchange);
        if (exchange->context().throttle > Millis(0)) {
            co_await pause(exchange->context().throttle);
        }
    }
    for (const ExchangePtr& exchange : arrived_) {
        if (!open_) {
            exchange->detach();
        }
    }
    arrived_.clear();
}

bool Connection::may_begin(const Exchange& next) const {
    if (holding_ || !has_room_for_answers()) {
        return false;
    }
    const schema::ApiInfo* api = next.named_api();
    return api == nullptr || !api->after_writes || !answers_.has_open_write();
}

Task<> Connection::pause(Millis span) {
    const TimePoint end = services_->clock.now() + std::chrono::milliseconds(span.value());
    while (open_ && services_->clock.now() < end) {
        co_await services_->shard.wait(room_, end);
    }
}

void Connection::on_answer() {
    schedule_send();
}

void Connection::on_reject(const Error& reason) {
    end_with_warning(reason.message);
}

void Connection::end_with_warning(std::string_view why) {
    services_->warnings.warning("closing the connection from {} on {}: {}", to_string(*peer_),
                                listener_->name, why);
    reading_ = false;
    schedule_send();
}

void Connection::schedule_send() {
    services_->shard.at_end_of_turn(TurnStep::send, *this);
}

void Connection::at_end_of_turn() {
    // The host may have the last reference, and close() makes it drop that.
    const auto self = shared_from_this();
    send();
}

void Connection::send() {
    while (open_ && !write_blocked_) {
        answers_.sent(0);
        const auto slices = answers_.gather();
        if (slices.empty()) {
            taken_.end();
            break;
        }
        const Transfer written = transport_->try_write(slices);
        if (written.progress == Progress::closed) {
            close();
        } else if (written.progress == Progress::would_block) {
            write_blocked_ = true;
            if (!taken_.is_on()) {
                taken_.begin(services_->clock.now());
            }
            services_->tasks.spawn(send_when_writable(shared_from_this()));
        } else {
            last_sent_ = services_->clock.now();
            taken_.moved(written.bytes);
            answers_.sent(written.bytes);
        }
    }
    room_.set();
    sent_.set();
    if (answers_.ends_here() || (!reading_ && answers_.empty())) {
        close();
    }
}

Task<> Connection::wait_settled(TimePoint deadline) {
    while (open_ && answers_.has_request_to_await() && services_->clock.now() < deadline) {
        co_await services_->shard.wait(sent_, deadline);
    }
}

Task<> Connection::send_when_writable(std::shared_ptr<Connection> self) {
    co_await self->transport_->wait_writable();
    self->write_blocked_ = false;
    self->send();
}

void Connection::close() {
    if (!std::exchange(open_, false)) {
        return;
    }
    const auto self = shared_from_this();
    reading_ = false;
    transport_->close();
    services_->memory.end_wait(share_);
    answers_.detach_all();
    room_.set();
    sent_.set();
    on_end_();
}

void Connection::check_time(TimePoint now) {
    if (ends_as_slow_reader(now) || paused_ || ends_as_slow_sender(now)) {
        return;
    }
    const bool is_idle = frame_started_ == kNever && answers_.empty();
    if (is_idle && now - last_received_ > services_->limits.idle_max) {
        services_->log.debug(
            "closing the connection from {}: idle for longer than connections.max.idle.ms",
            to_string(*peer_));
        close();
    }
}

bool Connection::ends_as_slow_reader(TimePoint now) {
    const ConnectionLimits& limits = services_->limits;
    if (!taken_.is_too_slow(now, limits.read_window, limits.min_bytes_per_second)) {
        return false;
    }
    const bool is_idle = now - last_sent_ > limits.idle_max;
    if (!services_->memory.answers_are_scarce() && !is_idle) {
        return false;
    }
    services_->warnings.warning(
        "closing the connection from {}: it takes its answers more slowly than {} KiB/s, averaged "
        "over {} s, and {} bytes wait for it",
        to_string(*peer_), limits.min_bytes_per_second / 1024, in_seconds(limits.read_window),
        share_->answers());
    close();
    return true;
}

bool Connection::ends_as_slow_sender(TimePoint now) {
    if (frame_started_ == kNever || !frames_.in_frame()) {
        return false;
    }
    const ConnectionLimits& limits = services_->limits;
    const auto size = static_cast<std::size_t>(std::max(frames_.size(), 0));
    const auto allowed =
        limits.frame_max + std::chrono::seconds(frames_.size() / kFrameBytesPerSecond);
    if (now - frame_started_ > allowed) {
        services_->warnings.warning(
            "closing the connection from {}: a request of {} bytes was not sent whole within {} s",
            to_string(*peer_), frames_.size(), in_seconds(allowed));
    } else if (size > BufferPool::kCapacity && services_->memory.is_scarce() &&
               received_.is_too_slow(now, limits.send_window, limits.min_bytes_per_second)) {
        services_->warnings.warning(
            "closing the connection from {}: it sends a request of {} bytes more slowly than {} "
            "KiB/s, averaged over {} s; {} bytes have arrived",
            to_string(*peer_), size, limits.min_bytes_per_second / 1024,
            in_seconds(limits.send_window), frames_.filled());
    } else {
        return false;
    }
    close();
    return true;
}

}  // namespace hw::broker
