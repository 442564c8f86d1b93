#include "broker/runtime/reserved_port.h"

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "broker/runtime/asio_network.h"
#include "broker/runtime/event_loop.h"

namespace hw::broker {
namespace {

TEST_CASE("reserved port: a listener can bind it, on loopback and on all interfaces", "[runtime]") {
    const std::string host = GENERATE("127.0.0.1", "0.0.0.0", "");
    EventLoop loop(0);
    AsioNetwork network;
    const auto port = ReservedPort::take();
    REQUIRE(port.has_value());
    const auto listener = network.listen(loop, {host, port->port()});
    REQUIRE(listener.has_value());
    CHECK((*listener)->local().port == port->port());
}

TEST_CASE("reserved port: no listener on any free port gets it", "[runtime]") {
    EventLoop loop(0);
    AsioNetwork network;
    // Without reservation some of the ports would most likely be given again.
    constexpr int kPorts = 300;
    std::vector<ReservedPort> reserved;
    std::set<std::uint16_t> ports;
    for (int count = 0; count < kPorts; ++count) {
        auto port = ReservedPort::take();
        REQUIRE(port.has_value());
        ports.insert(port->port());
        reserved.push_back(std::move(*port));
    }
    CHECK(ports.size() == kPorts);
    std::vector<std::unique_ptr<Listener>> listeners;
    for (int count = 0; count < kPorts; ++count) {
        auto listener = network.listen(loop, {"127.0.0.1", 0});
        REQUIRE(listener.has_value());
        CHECK_FALSE(ports.contains((*listener)->local().port));
        listeners.push_back(std::move(*listener));
    }
}

}  // namespace
}  // namespace hw::broker
