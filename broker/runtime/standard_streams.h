#pragma once

#include <fcntl.h>
#include <unistd.h>

namespace hw::broker {

/// What becomes of output where standard output is closed.
enum class ClosedOutput { dropped, error };

/// Opens /dev/null in place of each standard stream that is closed: the next file or connection
/// would take its number, and what is printed would be written there. Called first of all.
inline void open_standard_streams(ClosedOutput output) {
    for (int stream = STDIN_FILENO; stream <= STDERR_FILENO; ++stream) {
        if (fcntl(stream, F_GETFD) < 0) {
            const bool refuses = stream == STDOUT_FILENO && output == ClosedOutput::error;
            // Takes the lowest number that is free, which is this one.
            [[maybe_unused]] const int null = open("/dev/null", refuses ? O_RDONLY : O_RDWR);
        }
    }
}

}  // namespace hw::broker
