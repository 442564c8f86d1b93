#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "protocol/base/result.h"

namespace hw::config {

/// A host name or address, and a port, as written. The composition root makes an Endpoint of it;
/// that type's header would bring the event loop into everything that has options.
struct Address {
    std::string host;
    std::uint16_t port = 0;

    bool operator==(const Address&) const = default;
};

/// Whether only the same machine reaches it: "localhost", 127.0.0.0/8 or ::1.
[[nodiscard]] bool is_loopback(std::string_view host);

/// "host:port", with brackets around an IPv6 address.
[[nodiscard]] std::string to_string(const Address& address);

/// "host:port" or "[address]:port"; the host may be empty and the port 0. Errors: invalid, as a
/// clause that goes on from the text.
[[nodiscard]] Result<Address> parse_address(std::string_view text);

}  // namespace hw::config
