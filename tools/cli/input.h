#pragma once

#include <chrono>
#include <csignal>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/base/result.h"

/// Input of the user while a command runs: Ctrl-C, answers to questions, and lines on standard
/// input.
namespace hw::cli {

/// A question before something that cannot be undone.
struct Question {
    std::string text;      ///< "Delete orders with all records?"
    std::string consent;   ///< what a yes confirms: "orders may be deleted"
    std::string not_done;  ///< the outcome of another answer: "nothing was deleted"
};

/// Asks the user to type yes. Errors: invalid (standard input is not a terminal; the error names
/// --yes), io (the answer is not yes).
[[nodiscard]] Result<void> confirm(const Question& question);

/// Catches Ctrl-C and SIGTERM while it lives: they make a descriptor readable instead of ending the
/// process, so that a command can finish and print its results. One at a time, on the main thread.
class Interrupt {
public:
    Interrupt();
    Interrupt(const Interrupt&) = delete;
    Interrupt& operator=(const Interrupt&) = delete;
    ~Interrupt();

    /// Readable from the first signal on.
    [[nodiscard]] int descriptor() const { return descriptor_; }
    [[nodiscard]] bool is_raised() const { return wait(std::chrono::milliseconds(0)); }
    /// Waits for the first signal, at most that long. Returns whether it has come.
    [[nodiscard]] bool wait(std::chrono::milliseconds most) const;

private:
    sigset_t before_{};
    int descriptor_;
};

/// Reads lines from a descriptor, without their line feeds; text after the last line feed is a line
/// too. Borrows both descriptors.
class LineReader {
public:
    static constexpr std::size_t kMaxLineBytes = 64 * 1024 * 1024;

    /// The input ends when `stop_descriptor` becomes readable.
    LineReader(int descriptor, int stop_descriptor)
        : descriptor_(descriptor), stop_descriptor_(stop_descriptor) {}

    /// The next line, valid until the next call; nothing at the end. Errors: limit (kMaxLineBytes),
    /// io.
    [[nodiscard]] Result<std::optional<std::string_view>> next();

    /// Size of the incomplete line that was dropped when the stop came.
    [[nodiscard]] std::size_t dropped_bytes() const { return dropped_bytes_; }

    /// True where `next` would have to wait for input.
    [[nodiscard]] bool would_wait() const;

private:
    enum class Input : bool { more, ended };

    [[nodiscard]] Result<Input> read_more();
    [[nodiscard]] std::string_view unread() const {
        return std::string_view(buffer_).substr(position_);
    }
    [[nodiscard]] std::string_view take(std::size_t line_size);

    int descriptor_;
    int stop_descriptor_;
    std::string buffer_;
    std::size_t position_ = 0;  ///< of the first unread byte
    std::size_t dropped_bytes_ = 0;
    bool has_ended_ = false;
};

}  // namespace hw::cli
