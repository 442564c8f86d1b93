#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "broker/coordinator/runtime/coordinator_call.h"
#include "protocol/base/time.h"
#include "protocol/wire/error_code.h"

namespace hw::broker {

inline constexpr std::int32_t kNoGeneration = -1;

/// A way to assign that a member supports, and what it says for it. Consumers: the name of an
/// assignor, and a ConsumerProtocolSubscription.
struct ClassicProtocol {
    std::string name;
    std::string metadata;

    bool operator==(const ClassicProtocol&) const = default;
};

/// The answer to JoinGroup.
struct JoinAnswer {
    struct Member {
        std::string id;
        std::optional<std::string> instance;
        std::string metadata;  ///< for the chosen protocol
    };

    wire::ErrorCode code = wire::ErrorCode::none;
    std::int32_t generation = kNoGeneration;
    std::optional<std::string> protocol_type = {};
    std::optional<std::string> protocol = {};
    std::string leader = {};
    bool skips_assignment = false;  ///< the leader must keep the assignment
    std::string member = {};
    /// Only for the leader; otherwise null.
    std::shared_ptr<const std::vector<Member>> members = nullptr;
};

/// The answer to SyncGroup.
struct SyncAnswer {
    wire::ErrorCode code = wire::ErrorCode::none;
    std::optional<std::string> protocol_type = {};
    std::optional<std::string> protocol = {};
    std::string assignment = {};
};

using JoinCall = std::shared_ptr<CallFor<JoinAnswer>>;
using SyncCall = std::shared_ptr<CallFor<SyncAnswer>>;
using LeaveCall = std::shared_ptr<CallFor<std::vector<wire::ErrorCode>>>;

/// A member of a classic group. The first part is in the group's record.
struct ClassicMember {
    std::string id;
    std::optional<std::string> instance;  ///< of a static member
    std::string client_id;
    std::string client_host;
    Duration rebalance_timeout{};
    Duration session_timeout{};
    std::string assignment;

    /// The preferred one first. Of a member that was loaded: only the chosen one.
    std::vector<ClassicProtocol> protocols = {};
    JoinCall join = nullptr;  ///< its JoinGroup, which waits for the other members
    SyncCall sync = nullptr;  ///< its SyncGroup, which waits for the leader
    bool must_sync = false;   ///< it has not sent SyncGroup since it has joined
    bool is_new = false;      ///< its first JoinGroup waits, so its client does not know its id yet
    TimePoint session_end = kNever;

    /// It need not send heartbeats, because a request of it waits here.
    [[nodiscard]] bool is_heard() const { return (join != nullptr && !is_new) || sync != nullptr; }
    [[nodiscard]] std::string_view metadata_for(std::string_view protocol) const {
        for (const ClassicProtocol& one : protocols) {
            if (one.name == protocol) {
                return one.metadata;
            }
        }
        return {};
    }
};

}  // namespace hw::broker
