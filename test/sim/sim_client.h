#pragma once

#include <cstdint>
#include <string_view>

#include "broker/net/peer_channel.h"
#include "protocol/base/clock.h"
#include "protocol/base/random.h"
#include "test/sim/broker_process.h"
#include "test/sim/checker.h"
#include "test/sim/event_trace.h"
#include "test/sim/sim_network.h"
#include "test/sim/sim_shard.h"

namespace hw::sim {

/// State that all clients of a run share. They run on one shard of a separate node.
struct ClientWorld {
    SimShard& shard;
    const Clock& clock;
    SimNetwork& network;
    Checker& checker;
    EventTrace& trace;
    /// Number of lives that have ended; after each, readers read everything again.
    std::uint64_t ended_lives = 0;
    bool producers_finish = false;  ///< producers end after one more success
    bool readers_finish = false;    ///< readers end when they have read everything
    std::size_t producers = 0;      ///< number of running producers
    std::size_t readers = 0;        ///< number of running readers
    std::uint64_t operations = 0;   ///< number of answered requests
};

/// Base of a client: its connection to the broker and its own random numbers.
class SimClient {
public:
    SimClient(ClientWorld& world, std::string_view name, std::uint64_t seed)
        : world_(world),
          random_(seed),
          channel_(world.shard, world.clock, std::string(name), [&world](TimePoint deadline) {
              return world.network.connect(world.shard, kBrokerAddress, deadline);
          }) {}
    SimClient(const SimClient&) = delete;
    SimClient& operator=(const SimClient&) = delete;

protected:
    ~SimClient() = default;

    /// Waits for a random time up to `max`.
    [[nodiscard]] Task<> pause(Duration max) {
        Signal never;
        const TimePoint until = world_.clock.now() + Duration(random_.between(1, max.count()));
        co_await world_.shard.wait(never, until);
    }

    ClientWorld& world_;
    Random random_;
    broker::PeerChannel channel_;
};

}  // namespace hw::sim
