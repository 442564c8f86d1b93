#include "broker/runtime/asio_network.h"

#include <memory>
#include <netinet/in.h>
#include <string>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

#include <catch2/catch.hpp>

#include "broker/runtime/event_loop.h"

namespace hw::broker {
namespace {

bool has_ipv6() {
    const int descriptor = socket(AF_INET6, SOCK_STREAM, 0);
    sockaddr_in6 loopback{};
    loopback.sin6_family = AF_INET6;
    loopback.sin6_addr = in6addr_loopback;
    const bool has = descriptor >= 0 &&
                     bind(descriptor, reinterpret_cast<sockaddr*>(&loopback), sizeof loopback) == 0;
    close(descriptor);
    return has;
}

/// Listens on `bound` and connects to `called`. Sets `seen` to the host of the peer as the listener
/// sees it, or to the error.
Task<> call(EventLoop& loop, std::string bound, std::string called, std::string& seen) {
    AsioNetwork network;
    const Endpoint any_port{std::move(bound), 0};
    const auto listener = network.listen(loop, any_port);
    if (!listener) {
        seen = listener.error().message;
        loop.stop();
        co_return;
    }
    Endpoint address{std::move(called), (*listener)->local().port};
    const auto connected = co_await network.connect(loop, std::move(address), kNever);
    if (connected) {
        const auto accepted = co_await (*listener)->accept(loop);
        seen = accepted ? (*accepted)->peer().host : accepted.error().message;
    } else {
        seen = to_string(connected.error().kind);
    }
    loop.stop();
}

std::string peer_of_call(const std::string& bound, const std::string& called) {
    std::string seen;
    EventLoop loop(0);
    loop.spawn(call(loop, bound, called, seen));
    loop.run();
    return seen;
}

TEST_CASE("network: a listener without a host accepts IPv4 and IPv6", "[seam][network]") {
    CHECK(peer_of_call("", "127.0.0.1") == "127.0.0.1");
    if (has_ipv6()) {
        CHECK(peer_of_call("", "::1") == "::1");
        CHECK(peer_of_call("::", "127.0.0.1") == "127.0.0.1");
        CHECK(peer_of_call("::", "::1") == "::1");
    }
}

TEST_CASE("network: a listener on an IPv4 address accepts only IPv4, one on ::1 only IPv6",
          "[seam][network]") {
    CHECK(peer_of_call("0.0.0.0", "127.0.0.1") == "127.0.0.1");
    CHECK(peer_of_call("127.0.0.1", "127.0.0.1") == "127.0.0.1");
    if (has_ipv6()) {
        CHECK(peer_of_call("0.0.0.0", "::1") != "::1");
        CHECK(peer_of_call("::1", "127.0.0.1") != "127.0.0.1");
    }
}

}  // namespace
}  // namespace hw::broker
