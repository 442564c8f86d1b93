#include "broker/runtime/asio_network.h"

#include <chrono>
#include <utility>

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "broker/runtime/event_loop.h"
#include "broker/runtime/tcp_transport.h"

namespace hw::broker {
namespace asio = boost::asio;
using asio::ip::tcp;
namespace {

asio::io_context& io_of(Shard& shard) {
    return static_cast<EventLoop&>(shard).io();
}

Error to_error(const boost::system::error_code& error, const std::string& what) {
    if (error.category() == boost::system::system_category()) {
        return system_error(error.value(), what);
    }
    return Error{ErrorKind::not_found, what + ": " + error.message()};
}

/// State that a connect and its timer share. Either may end last.
struct ConnectAttempt {
    explicit ConnectAttempt(asio::io_context& io) : resolver(io), socket(io), timer(io) {}

    void expire() {
        expired = true;
        resolver.cancel();
        boost::system::error_code ignored;
        socket.close(ignored);
    }

    tcp::resolver resolver;
    tcp::socket socket;
    asio::steady_timer timer;
    bool expired = false;
};

class TcpListener final : public Listener {
public:
    TcpListener(tcp::acceptor acceptor, Endpoint local)
        : acceptor_(std::move(acceptor)), local_(std::move(local)) {}

    Task<Result<std::unique_ptr<Transport>>> accept(Shard& home) override {
        boost::system::error_code error;
        const asio::any_io_executor executor = io_of(home).get_executor();
        tcp::socket socket = co_await acceptor_.async_accept(
            executor, asio::redirect_error(asio::use_awaitable, error));
        if (error == asio::error::operation_aborted || !acceptor_.is_open()) {
            co_return fail(ErrorKind::closed, "the listener {} is closed", to_string(local_));
        }
        if (error) {
            co_return std::unexpected(to_error(error, "accept on " + to_string(local_)));
        }
        co_return std::make_unique<TcpTransport>(std::move(socket));
    }

    void close() override {
        boost::system::error_code ignored;
        acceptor_.close(ignored);
    }

    const Endpoint& local() const override { return local_; }

private:
    tcp::acceptor acceptor_;
    Endpoint local_;
};

Result<tcp::endpoint> resolve_to_listen(asio::io_context& io, const Endpoint& endpoint) {
    boost::system::error_code error;
    if (endpoint.host.empty()) {
        return tcp::endpoint(tcp::v6(), endpoint.port);
    }
    const auto address = asio::ip::make_address(endpoint.host, error);
    if (!error) {
        return tcp::endpoint(address, endpoint.port);
    }
    tcp::resolver resolver(io);
    const auto found = resolver.resolve(endpoint.host, std::to_string(endpoint.port),
                                        tcp::resolver::passive, error);
    if (error || found.empty()) {
        return fail(ErrorKind::not_found,
                    "the host name '{}' of a listener has no address ({}); give an address of this "
                    "machine, or no host to listen on all",
                    endpoint.host, error.message());
    }
    return found.begin()->endpoint();
}

boost::system::error_code bind_and_listen(tcp::acceptor& acceptor, const tcp::endpoint& address) {
    boost::system::error_code error;
    acceptor.open(address.protocol(), error);
    if (!error) {
        acceptor.set_option(tcp::acceptor::reuse_address(true), error);
    }
    if (!error && address.address() == asio::ip::address_v6::any()) {
        // Accept IPv4, too, whatever the system's default is.
        acceptor.set_option(asio::ip::v6_only(false), error);
    }
    if (!error) {
        acceptor.bind(address, error);
    }
    if (!error) {
        acceptor.listen(AsioNetwork::kBacklog, error);
    }
    return error;
}

bool has_no_ipv6(const boost::system::error_code& error) {
    return error == asio::error::address_family_not_supported ||
           error == boost::system::errc::address_not_available;
}

}  // namespace

Result<std::unique_ptr<Listener>> AsioNetwork::listen(Shard& shard, const Endpoint& endpoint) {
    asio::io_context& io = io_of(shard);
    HW_TRY(address, resolve_to_listen(io, endpoint));
    tcp::acceptor acceptor(io);
    boost::system::error_code error = bind_and_listen(acceptor, address);
    if (endpoint.host.empty() && has_no_ipv6(error)) {
        acceptor = tcp::acceptor(io);
        error = bind_and_listen(acceptor, tcp::endpoint(tcp::v4(), endpoint.port));
    }
    if (error) {
        return std::unexpected(to_error(error, "listen on " + to_string(endpoint)));
    }
    Endpoint local{endpoint.host, acceptor.local_endpoint(error).port()};
    return std::make_unique<TcpListener>(std::move(acceptor), std::move(local));
}

Task<Result<std::unique_ptr<Transport>>> AsioNetwork::connect(Shard& shard, Endpoint endpoint,
                                                              TimePoint deadline) {
    const auto attempt = std::make_shared<ConnectAttempt>(io_of(shard));
    attempt->timer.expires_at(asio::steady_timer::time_point(
        std::chrono::duration_cast<asio::steady_timer::duration>(deadline.time_since_epoch())));
    attempt->timer.async_wait([attempt](const boost::system::error_code& cancelled) {
        if (!cancelled) {
            attempt->expire();
        }
    });
    boost::system::error_code error;
    const auto found =
        co_await attempt->resolver.async_resolve(endpoint.host, std::to_string(endpoint.port),
                                                 asio::redirect_error(asio::use_awaitable, error));
    if (!error && !attempt->expired) {
        co_await asio::async_connect(attempt->socket, found,
                                     asio::redirect_error(asio::use_awaitable, error));
    }
    attempt->timer.cancel();
    if (attempt->expired) {
        co_return fail(ErrorKind::timed_out, "no answer from {} in time", to_string(endpoint));
    }
    if (error) {
        co_return std::unexpected(to_error(error, "connect to " + to_string(endpoint)));
    }
    co_return std::make_unique<TcpTransport>(std::move(attempt->socket));
}

}  // namespace hw::broker
