#pragma once

#include <fcntl.h>
#include <unistd.h>

namespace hw::broker {

/// What happens to output when standard output is closed.
enum class ClosedOutput { dropped, error };

/// Opens /dev/null for each standard stream that is closed. Otherwise the next file or connection
/// would get its descriptor, and printed text would go there. Call it first of all.
inline void open_standard_streams(ClosedOutput output) {
    for (int stream = STDIN_FILENO; stream <= STDERR_FILENO; ++stream) {
        if (fcntl(stream, F_GETFD) < 0) {
            const bool refuses = stream == STDOUT_FILENO && output == ClosedOutput::error;
            // Gets the lowest free descriptor, which is this one.
            [[maybe_unused]] const int null = open("/dev/null", refuses ? O_RDONLY : O_RDWR);
        }
    }
}

}  // namespace hw::broker
