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

}  // namespace

Connection::Connection(std::unique_ptr<Transport> transport, ConnectionServices& services,
                       const ListenerInfo& listener, std::function<void()> on_end)
    : transport_(std::move(transport)),
      services_(&services),
      listener_(&listener),
      peer_(std::make_shared<const Endpoint>(transport_->peer())),
      on_end_(std::move(on_end)),
      frames_(services.limits.request_max_bytes),
      last_received_(services.clock.now()) {}

Task<> Connection::serve(std::shared_ptr<Connection> self) {
    while (self->reading_ && self->taking_) {
        co_await self->transport_->wait_readable();
        co_await self->receive();
    }
}

Task<> Connection::receive() {
    std::size_t received = 0;
    while (reading_ && taking_ && received < kBytesPerTurn) {
        ByteView input;
        std::size_t asked = 0;
        const Transfer transfer = read_some(input, asked);
        if (transfer.progress == Progress::closed) {
            // What is answered already still goes out; nobody waits for the rest.
            send();
            close();
        }
        if (transfer.progress != Progress::done) {
            co_return;
        }
        received += transfer.bytes;
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
    bool broken = false;
    for (;;) {
        const FrameReader::Step step = frames_.next(input);
        if (step == FrameReader::Step::need_input || step == FrameReader::Step::invalid) {
            broken = step == FrameReader::Step::invalid;
            break;
        }
        if (step == FrameReader::Step::complete) {
            arrived_.push_back(
                std::make_shared<Exchange>(frames_.take(), std::move(reservation_), *this));
            frame_started_ = kNever;
            continue;
        }
        const auto size = static_cast<std::size_t>(frames_.size());
        const std::size_t memory = BufferPool::memory_of(size);
        const bool may_admit = arrived_.size() < services_->limits.requests_in_flight_max;
        if (auto reservation = may_admit ? services_->memory.try_reserve(memory) : std::nullopt) {
            reservation_ = std::move(*reservation);
        } else {
            // Others use the scratch memory while this connection waits.
            stash = copy_of(input);
            input = stash.view();
            co_await dispatch_arrived();
            Reservation reserved = co_await services_->memory.reserve(memory);
            reservation_ = std::move(reserved);
        }
        frames_.admit(services_->memory.buffer(size));
    }
    if (frames_.in_frame() && frame_started_ == kNever) {
        frame_started_ = last_received_;
    }
    co_await dispatch_arrived();
    paused_ = false;
    if (frame_started_ != kNever) {
        frame_started_ += services_->clock.now() - last_received_;
    }
    if (broken) {
        end_with_warning(
            fmt::format("it announced a request of {} bytes; a request has 0 to {} bytes "
                        "(socket.request.max.bytes). Does it speak another protocol, or TLS?",
                        frames_.size(), services_->limits.request_max_bytes));
    }
}

Task<> Connection::dispatch_arrived() {
    for (std::size_t next = 0; next < arrived_.size() && open_; ++next) {
        const ExchangePtr exchange = arrived_[next];
        while (open_ && !may_begin(*exchange)) {
            co_await services_->shard.wait(changed_, kNever);
        }
        if (!open_ || !reading_ || !taking_) {
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
    if (answers_.size() >= services_->limits.requests_in_flight_max) {
        return false;
    }
    const schema::ApiInfo* api = next.named_api();
    return api == nullptr || !api->after_writes || !answers_.has_open_write();
}

Task<> Connection::pause(Millis span) {
    const TimePoint end = services_->clock.now() + std::chrono::milliseconds(span.value());
    while (open_ && services_->clock.now() < end) {
        co_await services_->shard.wait(changed_, end);
    }
}

void Connection::on_answer() {
    schedule_send();
}

void Connection::on_reject(const Error& reason) {
    end_with_warning(reason.message);
}

void Connection::end_with_warning(std::string_view why) {
    services_->warnings.warning("connection of {} on {} ends: {}", to_string(*peer_),
                                listener_->name, why);
    reading_ = false;
    schedule_send();
}

void Connection::schedule_send() {
    services_->shard.at_end_of_turn(TurnStep::send, *this);
}

void Connection::at_end_of_turn() {
    // When it reads no more, its host may be the last to hold it, and close() makes that let go.
    const auto self = shared_from_this();
    send();
}

void Connection::send() {
    while (open_ && send_blocked_ == kNever) {
        answers_.sent(0);
        const auto slices = answers_.gather();
        if (slices.empty()) {
            break;
        }
        const Transfer written = transport_->try_write(slices);
        if (written.progress == Progress::closed) {
            close();
        } else if (written.progress == Progress::would_block) {
            send_blocked_ = services_->clock.now();
            services_->tasks.spawn(send_when_writable(shared_from_this()));
        } else {
            answers_.sent(written.bytes);
        }
    }
    changed_.set();
    sent_.set();
    if (answers_.ends_here() || (!reading_ && answers_.empty())) {
        close();
    }
}

Task<> Connection::wait_settled(TimePoint deadline) {
    while (open_ && answers_.owes_an_outcome() && services_->clock.now() < deadline) {
        co_await services_->shard.wait(sent_, deadline);
    }
}

Task<> Connection::send_when_writable(std::shared_ptr<Connection> self) {
    co_await self->transport_->wait_writable();
    self->send_blocked_ = kNever;
    self->send();
}

void Connection::close() {
    if (!std::exchange(open_, false)) {
        return;
    }
    const auto self = shared_from_this();
    reading_ = false;
    transport_->close();
    answers_.detach_all();
    changed_.set();
    sent_.set();
    on_end_();
}

void Connection::check_time(TimePoint now) {
    const ConnectionLimits& limits = services_->limits;
    if (send_blocked_ != kNever && now - send_blocked_ > limits.send_max) {
        services_->warnings.warning(
            "connection of {} ends: it took no byte of its answers for {} s", to_string(*peer_),
            std::chrono::duration_cast<std::chrono::seconds>(limits.send_max).count());
        close();
        return;
    }
    if (paused_) {
        return;
    }
    if (frame_started_ != kNever && frames_.in_frame()) {
        const auto allowed =
            limits.frame_max + std::chrono::seconds(frames_.size() / kFrameBytesPerSecond);
        if (now - frame_started_ > allowed) {
            services_->warnings.warning(
                "connection of {} ends: a request of {} bytes was not sent whole within {} s",
                to_string(*peer_), frames_.size(),
                std::chrono::duration_cast<std::chrono::seconds>(allowed).count());
            close();
        }
        return;
    }
    if (answers_.empty() && now - last_received_ > limits.idle_max) {
        services_->log.debug("connection of {} ends: idle for longer than connections.max.idle.ms",
                             to_string(*peer_));
        close();
    }
}

}  // namespace hw::broker
