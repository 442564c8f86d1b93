#pragma once

#include <cstdint>
#include <vector>

#include "protocol/schema/api/join_group.h"
#include "protocol/schema/api/sync_group.h"
#include "tools/client/group_membership.h"
#include "tools/perf/group_member.h"

namespace hw::perf {

/// A member of a group of the classic protocol: JoinGroup, SyncGroup, heartbeats. The leader
/// assigns ranges. It gives up all partitions when it hears of a rebalance. Does no I/O.
class ClassicMember final : public GroupMember {
public:
    ClassicMember(GroupContext& group, std::uint32_t index)
        : GroupMember(group, index), membership_(group.name, group.plan.heartbeat) {}

private:
    using Step = client::GroupMembership::Step;

    [[nodiscard]] Result<RequestFrame> make_request() override;
    [[nodiscard]] Result<RequestFrame> make_farewell() override;
    [[nodiscard]] Result<void> take_answer(ByteView answer, SteadyTime now) override;

    [[nodiscard]] Result<RequestFrame> make_join();
    [[nodiscard]] Result<RequestFrame> make_sync() const;
    [[nodiscard]] Result<RequestFrame> make_heartbeat();
    [[nodiscard]] Result<void> take_join(ByteView answer, SteadyTime now);
    [[nodiscard]] Result<void> take_sync(ByteView answer, SteadyTime now);
    [[nodiscard]] Result<void> take_heartbeat(ByteView answer, SteadyTime now);
    /// What every code but `none` means for its membership. Errors: a refusal for good.
    [[nodiscard]] Result<void> on_code(wire::ErrorCode code, SteadyTime now);

    client::GroupMembership membership_;
    Step asked_ = Step::join;  ///< what its open request is for
};

}  // namespace hw::perf
