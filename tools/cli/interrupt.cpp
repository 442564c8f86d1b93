#include "tools/cli/interrupt.h"

#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

namespace hw::cli {

Interrupt::Interrupt() {
    sigset_t watched;
    sigemptyset(&watched);
    sigaddset(&watched, SIGINT);
    sigaddset(&watched, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &watched, &before_);
    descriptor_ = signalfd(-1, &watched, SFD_NONBLOCK | SFD_CLOEXEC);
}

Interrupt::~Interrupt() {
    // What is pending was heard; it must not end the process once the signals are open again.
    signalfd_siginfo heard;
    while (read(descriptor_, &heard, sizeof heard) > 0) {
    }
    close(descriptor_);
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

bool Interrupt::is_raised() const {
    pollfd watched{descriptor_, POLLIN, 0};
    return poll(&watched, 1, 0) > 0;
}

}  // namespace hw::cli
