#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "protocol/base/ids.h"
#include "protocol/schema/api/join_group.h"
#include "protocol/wire/error_code.h"
#include "test/sim/plan.h"
#include "test/sim/team_member.h"

namespace hw::sim {

/// A member of a group of the classic protocol: joins, assigns if it leads, sends heartbeats,
/// commits offsets for its part. It leaves, joins again with other metadata, or is a new process
/// that knows nothing of the one before; and sometimes an old commit comes once more. Reports to
/// the judges of groups and of offsets.
///
/// An eager member gives up all partitions before each JoinGroup. A cooperative one keeps them, and
/// gives up after SyncGroup what is not assigned to it any more, sometimes late; then it joins
/// again (KIP-429).
class SimMember final : public TeamMember {
public:
    /// `plan` outlives it; `number` is the index of its MemberPlan.
    SimMember(ClientWorld& world, std::size_t number, const Plan& plan, std::uint64_t seed);

private:
    /// The answer to a JoinGroup.
    struct Joined {
        std::int32_t generation = -1;
        std::string protocol;
        bool leads = false;
        std::map<std::string, Partitions> members;  ///< of the leader: what each has
    };

    void begin_life() override;
    [[nodiscard]] Task<> take_part() override;
    void on_failure(std::optional<wire::ErrorCode> code) override;
    [[nodiscard]] Role role() const override {
        return {{id_, plan_.instance}, generation_, owned_};
    }

    [[nodiscard]] Task<> join();
    [[nodiscard]] Task<> sync(Joined joined);
    /// Takes the answer to a JoinGroup; nullopt: it has not joined.
    [[nodiscard]] std::optional<Joined> take(const schema::JoinGroupResponse& answer,
                                             bool is_current, TimePoint sent);
    /// It has joined a group of that protocol.
    void note_protocol(GroupKind protocol);
    /// Takes the assignment of its generation.
    void take(const Partitions& assigned, bool is_current, TimePoint sent);
    [[nodiscard]] Task<> heartbeat();
    /// Of its coordinator, if that can decide and is the newest.
    [[nodiscard]] std::optional<LeaderEpoch> coordinator_epoch() const;
    [[nodiscard]] Task<> leave();
    /// JoinGroup or the answer to it may come at any time later.
    void on_silent_join(const Partitions& told);
    /// It has learned its id.
    void set_id(std::string_view id);
    /// It is no member any more, or has heard nothing for too long.
    void lose_all();
    /// Gives up what is not assigned to it.
    void give_up();

    // Of the process.
    bool is_cooperative_ = false;
    ApiVersion version_{0};              ///< of its subscriptions
    bool notices_session_end_ = false;   ///< itself; else the coordinator tells it
    bool is_slow_ = false;               ///< gives up late
    std::uint64_t metadata_ = 0;         ///< changes now and then
    std::string id_;                     ///< empty: not told yet
    std::int32_t generation_ = -1;       ///< that it is in, or was in last
    bool is_in_ = false;                 ///< it need not join
    Partitions assigned_;                ///< in that generation; it has these, perhaps others, too
    std::optional<GroupKind> protocol_;  ///< of the group, when it joined last
    TimePoint heard_{};                  ///< when the last answered request was sent
};

}  // namespace hw::sim
