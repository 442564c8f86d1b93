#pragma once

#include <cstdint>
#include <utility>

#include "protocol/base/result.h"

namespace hw::broker {

/// A free TCP port that is reserved for a listener of this process. As long as this object exists,
/// the system gives the port to no connection and to no listener on any free port, but a listener
/// on this very port can be bound.
class ReservedPort {
public:
    /// Takes any free port. Errors: limit (of open files), io.
    [[nodiscard]] static Result<ReservedPort> take();
    ReservedPort(ReservedPort&& other) noexcept
        : descriptor_(std::exchange(other.descriptor_, -1)), port_(other.port_) {}
    ReservedPort& operator=(ReservedPort&&) = delete;
    ~ReservedPort();

    [[nodiscard]] std::uint16_t port() const { return port_; }

private:
    ReservedPort(int descriptor, std::uint16_t port) : descriptor_(descriptor), port_(port) {}

    int descriptor_;
    std::uint16_t port_;
};

}  // namespace hw::broker
