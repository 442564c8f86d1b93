#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "protocol/base/bytes.h"
#include "protocol/base/result.h"
#include "protocol/base/shard.h"

namespace hw {

/// A host name or address, and a port. Listening on port 0 takes any free port.
struct Endpoint {
    std::string host;
    std::uint16_t port = 0;

    bool operator==(const Endpoint&) const = default;
};

/// "host:port", with brackets around an IPv6 address.
[[nodiscard]] std::string to_string(const Endpoint& endpoint);

/// How a non-blocking read or write ended.
enum class Progress : std::uint8_t { done, would_block, closed };

/// Result of a non-blocking read or write.
struct Transfer {
    Progress progress = Progress::done;
    std::size_t bytes = 0;  ///< number of bytes moved; 0 unless done
};

/// A byte stream to one peer, bound to one shard. Reads and writes never wait. Waiting is a
/// separate call, so a busy connection starts no coroutine per read and an idle connection holds no
/// buffer. A reset by the peer is reported as `closed`, like an orderly end.
class Transport {
public:
    virtual ~Transport() = default;

    /// Reads the bytes that have arrived, at most `into.size()`, which must not be 0.
    [[nodiscard]] virtual Transfer try_read(MutableBytes into) = 0;
    /// Writes the slices in order, as many bytes as the transport takes now.
    [[nodiscard]] virtual Transfer try_write(std::span<const ByteView> slices) = 0;
    /// Waits until a read (or a write) would not block, or either side has closed the transport. At
    /// most one coroutine may wait in each direction.
    [[nodiscard]] virtual Task<> wait_readable() = 0;
    [[nodiscard]] virtual Task<> wait_writable() = 0;
    /// Closes the transport: waits end, and later reads and writes return `closed`. May be called
    /// twice.
    virtual void close() = 0;

    [[nodiscard]] virtual const Endpoint& local() const = 0;
    [[nodiscard]] virtual const Endpoint& peer() const = 0;
};

/// Accepts transports on one endpoint.
class Listener {
public:
    virtual ~Listener() = default;

    /// Waits for the next connection. Its transport is bound to `home`, which may be another shard
    /// than the listener's. Errors: closed after `close`; limit when no descriptors are left.
    [[nodiscard]] virtual Task<Result<std::unique_ptr<Transport>>> accept(Shard& home) = 0;
    /// Ends a waiting accept. May be called twice.
    virtual void close() = 0;
    /// The endpoint with the actual port, also when port 0 was asked for.
    [[nodiscard]] virtual const Endpoint& local() const = 0;
};

/// Port: TCP in broker/runtime, byte streams of the simulated world in test/sim.
class Network {
public:
    virtual ~Network() = default;

    /// Listens on `endpoint`; the listener is bound to `shard`. Errors: busy (the port is in use),
    /// permission, not_found (the host name has no address).
    [[nodiscard]] virtual Result<std::unique_ptr<Listener>> listen(Shard& shard,
                                                                   const Endpoint& endpoint) = 0;
    /// Connects; the transport is bound to `shard`. Errors: closed (refused), timed_out (at
    /// `deadline`), not_found (the host name has no address).
    [[nodiscard]] virtual Task<Result<std::unique_ptr<Transport>>> connect(Shard& shard,
                                                                           Endpoint endpoint,
                                                                           TimePoint deadline) = 0;
};

}  // namespace hw
