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

/// A host name or address, and a port; port 0 asks for any free one when listening.
struct Endpoint {
    std::string host;
    std::uint16_t port = 0;

    bool operator==(const Endpoint&) const = default;
};

/// "host:port", with brackets around an IPv6 address.
[[nodiscard]] std::string to_string(const Endpoint& endpoint);

/// What an attempt that never blocks came to.
enum class Progress : std::uint8_t { done, would_block, closed };

struct Transfer {
    Progress progress = Progress::done;
    std::size_t bytes = 0;  ///< moved; 0 unless done
};

/// A byte stream to one peer, bound to one shard. Reads and writes are attempts that never wait;
/// waiting is separate, so that a busy connection pays no coroutine per read and an idle one holds
/// no buffer. A reset by the peer shows as `closed`, like an orderly end.
class Transport {
public:
    virtual ~Transport() = default;

    /// Reads what is there, at most `into.size()` bytes (which is not 0).
    [[nodiscard]] virtual Transfer try_read(MutableBytes into) = 0;
    /// Writes a prefix of the slices in order, as much as fits.
    [[nodiscard]] virtual Transfer try_write(std::span<const ByteView> slices) = 0;
    /// Ends when a read would not block, or the transport was closed by either side. At most one
    /// coroutine waits in each direction.
    [[nodiscard]] virtual Task<> wait_readable() = 0;
    [[nodiscard]] virtual Task<> wait_writable() = 0;
    /// From now on every attempt says `closed`, and waits end. May be called twice.
    virtual void close() = 0;

    [[nodiscard]] virtual const Endpoint& local() const = 0;
    [[nodiscard]] virtual const Endpoint& peer() const = 0;
};

/// Accepts transports on one endpoint.
class Listener {
public:
    virtual ~Listener() = default;

    /// Waits for the next peer; its transport is bound to `home`, which may be another shard than
    /// the listener's. Errors: closed after `close`; limit when descriptors ran out.
    [[nodiscard]] virtual Task<Result<std::unique_ptr<Transport>>> accept(Shard& home) = 0;
    /// Ends a waiting accept. May be called twice.
    virtual void close() = 0;
    /// With the port that was really taken.
    [[nodiscard]] virtual const Endpoint& local() const = 0;
};

/// Port: TCP in broker/runtime, byte streams of the simulated world in test/sim.
class Network {
public:
    virtual ~Network() = default;

    /// Errors: busy when the port is taken, permission, not_found for a name without an address.
    [[nodiscard]] virtual Result<std::unique_ptr<Listener>> listen(Shard& shard,
                                                                   const Endpoint& endpoint) = 0;
    /// Errors: closed when refused, timed_out at `deadline`, not_found.
    [[nodiscard]] virtual Task<Result<std::unique_ptr<Transport>>> connect(Shard& shard,
                                                                           Endpoint endpoint,
                                                                           TimePoint deadline) = 0;
};

}  // namespace hw
