#pragma once

#include <memory>

#include "protocol/base/network.h"

namespace hw::broker {

/// TCP by Boost.Asio on epoll. Every Shard given to it must be an EventLoop of this process.
/// Stateless; each call belongs to the shard it names.
class AsioNetwork final : public Network {
public:
    /// Connections that the kernel holds for us before they are accepted.
    static constexpr int kBacklog = 1024;

    /// Without a host on all addresses of the machine, those of IPv4 and of IPv6 where there is
    /// IPv6; `::` as a host means the same, `0.0.0.0` those of IPv4.
    [[nodiscard]] Result<std::unique_ptr<Listener>> listen(Shard& shard,
                                                           const Endpoint& endpoint) override;
    [[nodiscard]] Task<Result<std::unique_ptr<Transport>>> connect(Shard& shard, Endpoint endpoint,
                                                                   TimePoint deadline) override;
};

}  // namespace hw::broker
