#include "broker/net/acceptor.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "test/sim/sim_clock.h"
#include "test/sim/sim_network.h"
#include "test/support/log_lines.h"

namespace hw::broker {
namespace {

ListenerInfo listener_info(const std::string& name, ListenerRole role) {
    return {.name = name, .role = role, .bound = {}, .advertised = {}};
}

/// A server that has room for 20 connections, with a listener for clients, one for brokers and one
/// for controllers.
struct World {
    World() {
        host.emplace(server, clock, dispatcher, HostLimits(), Logger(log, "net"));
        host->start();
        auto brokers = listener_info("INTERNAL", ListenerRole::broker);
        brokers.between_brokers = true;
        listen(9092, listener_info("CLIENTS", ListenerRole::broker));
        listen(9093, brokers);
        listen(9094, listener_info("CONTROLLER", ListenerRole::controller));
    }
    ~World() {
        bool stopped = false;
        server.spawn(stop(stopped));
        const auto is_stopped = [&] { return stopped; };
        CHECK(scheduler.run_until(is_stopped, scheduler.now() + std::chrono::minutes(1)));
    }
    void listen(std::uint16_t port, ListenerInfo info) {
        auto listener = *network.listen(server, {"server", port});
        acceptors.push_back(std::make_unique<Acceptor>(
            AcceptorServices{server, clock, {&*host}, count, Logger(log, "net")},
            std::move(listener), std::move(info)));
        acceptors.back()->start();
    }
    Task<> stop(bool& stopped) {
        for (const auto& acceptor : acceptors) {
            co_await acceptor->stop();
        }
        co_await host->stop();
        stopped = true;
    }
    Task<> connect_to(std::uint16_t port) {
        const Endpoint address{"server", port};
        auto connected = co_await network.connect(client, address, kNever);
        peers.push_back(std::move(*connected));
    }
    /// Opens `number` connections to `port`. Returns how many connections the server then has.
    std::size_t connect(std::uint16_t port, std::size_t number) {
        for (std::size_t i = 0; i < number; ++i) {
            client.spawn(connect_to(port));
        }
        run();
        return host->size();
    }
    void run() {
        scheduler.run_until([] { return false; }, scheduler.now() + std::chrono::seconds(1));
    }

    sim::Scheduler scheduler{1};
    sim::SimNetwork network{scheduler, {}};
    sim::SimShard server{scheduler, 1, 0};
    sim::SimShard client{scheduler, 2, 0};
    sim::SimClock clock{scheduler};
    test::LogLines log;
    AllowAll authorizer;
    NoQuotas quotas;
    Dispatcher dispatcher{authorizer, quotas};
    std::optional<ConnectionManager> host;
    ConnectionLimiter count{20};
    std::vector<std::unique_ptr<Acceptor>> acceptors;
    std::vector<std::unique_ptr<Transport>> peers;
};

TEST_CASE("acceptor: a tenth of the connections is kept for brokers and controllers",
          "[net][acceptor]") {
    World world;
    CHECK(world.connect(9092, 25) == 18);
    CHECK(world.connect(9093, 1) == 19);
    CHECK(world.connect(9094, 1) == 20);
    CHECK(world.connect(9094, 1) == 20);
}

TEST_CASE("acceptor: a refused connection is logged with the listener and the limit",
          "[net][acceptor]") {
    World world;
    CHECK(world.connect(9092, 40) == 18);
    REQUIRE(world.log.lines.size() == RateLimitedLog::kLines);
    CHECK(world.log.lines.front().find("to CLIENTS refused: 18 connections are open, which is the "
                                       "limit for this listener. It follows from the limit of open "
                                       "files (ulimit -n)") != std::string::npos);
}

TEST_CASE("acceptor: the end of a connection makes room for another one", "[net][acceptor]") {
    World world;
    CHECK(world.connect(9092, 18) == 18);
    world.peers.front()->close();
    world.run();
    CHECK(world.connect(9092, 1) == 18);
    CHECK(world.log.lines.empty());
}

}  // namespace
}  // namespace hw::broker
