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

/// A signal that cancels a timer, as long as the waiting coroutine lives.
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
        std::size_t handled = hooks_.empty() ? io_.run_one() : 0;
        while (handled < kHandlersPerTurn && io_.poll_one() != 0) {
            ++handled;
        }
        hooks_.run();
    }
}

void EventLoop::stop() {
    post([this] { stopping_ = true; });
}

void EventLoop::post(std::move_only_function<void()> work) {
    asio::post(io_, std::move(work));
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
