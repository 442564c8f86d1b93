#pragma once

#include <cstddef>
#include <cstdint>

#include "test/sim/plan.h"
#include "test/sim/sim_client.h"
#include "test/sim/sim_consumer.h"
#include "test/sim/sim_member.h"

namespace hw::sim {

/// A member of a group that changes between the protocols: each of its processes uses either of
/// them. The members of a group mostly prefer the same one for a while, so that the group comes to
/// have members of one protocol, of both, of the other one, and back.
class SimChanger {
public:
    /// `plan` outlives it; `number` is the index of its MemberPlan.
    SimChanger(ClientWorld& world, std::size_t number, const Plan& plan, std::uint64_t seed);

    /// Lives until, after the last fault, all members of its group agree.
    [[nodiscard]] Task<> run();

private:
    /// Whether the next process uses the consumer protocol.
    [[nodiscard]] bool draw_consumer();

    ClientWorld& world_;
    const GroupPlan& group_;
    Random random_;
    SimMember classic_;
    SimConsumer consumer_;
};

}  // namespace hw::sim
