#include "protocol/base/result.h"

#include <cerrno>
#include <system_error>

namespace hw {
namespace {

ErrorKind kind_of(int number) {
    switch (number) {
        case ENOENT:
            return ErrorKind::not_found;
        case EEXIST:
            return ErrorKind::exists;
        case ENOSPC:
        case EDQUOT:
            return ErrorKind::no_space;
        case EADDRINUSE:
        case EBUSY:
            return ErrorKind::busy;
        case EACCES:
        case EPERM:
        case EROFS:
            return ErrorKind::permission;
        case EPIPE:
        case ECONNRESET:
        case ECONNREFUSED:
        case ECONNABORTED:
            return ErrorKind::closed;
        case ETIMEDOUT:
            return ErrorKind::timed_out;
        case EMFILE:
        case ENFILE:
            return ErrorKind::limit;
        default:
            return ErrorKind::io;
    }
}

}  // namespace

const char* to_string(ErrorKind kind) {
    switch (kind) {
        case ErrorKind::invalid:
            return "invalid";
        case ErrorKind::not_found:
            return "not_found";
        case ErrorKind::exists:
            return "exists";
        case ErrorKind::corrupt:
            return "corrupt";
        case ErrorKind::limit:
            return "limit";
        case ErrorKind::no_space:
            return "no_space";
        case ErrorKind::io:
            return "io";
        case ErrorKind::busy:
            return "busy";
        case ErrorKind::closed:
            return "closed";
        case ErrorKind::timed_out:
            return "timed_out";
        case ErrorKind::not_sent:
            return "not_sent";
        case ErrorKind::would_block:
            return "would_block";
        case ErrorKind::unsupported:
            return "unsupported";
        case ErrorKind::permission:
            return "permission";
    }
    return "unknown";
}

Error system_error(int number, const std::string& what) {
    return Error{kind_of(number), what + ": " + std::generic_category().message(number)};
}

}  // namespace hw
