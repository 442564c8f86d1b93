#include "test/sim/sim_shard.h"

#include <exception>
#include <utility>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/execution.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace hw::sim {
namespace asio = boost::asio;

class SimShard::Executor {
public:
    explicit Executor(SimShard& shard) : shard_(&shard) {}

    asio::execution_context& query(asio::execution::context_t) const noexcept {
        return shard_->context_;
    }
    static constexpr asio::execution::blocking_t query(asio::execution::blocking_t) noexcept {
        return asio::execution::blocking.never;
    }
    Executor require(asio::execution::blocking_t::never_t) const noexcept { return *this; }

    template <class Work>
    void execute(Work work) const {
        shard_->scheduler_->ready(shard_->node_,
                                  [work = std::move(work)]() mutable { std::move(work)(); });
    }

    bool operator==(const Executor&) const = default;

private:
    SimShard* shard_;
};

SimShard::~SimShard() {
    drop();
}

void SimShard::drop() {
    scheduler_->drop(node_);
    while (!posted_.empty()) {
        posted_.clear();
        scheduler_->drop(node_);
    }
}

void SimShard::post(std::move_only_function<void()> work) {
    posted_.push_back(std::move(work));
    scheduler_->ready(node_, [this] {
        Scheduler::Work first = std::move(posted_.front());
        posted_.pop_front();
        first();
    });
}

void SimShard::spawn(Task<> task) {
    asio::co_spawn(Executor(*this), std::move(task), [](const std::exception_ptr& failure) {
        if (failure) {
            std::rethrow_exception(failure);
        }
    });
}

void SimShard::at_end_of_turn(TurnStep step, TurnHook& hook) {
    hooks_.add(step, hook);
    if (!std::exchange(turn_ends_, true)) {
        post([this] {
            turn_ends_ = false;
            hooks_.run(TurnStep::apply);
            hooks_.run(TurnStep::send);
        });
    }
}

Task<> SimShard::suspend(std::move_only_function<void(Scheduler::Work)> park) {
    auto initiation = [&park](auto handler) {
        park([handler = std::move(handler)]() mutable { std::move(handler)(); });
    };
    co_await asio::async_initiate<const asio::use_awaitable_t<>&, void()>(initiation,
                                                                          asio::use_awaitable);
}

Task<Woken> SimShard::wait(Signal& signal, TimePoint deadline) {
    return wait_until(signal, true_time(deadline));
}

Task<Woken> SimShard::wait_until(Signal& signal, TimePoint true_deadline) {
    if (signal.consume()) {
        co_return Woken::signalled;
    }
    auto park = [this, &signal, true_deadline](Scheduler::Work resume) {
        const auto id = scheduler_->park(node_, std::move(resume), true_deadline);
        signal.park([this, id] { scheduler_->wake(id); });
    };
    co_await suspend(park);
    signal.unpark();
    co_return signal.consume() ? Woken::signalled : Woken::deadline;
}

}  // namespace hw::sim
