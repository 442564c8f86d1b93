#include "tools/cli/input.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <iostream>
#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <fmt/format.h>

#include "tools/cli/output.h"

namespace hw::cli {
namespace {

constexpr std::size_t kReadBytes = 64 * 1024;
constexpr int kForever = -1;

}  // namespace

Result<void> confirm(const Question& question) {
    if (isatty(STDIN_FILENO) == 0) {
        return fail(ErrorKind::invalid,
                    "standard input is not a terminal, so nobody can confirm that {}; give --yes",
                    question.consent);
    }
    remark(fmt::format("{} Type yes: ", question.text));
    std::string answer;
    std::getline(std::cin, answer);
    if (answer != "yes") {
        return fail(ErrorKind::io, "{}: the answer was not yes", question.not_done);
    }
    return {};
}

Interrupt::Interrupt() {
    sigset_t watched;
    sigemptyset(&watched);
    sigaddset(&watched, SIGINT);
    sigaddset(&watched, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &watched, &before_);
    descriptor_ = signalfd(-1, &watched, SFD_NONBLOCK | SFD_CLOEXEC);
}

Interrupt::~Interrupt() {
    // Pending signals were handled already; they must not end the process when unblocked.
    signalfd_siginfo heard;
    while (read(descriptor_, &heard, sizeof heard) > 0) {
    }
    close(descriptor_);
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

bool Interrupt::wait(std::chrono::milliseconds most) const {
    pollfd watched{descriptor_, POLLIN, 0};
    return poll(&watched, 1, static_cast<int>(most.count())) > 0;
}

Result<std::optional<std::string_view>> LineReader::next() {
    while (true) {
        const std::size_t line_size = unread().find('\n');
        if (line_size != std::string_view::npos) {
            return take(line_size);
        }
        if (unread().size() > kMaxLineBytes) {
            return fail(ErrorKind::limit, "a line has more than {} bytes", kMaxLineBytes);
        }
        HW_TRY(input, has_ended_ ? Input::ended : read_more());
        if (input == Input::ended) {
            has_ended_ = true;
            return unread().empty() ? std::nullopt : std::optional(take(unread().size()));
        }
    }
}

std::string_view LineReader::take(std::size_t line_size) {
    const std::string_view line = unread().substr(0, line_size);
    position_ = std::min(position_ + line_size + 1, buffer_.size());
    return line;
}

bool LineReader::would_wait() const {
    if (has_ended_ || unread().find('\n') != std::string_view::npos) {
        return false;
    }
    pollfd watched{descriptor_, POLLIN, 0};
    return poll(&watched, 1, 0) == 0;
}

Result<LineReader::Input> LineReader::read_more() {
    std::array<pollfd, 2> watched{{{descriptor_, POLLIN, 0}, {stop_descriptor_, POLLIN, 0}}};
    if (poll(watched.data(), watched.size(), kForever) < 0 && errno != EINTR) {
        return std::unexpected(system_error(errno, "wait for standard input"));
    }
    if (watched[1].revents != 0) {
        // The user had not finished the incomplete line, so it must not be sent.
        dropped_bytes_ = unread().size();
        buffer_.clear();
        position_ = 0;
        return Input::ended;
    }
    buffer_.erase(0, position_);
    position_ = 0;
    const std::size_t kept = buffer_.size();
    buffer_.resize(kept + kReadBytes);
    const ssize_t count = read(descriptor_, buffer_.data() + kept, kReadBytes);
    buffer_.resize(kept + static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
    if (count < 0 && errno != EINTR) {
        return std::unexpected(system_error(errno, "read standard input"));
    }
    return count == 0 ? Input::ended : Input::more;
}

}  // namespace hw::cli
