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
    /// Ended lives of the broker's process; after each, readers read everything again.
    std::uint64_t ended_lives = 0;
    /// Producers end after one more success; then readers end when they have read everything.
    bool producers_finish = false;
    bool readers_finish = false;
    std::size_t producers = 0;  ///< that are running
    std::size_t readers = 0;
    std::uint64_t operations = 0;  ///< answered ones
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

    /// Waits for a random time up to `most`.
    [[nodiscard]] Task<> pause(Duration most) {
        Signal never;
        const TimePoint until = world_.clock.now() + Duration(random_.between(1, most.count()));
        co_await world_.shard.wait(never, until);
    }

    ClientWorld& world_;
    Random random_;
    broker::PeerChannel channel_;
};

}  // namespace hw::sim
