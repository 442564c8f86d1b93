#include "test/sim/sim_changer.h"

namespace hw::sim {

SimChanger::SimChanger(ClientWorld& world, std::size_t number, const Plan& plan, std::uint64_t seed)
    : world_(world),
      group_(plan.groups[plan.members[number].group]),
      random_(seed),
      classic_(world, number, plan, random_.next()),
      consumer_(world, number, plan, random_.next()) {}

Task<> SimChanger::run() {
    ++world_.members;
    while (!classic_.is_over()) {
        if (draw_consumer()) {
            co_await consumer_.live();
        } else {
            co_await classic_.live();
        }
    }
    co_await classic_.close();
    co_await consumer_.close();
    --world_.members;
}

bool SimChanger::draw_consumer() {
    const auto phase = world_.clock.now().time_since_epoch() / group_.protocol_phase;
    const bool prefers_consumer = phase % 2 == 1;
    return random_.chance(4, 5) == prefers_consumer;
}

}  // namespace hw::sim
