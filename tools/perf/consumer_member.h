#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "protocol/schema/api/consumer_group_heartbeat.h"
#include "tools/perf/group_member.h"

namespace hw::perf {

/// A member of a group of the consumer protocol (KIP-848): heartbeats, at the interval that the
/// broker tells. When its assignment changes, it says at once what it has now. Does no I/O.
class ConsumerMember final : public GroupMember {
public:
    /// `id` is unique in the group. Brokers that make the ids of members replace it.
    ConsumerMember(GroupContext& group, std::uint32_t index, std::string id)
        : GroupMember(group, index), id_(std::move(id)) {}

private:
    using Response = schema::ConsumerGroupHeartbeatResponse;

    [[nodiscard]] Result<RequestFrame> make_request() override;
    [[nodiscard]] Result<RequestFrame> make_farewell() override;
    [[nodiscard]] Result<void> take_answer(ByteView answer, SteadyTime now) override;

    /// Returns whether it has other partitions now. Errors: corrupt.
    [[nodiscard]] Result<bool> take_assignment(const Response::Assignment& assignment);

    std::string id_;
    bool must_say_all_ = true;  ///< it joins
    bool must_say_owned_ = false;
};

}  // namespace hw::perf
