#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "protocol/wire/error_code.h"
#include "test/sim/group_judge.h"
#include "test/sim/offset_judge.h"
#include "test/sim/plan.h"
#include "test/sim/sim_client.h"

namespace hw::sim {

/// A member of a group of the classic protocol: joins, sends heartbeats, commits offsets for its
/// part. Sometimes it pauses for longer than its session, leaves, joins again with other metadata,
/// or is a new process that knows nothing of the one before; and sometimes an old request of an
/// earlier generation comes once more. Reports to the judges of groups and of offsets.
class SimMember final : public SimClient {
public:
    /// `plan` outlives it; `number` is the index of its MemberPlan.
    SimMember(ClientWorld& world, std::size_t number, const Plan& plan, std::uint64_t seed);

    /// Ends when, after the last fault, all members of its group agree.
    [[nodiscard]] Task<> run();

private:
    /// The code of an answer, or why there is none.
    using Code = Result<wire::ErrorCode>;
    /// What it was in a generation.
    struct Role {
        MemberName name;
        std::int32_t generation = -1;
        std::vector<std::int32_t> partitions;
    };

    [[nodiscard]] Task<> join();
    [[nodiscard]] Task<> sync(bool leads, std::vector<std::string> members);
    [[nodiscard]] Task<> take_part();
    [[nodiscard]] Task<> heartbeat();
    [[nodiscard]] Task<> commit(Role role);
    [[nodiscard]] Task<> leave();
    /// The process ends; another one begins.
    void restart();
    /// Acts on the code of an answer.
    void on_code(std::string_view what, const Code& code);
    [[nodiscard]] MemberName name() const { return {id_, plan_.instance}; }
    [[nodiscard]] TimePoint deadline() const { return world_.clock.now() + plan_.request_timeout; }
    [[nodiscard]] TeamState& team() { return world_.teams[plan_.team]; }

    const Plan& world_plan_;
    const MemberPlan& plan_;
    const GroupPlan& group_;
    std::size_t number_;
    std::string id_;  ///< empty: not told yet
    bool is_in_ = false;
    Role role_;                   ///< of the generation that it is in
    std::vector<Role> earlier_;   ///< some
    std::uint64_t metadata_ = 0;  ///< changes now and then
};

}  // namespace hw::sim
