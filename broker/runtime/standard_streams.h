#pragma once

#include <fcntl.h>
#include <unistd.h>

namespace hw::broker {

/// Opens /dev/null in place of each standard stream that is closed: the next file or connection
/// would take its number, and what is printed would be written there. Called first of all.
inline void open_standard_streams() {
    for (int stream = STDIN_FILENO; stream <= STDERR_FILENO; ++stream) {
        if (fcntl(stream, F_GETFD) < 0) {
            // Takes the lowest number that is free, which is this one.
            [[maybe_unused]] const int null = open("/dev/null", O_RDWR);
        }
    }
}

}  // namespace hw::broker
