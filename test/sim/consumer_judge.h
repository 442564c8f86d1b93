#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "protocol/base/time.h"
#include "test/sim/group_judge.h"

namespace hw::sim {

/// A time in which a partition, or the instance of a static member, belongs to a member.
///
/// A partition does from the answer that gives it until the member sends a heartbeat or a JoinGroup
/// that no longer names it, leaves, or learns that it was fenced. That of a silent member ends when
/// its coordinator may remove it, by the fastest of the clocks.
struct ConsumerClaim {
    MemberName member;
    std::optional<std::int32_t> partition;  ///< nullopt: the instance
    TimePoint from;
    TimePoint until;
};

/// A partition that an answer to a heartbeat or a SyncGroup has given to a member.
struct ConsumerGrant {
    MemberName member;
    std::int32_t epoch = 0;  ///< of the member, as that answer says; its generation
    std::int32_t partition = 0;
    TimePoint done;  ///< when the answer came
};

/// A commit of a member that was acknowledged.
struct ConsumerCommit {
    MemberName member;
    std::int32_t epoch = 0;
    std::int32_t partition = 0;
    TimePoint sent;
};

/// Judges what members of groups see that use the consumer protocol (KIP-848), or change between
/// the protocols; and of what classic groups see, who has which partition when. A partition belongs
/// to one member at a time, and is given to one in an epoch (G1). Once another member has got it in
/// a newer epoch, no commit of the old epoch is taken for it, and no heartbeat of an epoch that has
/// passed (G2). An instance is one member at a time, and what was its member before commits no more
/// (G5).
///
/// Members report in any order. A group takes O(n log n) for n claims, and O(n m) for n commits and
/// m grants.
class ConsumerJudge {
public:
    /// The names of the groups, for reports.
    explicit ConsumerJudge(std::vector<std::string> names);

    void on_claim(std::size_t group, ConsumerClaim claim);
    void on_grant(std::size_t group, ConsumerGrant grant);
    void on_commit(std::size_t group, ConsumerCommit commit);
    /// A heartbeat was taken although its member had gone through two later epochs.
    void on_old_heartbeat(std::size_t group, const MemberName& member, std::int32_t epoch);

    /// The first broken rule, as a sentence; nullopt if none is broken.
    [[nodiscard]] std::optional<std::string> judge() const;

    [[nodiscard]] std::uint64_t grants() const;
    [[nodiscard]] std::uint64_t commits() const;

private:
    struct Group {
        std::string name;
        std::vector<ConsumerClaim> claims;
        std::vector<ConsumerGrant> grants;
        std::vector<ConsumerCommit> commits;
    };

    std::vector<Group> groups_;
    std::optional<std::string> broken_;
};

}  // namespace hw::sim
