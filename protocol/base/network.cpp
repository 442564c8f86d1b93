#include "protocol/base/network.h"

#include <fmt/core.h>

namespace hw {

std::string to_string(const Endpoint& endpoint) {
    const bool bracketed = endpoint.host.find(':') != std::string::npos;
    return bracketed ? fmt::format("[{}]:{}", endpoint.host, endpoint.port)
                     : fmt::format("{}:{}", endpoint.host, endpoint.port);
}

}  // namespace hw
