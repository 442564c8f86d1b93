#pragma once

#include <span>

#include <boost/asio/ip/tcp.hpp>

#include "protocol/base/network.h"

namespace hw::broker {

/// One TCP connection on an EventLoop. Reads and writes go straight to the kernel; Asio only waits.
class TcpTransport final : public Transport {
public:
    /// Maximum number of slices of one sendmsg; the kernel takes at most 1024.
    static constexpr std::size_t kSlicesPerWrite = 256;

    /// Takes a connected socket; makes it non-blocking and turns off Nagle's algorithm.
    explicit TcpTransport(boost::asio::ip::tcp::socket socket);

    [[nodiscard]] Transfer try_read(MutableBytes into) override;
    [[nodiscard]] Transfer try_write(std::span<const ByteView> slices) override;
    [[nodiscard]] Task<> wait_readable() override;
    [[nodiscard]] Task<> wait_writable() override;
    void close() override;

    [[nodiscard]] const Endpoint& local() const override { return local_; }
    [[nodiscard]] const Endpoint& peer() const override { return peer_; }

private:
    boost::asio::ip::tcp::socket socket_;
    Endpoint local_;
    Endpoint peer_;
};

/// Converts an endpoint. The IPv6 form of an IPv4 address, which a listener on all addresses sees,
/// becomes the IPv4 address.
[[nodiscard]] Endpoint to_endpoint(const boost::asio::ip::tcp::endpoint& endpoint);

}  // namespace hw::broker
