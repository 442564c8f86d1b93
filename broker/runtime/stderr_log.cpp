#include "broker/runtime/stderr_log.h"

#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <csignal>
#include <ctime>
#include <future>
#include <mutex>
#include <pthread.h>
#include <utility>

#include <fmt/chrono.h>
#include <fmt/format.h>

namespace hw::broker {
namespace {

std::string_view name_of(LogLevel level) {
    switch (level) {
        case LogLevel::debug:
            return "DEBUG";
        case LogLevel::info:
            return "INFO ";
        case LogLevel::warning:
            return "WARN ";
        case LogLevel::error:
            return "ERROR";
    }
    return "?";
}

void append_escaped(std::string& to, std::string_view text) {
    for (const char character : text) {
        const auto code = static_cast<unsigned char>(character);
        if (code < 0x20 || code == 0x7F) {
            to += fmt::format("\\x{:02x}", code);
        } else {
            to += character;
        }
    }
}

std::string format_line(std::int64_t now, LogLevel level, std::string_view component,
                        std::string_view line) {
    const std::time_t seconds = now / 1000;
    std::string text = fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z {} {}: ", fmt::gmtime(seconds),
                                   now % 1000, name_of(level), component);
    append_escaped(text, line);
    text += '\n';
    return text;
}

/// Blocks. Ignores errors, because there is nowhere to report them.
void write_all(int descriptor, std::string_view text) {
    while (!text.empty()) {
        const ssize_t count = ::write(descriptor, text.data(), text.size());
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count < 0) {
            return;
        }
        text.remove_prefix(static_cast<std::size_t>(count));
    }
}

/// The log that a crash waits for; null before it is installed and after its end.
std::atomic<const StderrLog*> crash_log = nullptr;

/// Sleeps for a millisecond; may be called in a signal handler.
void sleep_briefly() {
    constexpr long kMillisecond = 1'000'000;
    const timespec time{0, kMillisecond};
    nanosleep(&time, nullptr);
}

}  // namespace

/// The lines that wait. The mutex guards all but `waiting`, the number of bytes that are not
/// written yet, including those being written. The crash handler reads it without the mutex.
struct StderrLog::Queue {
    explicit Queue(int target) : descriptor(target) {}

    const int descriptor;
    std::mutex mutex;
    std::condition_variable wake;
    std::string lines;
    std::size_t dropped = 0;
    bool ending = false;
    std::atomic<std::size_t> waiting = 0;

    void run() {
        std::unique_lock lock(mutex);
        while (true) {
            wake.wait(lock, [this] { return ending || !lines.empty(); });
            if (lines.empty()) {
                return;
            }
            const std::string batch = std::exchange(lines, {});
            lock.unlock();
            write_all(descriptor, batch);
            lock.lock();
            waiting.fetch_sub(batch.size());
        }
    }
};

StderrLog::StderrLog(const Clock& clock, LogLevel min_level, int descriptor)
    : clock_(&clock),
      min_level_(min_level),
      queue_(std::make_shared<Queue>(descriptor)),
      thread_([queue = queue_] { queue->run(); }) {}

StderrLog::~StderrLog() {
    const bool is_written = wait_until_written(kEndLimit);
    const StderrLog* self = this;
    crash_log.compare_exchange_strong(self, nullptr);
    {
        const std::lock_guard lock(queue_->mutex);
        queue_->ending = true;
    }
    queue_->wake.notify_one();
    is_written ? thread_.join() : thread_.detach();
}

void StderrLog::write(LogLevel level, std::string_view component, std::string_view line) {
    const std::int64_t now = clock_->wall_now().value();
    std::string text = format_line(now, level, component, line);
    {
        const std::lock_guard lock(queue_->mutex);
        if (queue_->waiting.load() + text.size() > kMaxWaiting) {
            ++queue_->dropped;
            return;
        }
        if (const std::size_t dropped = std::exchange(queue_->dropped, 0); dropped != 0) {
            text = format_line(now, LogLevel::warning, "log",
                               fmt::format("{} log lines are missing here: nobody read standard "
                                           "error, and the limit of {} waiting bytes was reached",
                                           dropped, kMaxWaiting)) +
                   text;
        }
        queue_->lines += text;
        queue_->waiting.fetch_add(text.size());
    }
    queue_->wake.notify_one();
}

bool StderrLog::wait_until_written(std::chrono::milliseconds limit) const {
    for (auto waited = limit; queue_->waiting.load() != 0; --waited) {
        if (waited.count() <= 0) {
            return false;
        }
        sleep_briefly();
    }
    return true;
}

namespace {

/// Gives the log's thread a moment, then ends the process as if there were no handler.
void on_crash(int signal) {
    constexpr std::chrono::milliseconds kCrashLimit{500};
    std::signal(signal, SIG_DFL);
    if (const StderrLog* log = crash_log.load()) {
        log->wait_until_written(kCrashLimit);
    }
    std::raise(signal);
}

}  // namespace

void StderrLog::install_crash_handler() const {
    crash_log = this;
    for (const int signal : {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL}) {
        std::signal(signal, on_crash);
    }
}

void write_within(std::chrono::milliseconds limit, int descriptor, std::string text) {
    std::promise<void> written;
    auto done = written.get_future();
    // A thread that is left behind must not take a signal that the others block and wait for.
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    std::thread thread(
        [descriptor, text = std::move(text), written = std::move(written)]() mutable {
            write_all(descriptor, text);
            written.set_value();
        });
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    if (done.wait_for(limit) == std::future_status::ready) {
        thread.join();
    } else {
        thread.detach();
    }
}

}  // namespace hw::broker
