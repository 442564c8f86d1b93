#include "broker/runtime/stderr_log.h"

#include <array>
#include <csignal>
#include <memory>
#include <string>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "broker/runtime/process.h"
#include "broker/runtime/system_clock.h"

namespace hw::broker {
namespace {

/// A pipe that is read only when the test asks for it.
class Pipe {
public:
    Pipe() { REQUIRE(::pipe(ends_.data()) == 0); }
    ~Pipe() {
        close_writer();
        ::close(ends_[0]);
    }
    Pipe(const Pipe&) = delete;
    Pipe& operator=(const Pipe&) = delete;

    [[nodiscard]] int writer() const { return ends_[1]; }
    void close_writer() {
        if (ends_[1] >= 0) {
            ::close(ends_[1]);
            ends_[1] = -1;
        }
    }
    /// Reads everything until the writer is closed.
    std::string read_all() const {
        std::string text;
        std::array<char, 4096> piece;
        while (true) {
            const ssize_t count = ::read(ends_[0], piece.data(), piece.size());
            if (count <= 0) {
                return text;
            }
            text.append(piece.data(), static_cast<std::size_t>(count));
        }
    }

private:
    std::array<int, 2> ends_{-1, -1};
};

std::size_t count_of(std::string_view text, std::string_view part) {
    std::size_t count = 0;
    for (auto at = text.find(part); at != std::string_view::npos; at = text.find(part, at + 1)) {
        ++count;
    }
    return count;
}

TEST_CASE("stderr log: a reader gets each line, escaped, in order", "[runtime][log]") {
    const SystemClock clock;
    Pipe pipe;
    {
        StderrLog log(clock, LogLevel::info, pipe.writer());
        log.write(LogLevel::info, "storage", "one\ntwo");
        log.write(LogLevel::error, "net", "three");
    }
    pipe.close_writer();
    const std::string text = pipe.read_all();
    CHECK(text.find("Z INFO  storage: one\\x0atwo\n") != std::string::npos);
    CHECK(text.find("Z ERROR net: three\n") > text.find("one"));
    CHECK(count_of(text, "\n") == 2);
}

TEST_CASE("stderr log: without a reader nothing blocks, and the dropped lines are counted later",
          "[runtime][log]") {
    constexpr std::size_t kLines = 400;
    const SystemClock clock;
    Pipe pipe;
    auto log = std::make_unique<StderrLog>(clock, LogLevel::info, pipe.writer());
    // Four times as many bytes as may wait; the pipe itself holds 64 KiB.
    const std::string line(4 * StderrLog::kMaxWaiting / kLines, 'x');
    for (std::size_t i = 0; i < kLines; ++i) {
        log->write(LogLevel::info, "test", line);
    }
    std::string text;
    std::thread reader([&] { text = pipe.read_all(); });
    REQUIRE(log->wait_until_written(std::chrono::minutes(1)));
    log->write(LogLevel::info, "test", "again");
    log.reset();
    pipe.close_writer();
    reader.join();
    const std::size_t kept = count_of(text, line);
    CHECK(kept >= kLines / 4 - 1);
    CHECK(kept < kLines / 3);
    const auto told = text.find(fmt::format("{} log lines are missing here", kLines - kept));
    CHECK(told != std::string::npos);
    CHECK(text.find("test: again\n") > told);
}

TEST_CASE("stderr log: its destructor does not wait for a reader that never comes",
          "[runtime][log]") {
    const SystemClock clock;
    // The thread that hangs in the write still uses the descriptor, so the pipe is never closed.
    static const Pipe& pipe = *std::make_unique<Pipe>().release();
    {
        StderrLog log(clock, LogLevel::info, pipe.writer());
        log.write(LogLevel::info, "test", std::string(StderrLog::kMaxWaiting / 2, 'x'));
        CHECK_FALSE(log.wait_until_written(std::chrono::milliseconds(1)));
    }
    write_within(std::chrono::milliseconds(1), pipe.writer(), "not read either\n");
}

TEST_CASE(
    "stderr log: a writer thread that is left behind takes no signal that other threads wait for",
    "[runtime][log]") {
    const Pipe pipe;
    const pid_t child = ::fork();
    if (child == 0) {
        write_within(std::chrono::milliseconds(1), pipe.writer(),
                     std::string(StderrLog::kMaxWaiting / 2, 'x'));
        std::signal(SIGTERM, SIG_DFL);  // Catch has changed it
        block_stop_signals();
        ::kill(::getpid(), SIGTERM);
        ::_exit(wait_for_stop_signal() == SIGTERM ? 0 : 1);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 0);
}

TEST_CASE("stderr log: lines written before a crash are not lost", "[runtime][log]") {
    const SystemClock clock;
    Pipe pipe;
    const pid_t child = ::fork();
    if (child == 0) {
        StderrLog log(clock, LogLevel::info, pipe.writer());
        log.install_crash_handler();
        for (int i = 0; i < 1000; ++i) {
            log.write(LogLevel::info, "test", fmt::format("line {}.", i));
        }
        ::raise(SIGABRT);
    }
    pipe.close_writer();
    const std::string text = pipe.read_all();
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(WIFSIGNALED(status));
    CHECK(WTERMSIG(status) == SIGABRT);
    CHECK(text.find("line 999.") != std::string::npos);
}

}  // namespace
}  // namespace hw::broker
