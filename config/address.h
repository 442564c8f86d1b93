#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "protocol/base/result.h"

namespace hw::config {

/// A host name or IP address and a port, as written. It is not an Endpoint, because that type's
/// header would pull the event loop into every program with options; the composition root converts.
struct Address {
    std::string host;
    std::uint16_t port = 0;

    bool operator==(const Address&) const = default;
};

/// Whether only this machine can reach `host`: "localhost", 127.0.0.0/8 or ::1.
[[nodiscard]] bool is_loopback(std::string_view host);

/// "host:port", with brackets around an IPv6 address.
[[nodiscard]] std::string to_string(const Address& address);

/// "host:port" or "[address]:port"; the host may be empty and the port 0. Errors: invalid; the
/// message is a predicate of the text, such as "has no port after a colon".
[[nodiscard]] Result<Address> parse_address(std::string_view text);

}  // namespace hw::config
