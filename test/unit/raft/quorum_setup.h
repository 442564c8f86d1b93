#pragma once

#include <cstdint>
#include <initializer_list>
#include <utility>
#include <vector>

#include "replication/raft/raft_core.h"

namespace hw::replication {

inline constexpr BrokerId kOne{1};
inline constexpr BrokerId kTwo{2};
inline constexpr BrokerId kThree{3};
inline constexpr BrokerId kObserver{9};
inline constexpr std::int32_t kMaxEpoch = INT32_MAX;

/// The end of a log.
inline LogEnd end_at(std::int32_t epoch, std::int64_t end_offset) {
    return {.epoch = LeaderEpoch(epoch), .end_offset = Offset(end_offset)};
}

/// A durable log of several epochs, each given by its end.
inline LogPositions log_of(std::initializer_list<LogEnd> epochs) {
    storage::EpochCache cache;
    Offset end_offset(0);
    for (const LogEnd& epoch : epochs) {
        cache.assign(epoch.epoch, end_offset);
        end_offset = epoch.end_offset;
    }
    return {cache, end_offset};
}

inline ElectionState state_of(std::int32_t epoch, BrokerId leader = kNoBroker,
                              BrokerId voted = kNoBroker) {
    return {.epoch = LeaderEpoch(epoch), .leader = leader, .voted = {voted, {}}};
}

/// The voters 1 to `voters`, as the node `self` sees them.
inline RaftOptions options_of(BrokerId self, std::int32_t voters) {
    std::vector<Voter> all;
    for (std::int32_t id = 1; id <= voters; ++id) {
        all.push_back({{BrokerId(id), {}}, {"localhost", static_cast<std::uint16_t>(9000 + id)}});
    }
    return {.self = {self, {}}, .voters = VoterSet(std::move(all))};
}

/// What a node starts with.
struct Setup {
    BrokerId self = kOne;
    std::int32_t voters = 3;
    ElectionState persisted = {};
    LogPositions log = {};
    std::uint64_t seed = 1;
};

}  // namespace hw::replication
