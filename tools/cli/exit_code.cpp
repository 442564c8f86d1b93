#include "tools/cli/exit_code.h"

namespace hw::cli {

ExitCode exit_code_of(ErrorKind kind) {
    switch (kind) {
        case ErrorKind::invalid:
            return ExitCode::usage;
        case ErrorKind::not_found:
            return ExitCode::not_found;
        case ErrorKind::permission:
            return ExitCode::denied;
        case ErrorKind::closed:
        case ErrorKind::timed_out:
            return ExitCode::unreachable;
        case ErrorKind::exists:
        case ErrorKind::corrupt:
        case ErrorKind::limit:
        case ErrorKind::no_space:
        case ErrorKind::io:
        case ErrorKind::busy:
        case ErrorKind::unsupported:
            return ExitCode::failed;
    }
    return ExitCode::failed;
}

}  // namespace hw::cli
