#include "broker/runtime/event_loop.h"

#include <chrono>
#include <exception>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace hw::broker {
namespace asio = boost::asio;
namespace {

/// Lets a signal cancel a timer, as long as the waiting coroutine lives.
class Parking {
public:
    Parking(Signal& signal, asio::steady_timer& timer) : signal_(signal) {
        signal.park([&timer] { timer.cancel(); });
    }
    ~Parking() { signal_.unpark(); }
    Parking(const Parking&) = delete;
    Parking& operator=(const Parking&) = delete;

private:
    Signal& signal_;
};

}  // namespace

void EventLoop::run() {
    const auto guard = asio::make_work_guard(io_);
    while (!stopping_) {
        std::size_t handled = 0;
        if (hooks_.empty() && begin_sleep()) {
            handled = io_.run_one();
            end_sleep();
        }
        while (handled < kHandlersPerTurn && io_.poll_one() != 0) {
            ++handled;
        }
        run_posted();
        hooks_.run(TurnStep::apply);
        // The apply step has posted outcomes. Run them now, so that their answers leave in this
        // turn.
        run_posted();
        hooks_.run(TurnStep::send);
    }
}

bool EventLoop::begin_sleep() {
    const std::lock_guard lock(mutex_);
    sleeps_ = posted_.empty();
    return sleeps_;
}

void EventLoop::end_sleep() {
    const std::lock_guard lock(mutex_);
    sleeps_ = false;
}

void EventLoop::take_posted() {
    const std::lock_guard lock(mutex_);
    running_.swap(posted_);
}

void EventLoop::run_posted() {
    take_posted();
    for (auto& work : running_) {
        // Destroy each work item after it ran, because it may hold the last reference to a request.
        std::exchange(work, nullptr)();
    }
    running_.clear();
}

void EventLoop::drop_posted() {
    // Destroying work may post more work.
    do {
        running_.clear();
        take_posted();
    } while (!running_.empty());
}

void EventLoop::stop() {
    post([this] { stopping_ = true; });
}

void EventLoop::post(std::move_only_function<void()> work) {
    bool wake = false;
    {
        const std::lock_guard lock(mutex_);
        posted_.push_back(std::move(work));
        wake = std::exchange(sleeps_, false);
    }
    if (wake) {
        asio::post(io_, [] {});
    }
}

void EventLoop::spawn(Task<> task) {
    asio::co_spawn(io_, std::move(task), [](const std::exception_ptr& failure) {
        if (failure) {
            std::rethrow_exception(failure);
        }
    });
}

Task<Woken> EventLoop::wait(Signal& signal, TimePoint deadline) {
    if (signal.consume()) {
        co_return Woken::signalled;
    }
    asio::steady_timer timer(io_);
    timer.expires_at(asio::steady_timer::time_point(
        std::chrono::duration_cast<asio::steady_timer::duration>(deadline.time_since_epoch())));
    const Parking parking(signal, timer);
    boost::system::error_code cancelled;
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
    co_return signal.consume() ? Woken::signalled : Woken::deadline;
}

}  // namespace hw::broker
