#include "config/address.h"

#include <algorithm>

#include <fmt/format.h>

#include "config/value.h"

namespace hw::config {
namespace {

constexpr std::int64_t kMaxPort = 65535;

bool is_host_character(char character) {
    return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
           (character >= '0' && character <= '9') || character == '.' || character == '-' ||
           character == '_' || character == '%' || character == ':';
}

}  // namespace

bool is_loopback(std::string_view host) {
    const bool is_number = host.find_first_not_of("0123456789.") == std::string_view::npos;
    return host == "localhost" || host == "::1" || (is_number && host.starts_with("127."));
}

std::string to_string(const Address& address) {
    const bool has_brackets = address.host.find(':') != std::string::npos;
    return has_brackets ? fmt::format("[{}]:{}", address.host, address.port)
                        : fmt::format("{}:{}", address.host, address.port);
}

Result<Address> parse_address(std::string_view text) {
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos) {
        return fail(ErrorKind::invalid, "has no port after a colon");
    }
    std::string_view host = text.substr(0, colon);
    const bool has_brackets = host.starts_with('[') && host.ends_with(']') && host.size() > 2;
    if (has_brackets) {
        host = host.substr(1, host.size() - 2);
    } else if (host.find(':') != std::string_view::npos) {
        return fail(ErrorKind::invalid,
                    "has more than one colon; put brackets around an IPv6 "
                    "address");
    }
    if (!std::ranges::all_of(host, is_host_character)) {
        return fail(ErrorKind::invalid, "has a host name with an invalid character");
    }
    const std::string_view digits = text.substr(colon + 1);
    const auto port = parse_integer(digits);
    if (!port || *port < 0 || *port > kMaxPort || trim(digits) != digits) {
        return fail(ErrorKind::invalid, "has no port from 0 to {}", kMaxPort);
    }
    return Address{std::string(host), static_cast<std::uint16_t>(*port)};
}

}  // namespace hw::config
