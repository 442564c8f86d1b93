#pragma once

#include <memory>

#include "protocol/base/network.h"

namespace hw::broker {

/// TCP with Boost.Asio, on epoll. Every Shard given to it must be an EventLoop of this process.
/// Stateless; call it on the shard that is passed to it.
class AsioNetwork final : public Network {
public:
    /// Connections that the kernel queues until they are accepted.
    static constexpr int kBacklog = 1024;

    /// Without a host, listens on all addresses of the machine: IPv4, and IPv6 if the machine has
    /// it. The host `::` means the same, `0.0.0.0` all IPv4 addresses.
    [[nodiscard]] Result<std::unique_ptr<Listener>> listen(Shard& shard,
                                                           const Endpoint& endpoint) override;
    [[nodiscard]] Task<Result<std::unique_ptr<Transport>>> connect(Shard& shard, Endpoint endpoint,
                                                                   TimePoint deadline) override;
};

}  // namespace hw::broker
