#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/wire/error_code.h"
#include "test/sim/consumer_claims.h"
#include "test/sim/plan.h"
#include "test/sim/sim_client.h"
#include "test/sim/team_topics.h"

namespace hw::sim {

/// Base of the members of groups: one process after the other, each of which is a member of the
/// group, has partitions and commits offsets for them. Sometimes a process sleeps for longer than
/// its session.
class TeamMember : public SimClient {
public:
    /// Lives until, after the last fault, all members of its group agree.
    [[nodiscard]] Task<> run();
    /// One process, from its start to its end.
    [[nodiscard]] Task<> live();
    [[nodiscard]] Task<> close() { return channel_.stop(); }
    /// After the last fault it has died, or its group has settled.
    [[nodiscard]] bool is_over() const;

protected:
    /// The code of an answer, or why there is none.
    using Code = Result<wire::ErrorCode>;
    /// What it was in an epoch, or in a generation.
    struct Role {
        MemberName name;
        std::int32_t epoch = 0;
        Partitions partitions;

        bool operator==(const Role&) const = default;
    };
    struct Kind {
        std::string_view name;
        std::chrono::milliseconds session{};
        bool has_claims = true;  ///< false: others may get what it has without its knowledge
    };

    /// `plan` outlives it; `number` is the index of its MemberPlan.
    TeamMember(ClientWorld& world, const Kind& kind, std::size_t number, const Plan& plan,
               std::uint64_t seed);
    ~TeamMember() = default;

    /// A process begins. It has no partitions.
    virtual void begin_life() = 0;
    /// Does one thing.
    [[nodiscard]] virtual Task<> take_part() = 0;
    /// Acts on an error code; nullopt: there was no answer.
    virtual void on_failure(std::optional<wire::ErrorCode> code) = 0;
    [[nodiscard]] virtual Role role() const = 0;

    /// The process ends. Unless it has ended its claims, it has told nobody.
    void end_life() { is_alive_ = false; }
    /// Reports the code of an answer, and acts on it.
    void on_code(std::string_view what, const Code& code);
    void remember(Role role);
    /// Some role of now or before; there must be one.
    [[nodiscard]] const Role& any_role() { return roles_[random_.below(roles_.size())]; }
    /// Commits an offset for one of the partitions of the role.
    [[nodiscard]] Task<> commit(Role role);
    /// The member has got a partition.
    void report_grant(std::int32_t partition);
    /// The member has what it shall have, and knows of nothing that will change it.
    void note_settled();

    [[nodiscard]] TimePoint now() const { return world_.clock.now(); }
    [[nodiscard]] TimePoint deadline() const { return now() + plan_.request_timeout; }
    [[nodiscard]] TeamState& team() const { return world_.teams[plan_.team]; }
    [[nodiscard]] bool is_coordinator_current() const {
        return coordinator_ &&
               world_.leadership(group_.coordinator, *coordinator_) == Leadership::newest;
    }

    const Plan& world_plan_;
    const MemberPlan& plan_;
    const GroupPlan& group_;
    const Kind kind_;
    const std::size_t number_;
    const TeamTopics topics_;
    ConsumerClaims claims_;
    Partitions owned_;  ///< in use

private:
    bool is_alive_ = false;
    std::vector<Role> roles_;  ///< some of now and before
};

}  // namespace hw::sim
