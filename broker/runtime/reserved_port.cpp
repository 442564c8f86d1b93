#include "broker/runtime/reserved_port.h"

#include <arpa/inet.h>
#include <cerrno>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace hw::broker {

Result<ReservedPort> ReservedPort::take() {
    const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0) {
        return std::unexpected(system_error(errno, "reserve a port"));
    }
    ReservedPort reserved(descriptor, 0);
    // A socket that is bound but does not listen holds its port. With this option on both, Linux
    // lets a listener share the port.
    const int on = 1;
    sockaddr_in address{};
    address.sin_family = AF_INET;
    socklen_t size = sizeof address;
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    if (::setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0 ||
        ::bind(descriptor, generic, size) < 0 || ::getsockname(descriptor, generic, &size) < 0) {
        return std::unexpected(system_error(errno, "reserve a port"));
    }
    reserved.port_ = ntohs(address.sin_port);
    return reserved;
}

ReservedPort::~ReservedPort() {
    if (descriptor_ >= 0) {
        ::close(descriptor_);
    }
}

}  // namespace hw::broker
