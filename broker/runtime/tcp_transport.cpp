#include "broker/runtime/tcp_transport.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <sys/socket.h>
#include <sys/uio.h>
#include <utility>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace hw::broker {
namespace asio = boost::asio;
namespace {

Transfer outcome(ssize_t moved) {
    if (moved > 0) {
        return {Progress::done, static_cast<std::size_t>(moved)};
    }
    const bool again = moved < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR);
    return {again ? Progress::would_block : Progress::closed, 0};
}

}  // namespace

Endpoint to_endpoint(const asio::ip::tcp::endpoint& endpoint) {
    asio::ip::address address = endpoint.address();
    if (address.is_v6() && address.to_v6().is_v4_mapped()) {
        address = asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
    }
    return {address.to_string(), endpoint.port()};
}

TcpTransport::TcpTransport(asio::ip::tcp::socket socket) : socket_(std::move(socket)) {
    // Errors are ignored: if the peer is gone already, the first read reports it.
    boost::system::error_code ignored;
    socket_.non_blocking(true, ignored);
    socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
    local_ = to_endpoint(socket_.local_endpoint(ignored));
    peer_ = to_endpoint(socket_.remote_endpoint(ignored));
}

Transfer TcpTransport::try_read(MutableBytes into) {
    if (!socket_.is_open()) {
        return {Progress::closed, 0};
    }
    return outcome(::recv(socket_.native_handle(), into.data(), into.size(), MSG_DONTWAIT));
}

Transfer TcpTransport::try_write(std::span<const ByteView> slices) {
    if (!socket_.is_open()) {
        return {Progress::closed, 0};
    }
    std::array<iovec, kSlicesPerWrite> vectors;
    const std::size_t count = std::min(slices.size(), vectors.size());
    for (std::size_t i = 0; i < count; ++i) {
        vectors[i] = {const_cast<std::byte*>(slices[i].data()), slices[i].size()};
    }
    msghdr message{};
    message.msg_iov = vectors.data();
    message.msg_iovlen = count;
    return outcome(::sendmsg(socket_.native_handle(), &message, MSG_DONTWAIT | MSG_NOSIGNAL));
}

Task<> TcpTransport::wait_readable() {
    boost::system::error_code closed;
    co_await socket_.async_wait(asio::ip::tcp::socket::wait_read,
                                asio::redirect_error(asio::use_awaitable, closed));
}

Task<> TcpTransport::wait_writable() {
    boost::system::error_code closed;
    co_await socket_.async_wait(asio::ip::tcp::socket::wait_write,
                                asio::redirect_error(asio::use_awaitable, closed));
}

void TcpTransport::close() {
    boost::system::error_code ignored;
    socket_.close(ignored);
}

}  // namespace hw::broker
