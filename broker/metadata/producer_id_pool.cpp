#include "broker/metadata/producer_id_pool.h"

#include <algorithm>
#include <utility>

namespace hw::broker {

void ProducerIdPool::take(Shard& home, Done done) {
    control_.post([this, &home, done = std::move(done)]() mutable {
        serve({.home = &home, .done = std::move(done), .deadline = clock_.now() + kMaxWait});
    });
}

void ProducerIdPool::serve(Taker taker) {
    if (stopping_ || takers_.size() >= kMaxWaiting) {
        give(std::move(taker), std::nullopt);
        return;
    }
    takers_.push_back(std::move(taker));
    hand_out();
    if (stock_.is_low() && !std::exchange(refilling_, true)) {
        tasks_.spawn(refill());
    }
}

void ProducerIdPool::hand_out() {
    while (!takers_.empty()) {
        const auto id = stock_.take();
        if (!id) {
            return;
        }
        give(std::move(takers_.front()), id);
        takers_.pop_front();
    }
}

void ProducerIdPool::refuse_late() {
    while (!takers_.empty() && (stopping_ || takers_.front().deadline <= clock_.now())) {
        give(std::move(takers_.front()), std::nullopt);
        takers_.pop_front();
    }
}

void ProducerIdPool::give(Taker taker, std::optional<ProducerId> id) {
    taker.home->post([done = std::move(taker.done), id]() mutable { done(id); });
}

Task<> ProducerIdPool::refill() {
    while (stock_.is_low() && !stopping_) {
        const BrokerIdentity self = identify_();
        const schema::AllocateProducerIdsRequest request{.broker_id = self.id,
                                                         .broker_epoch = self.epoch};
        const auto answer = co_await replication::call<schema::AllocateProducerIdsResponse>(
            controller_, request, ApiVersion(0), clock_.now() + kAttempt);
        const bool added = take_answer(answer);
        if (!added && takers_.empty()) {
            break;
        }
        const TimePoint next = added ? clock_.now() : clock_.now() + kPause;
        co_await control_.wait(stop_, next);
    }
    refilling_ = false;
}

Result<void> ProducerIdPool::add_block(const Result<Reply>& answer) {
    if (!answer) {
        return std::unexpected(answer.error());
    }
    const schema::AllocateProducerIdsResponse& block = **answer;
    if (block.error_code != wire::ErrorCode::none) {
        return fail(ErrorKind::invalid, "the controller answered {}", block.error_code);
    }
    return stock_.add(block.producer_id_start, block.producer_id_len);
}

bool ProducerIdPool::take_answer(const Result<Reply>& answer) {
    const Result<void> added = add_block(answer);
    // Log only the first of consecutive failures.
    if (!added && !std::exchange(failing_, true)) {
        log_.warning("cannot get a block of producer ids: {}; {} producers are waiting",
                     added.error().message, takers_.size());
    }
    failing_ = !added;
    hand_out();
    refuse_late();
    return added.has_value();
}

void ProducerIdPool::begin_stop() {
    stopping_ = true;
    stop_.set();
    refuse_late();
}

Task<> ProducerIdPool::stop() {
    begin_stop();
    co_await tasks_.wait_idle();
}

}  // namespace hw::broker
