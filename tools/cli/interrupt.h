#pragma once

#include <csignal>

namespace hw::cli {

/// While it lives, Ctrl-C and SIGTERM do not end the process but make a descriptor readable, so
/// that a command ends what it does and prints what it owes. One at a time; for the one thread.
class Interrupt {
public:
    Interrupt();
    Interrupt(const Interrupt&) = delete;
    Interrupt& operator=(const Interrupt&) = delete;
    ~Interrupt();

    /// Readable from the first signal on.
    [[nodiscard]] int descriptor() const { return descriptor_; }
    [[nodiscard]] bool is_raised() const;

private:
    sigset_t before_{};
    int descriptor_;
};

}  // namespace hw::cli
