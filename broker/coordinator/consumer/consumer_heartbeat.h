#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "broker/coordinator/assignor/assignment.h"
#include "broker/coordinator/consumer/consumer_member.h"
#include "protocol/base/time.h"
#include "protocol/wire/error_code.h"

namespace hw::broker {

/// A ConsumerGroupHeartbeat (KIP-848). What is not set has not changed. Its texts must live during
/// the call.
struct ConsumerHeartbeat {
    std::string_view member;
    std::int32_t epoch = kJoinEpoch;
    std::optional<std::string_view> instance;
    std::optional<std::string_view> rack;
    std::optional<Duration> rebalance_timeout;
    std::optional<std::vector<std::string>> topics;  ///< names, ascending, without doubles
    std::optional<std::string_view> pattern;         ///< empty: none
    std::optional<std::string_view> assignor;
    std::optional<Assignment> owned;
    std::string_view client_id;
    std::string_view client_host;
    std::optional<ClassicPart> classic = {};  ///< it is a JoinGroup of the classic protocol

    /// The member says everything, as it does when it joins and after an error.
    [[nodiscard]] bool is_full() const { return rebalance_timeout && (topics || pattern) && owned; }
};

/// The answer to a ConsumerGroupHeartbeat.
struct ConsumerAnswer {
    wire::ErrorCode code = wire::ErrorCode::none;
    std::string message = {};
    std::string member = {};
    std::int32_t epoch = 0;
    Duration interval{};                        ///< until the next heartbeat
    std::optional<Assignment> assignment = {};  ///< nothing: unchanged
};

/// A heartbeat that is being decided: the member as it will be, and what comes with it.
struct ConsumerChange {
    std::string id;
    ConsumerMember member;
    bool is_new = false;
    std::optional<std::string> replaced;  ///< the static member of before
    bool changes_topics = false;          ///< the group must be assigned anew
    std::int32_t epoch = 0;               ///< of the group
    std::int64_t hash = 0;
    std::int32_t target_epoch = 0;
};

/// A time, by both clocks.
struct Moment {
    TimePoint now;
    Timestamp wall;
};

}  // namespace hw::broker
