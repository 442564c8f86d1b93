#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "broker/coordinator/classic/classic_member.h"
#include "broker/coordinator/runtime/decision.h"
#include "protocol/base/ids.h"
#include "protocol/base/time.h"

namespace hw::broker {

/// The states of a classic group. `preparing`: its members are joining. `completing`: all have
/// joined; the leader is asked for the assignment.
enum class ClassicState : std::uint8_t { empty, preparing, completing, stable };

/// A JoinGroup. Its texts must live during the call.
struct ClassicJoin {
    std::string_view member;                   ///< empty: a new member
    std::optional<std::string_view> instance;  ///< of a static member
    std::string_view client_id;
    std::string_view client_host;
    std::string_view protocol_type;
    std::vector<ClassicProtocol> protocols;
    Duration rebalance_timeout{};
    Duration session_timeout{};
    bool must_know_id = false;         ///< a new member is first told its id (KIP-394)
    bool may_skip_assignment = false;  ///< the client knows KIP-814
    std::string_view new_id;           ///< the id of the member, if it is new
    JoinCall call;
};

/// A SyncGroup. Its texts must live during the call.
struct ClassicSync {
    struct Assignment {
        std::string_view member;
        std::string_view bytes;
    };

    std::string_view member;
    std::optional<std::string_view> instance;
    std::int32_t generation = kNoGeneration;
    std::optional<std::string_view> protocol_type;
    std::optional<std::string_view> protocol;
    std::vector<Assignment> assignments;  ///< only from the leader
    SyncCall call;
};

/// A Heartbeat of the classic protocol. The texts must live during the call.
struct ClassicBeat {
    std::string_view member;
    std::optional<std::string_view> instance;  ///< of a static member
    std::int32_t generation = kNoGeneration;
};

/// A member that LeaveGroup names.
struct LeavingMember {
    std::string_view member;  ///< empty: known by its instance
    std::optional<std::string_view> instance;
};

/// Rules that a simulation breaks on purpose; none by default.
struct ClassicMutants {
    bool answers_sync_unstored = false;
    bool takes_old_generations = false;
    bool takes_old_instances = false;
    bool keeps_dead_members = false;
};

/// What the log has of a classic group.
struct ClassicRecord {
    std::string protocol_type;
    std::int32_t generation = 0;
    std::optional<std::string> protocol;
    std::optional<std::string> leader;  ///< nothing, but members: they must join again
    Timestamp state_since = kNoTimestamp;
    std::vector<ClassicMember> members;  ///< the part that is in the record
};

/// The calls that wait in a group.
struct ClassicWaiting {
    std::vector<std::pair<std::string, JoinCall>> joins;  ///< with the ids of their members
    std::vector<SyncCall> syncs;
};

/// The members of a group of the classic protocol, and how they agree on an assignment. A core:
/// does no I/O, reads no clock. What the log has of the group changes by `apply` alone.
///
/// A rebalance: all members join (JoinGroup waits for all of them), one of them, the leader, is
/// told all, and each gets its part of what the leader then assigns (SyncGroup waits for it). Then
/// the group is stable in a new generation, and stands in the log.
class ClassicGroup {
public:
    struct Rules {
        Duration initial_delay{};  ///< how long the first rebalance waits for further members
        std::size_t max_size = 0;  ///< members, and also ids that were given out and not used
        ClassicMutants mutants = {};
    };
    /// Limit of what the members of a group say of themselves.
    static constexpr std::int64_t kMaxBytes = std::int64_t{64} << 20;
    /// Where the records of a group come from: makes the record of a state.
    using MakeRecord = std::function<schema::EncodedGroupRecord(const ClassicRecord&)>;

    ClassicGroup(const Rules& rules, MakeRecord make_record)
        : rules_(rules), make_record_(std::move(make_record)) {}

    /// Sets what the log has. Members that are there keep their sessions and calls.
    void apply(ClassicRecord record);
    /// The group is loaded: its members have full sessions from now on.
    void begin_sessions(TimePoint now);

    /// The call is ended by this or a later decision.
    void join(ClassicJoin join, TimePoint now, Timestamp wall, Decision& decision);
    void sync(ClassicSync sync, TimePoint now, Timestamp wall, Decision& decision);
    /// Codes: UNKNOWN_MEMBER_ID, FENCED_INSTANCE_ID, ILLEGAL_GENERATION, REBALANCE_IN_PROGRESS (the
    /// member must join again).
    [[nodiscard]] wire::ErrorCode heartbeat(std::string_view member,
                                            std::optional<std::string_view> instance,
                                            std::int32_t generation, TimePoint now);
    /// The codes of the members, in their order: UNKNOWN_MEMBER_ID, FENCED_INSTANCE_ID.
    [[nodiscard]] std::vector<wire::ErrorCode> leave(std::span<const LeavingMember> members,
                                                     TimePoint now, Timestamp wall,
                                                     Decision& decision);
    /// Whether such a sender may commit offsets. Codes: those of `heartbeat`.
    [[nodiscard]] wire::ErrorCode check_commit(std::string_view member,
                                               std::optional<std::string_view> instance,
                                               std::int32_t generation) const;
    /// A commit keeps the session of the member alive.
    void on_commit(std::string_view member, TimePoint now);
    /// Removes members whose session has expired, and ends phases that have lasted too long.
    void on_deadline(TimePoint now, Timestamp wall, Decision& decision);
    /// When to call on_deadline; may be too early.
    [[nodiscard]] TimePoint next_deadline() const { return check_at_; }
    /// Ends all calls, because this broker is not the coordinator any more.
    void end_calls(const wire::Refusal& reason);
    [[nodiscard]] ClassicWaiting waiting() const;

    [[nodiscard]] ClassicState state() const { return state_; }
    [[nodiscard]] std::int32_t generation() const { return generation_; }
    [[nodiscard]] const std::string& protocol_type() const { return protocol_type_; }
    [[nodiscard]] const std::optional<std::string>& protocol() const { return protocol_; }
    [[nodiscard]] const std::map<std::string, ClassicMember, std::less<>>& members() const {
        return members_;
    }
    /// Its members are consumers, whose metadata are ConsumerProtocolSubscriptions.
    [[nodiscard]] bool is_of_consumers() const { return protocol_type_ == "consumer"; }
    /// The topics that the members consume; nothing if the metadata of one cannot be read.
    [[nodiscard]] std::optional<std::set<std::string, std::less<>>> subscribed_topics() const;
    /// Nobody is a member, or about to be one.
    [[nodiscard]] bool is_unused() const { return members_.empty() && pending_.empty(); }
    [[nodiscard]] Timestamp state_since() const { return state_since_; }
    /// Memory of the group, about.
    [[nodiscard]] std::int64_t bytes() const {
        constexpr std::int64_t kIdMemory = 400;  // of an id that was given out
        return bytes_ + kIdMemory * static_cast<std::int64_t>(pending_.size());
    }
    /// Memory of a member, about; 0 if it is none.
    [[nodiscard]] std::int64_t bytes_of(std::string_view member) const;
    /// Memory of the member that a JoinGroup makes, about.
    [[nodiscard]] static std::int64_t bytes_of(const ClassicJoin& join);

private:
    using Members = std::map<std::string, ClassicMember, std::less<>>;

    [[nodiscard]] wire::ErrorCode check_member(std::string_view member,
                                               std::optional<std::string_view> instance) const;
    [[nodiscard]] bool accepts(const ClassicJoin& join) const;
    [[nodiscard]] bool supports(std::string_view type,
                                const std::vector<ClassicProtocol>& protocols) const;
    void join_new(ClassicJoin& join, TimePoint now, Timestamp wall, Decision& decision);
    void join_known(ClassicJoin& join, TimePoint now, Timestamp wall, Decision& decision);
    void add_member(std::string_view id, ClassicJoin& join, TimePoint now, Timestamp wall,
                    Decision& decision);
    void update_member(ClassicMember& member, ClassicJoin& join, TimePoint now, Timestamp wall,
                       Decision& decision);
    void replace_static(std::string_view old_id, ClassicJoin& join, TimePoint now, Timestamp wall,
                        Decision& decision);
    void keep_assignment(std::string_view old_id, ClassicJoin& join, TimePoint now, Timestamp wall,
                         Decision& decision);
    [[nodiscard]] ClassicMember& rename(std::string_view old_id, std::string_view new_id);
    void remove_member(Members::iterator member, Decision& decision);

    void rebalance(TimePoint now, Timestamp wall, Decision& decision);
    void rebalance_or_complete(TimePoint now, Timestamp wall, Decision& decision);
    void complete_if_all_joined(TimePoint now, Timestamp wall, Decision& decision);
    void complete_joining(TimePoint now, Timestamp wall, Decision& decision);
    void extend_or_complete(TimePoint now, Timestamp wall, Decision& decision);
    [[nodiscard]] bool elect_leader();
    void assign(ClassicSync& sync, TimePoint now, Timestamp wall, Decision& decision);
    void propagate(wire::ErrorCode code, TimePoint now, Decision& decision);
    void expire_members(TimePoint now, Timestamp wall, Decision& decision);
    void expire_syncs(TimePoint now, Timestamp wall, Decision& decision);

    void set_state(ClassicState state, Timestamp wall);
    void count(const ClassicMember& member, int by);
    [[nodiscard]] static std::int64_t bytes_of(const ClassicMember& member);
    [[nodiscard]] std::string choose_protocol() const;
    [[nodiscard]] bool all_joined() const {
        return joining_ == members_.size() && pending_.empty();
    }
    [[nodiscard]] Duration rebalance_timeout() const;
    void set_join(ClassicMember& member, JoinCall call);
    void answer_join(ClassicMember& member, JoinAnswer answer, Decision& decision);
    [[nodiscard]] JoinAnswer joined(const ClassicMember& member) const;
    [[nodiscard]] std::shared_ptr<const std::vector<JoinAnswer::Member>> listed() const;
    void begin_session(ClassicMember& member, TimePoint end);
    void check_at(TimePoint time) { check_at_ = std::min(check_at_, time); }
    [[nodiscard]] TimePoint earliest_deadline() const;
    [[nodiscard]] ClassicRecord record(Timestamp wall) const;

    Rules rules_;
    MakeRecord make_record_;
    ClassicState state_ = ClassicState::empty;
    std::int32_t generation_ = 0;
    std::string protocol_type_;  ///< empty: no member has ever joined
    std::optional<std::string> protocol_;
    std::optional<std::string> leader_;
    Timestamp state_since_ = kNoTimestamp;
    Members members_;
    std::map<std::string, std::string, std::less<>> static_members_;  ///< ids by instance
    /// Ids that were given out, with the time until which their owners may join.
    std::map<std::string, TimePoint, std::less<>> pending_;
    std::map<std::string, int, std::less<>> protocol_counts_;  ///< members that support it
    std::int64_t bytes_ = 0;                                   ///< of all members
    std::size_t joining_ = 0;                                  ///< members whose JoinGroup waits

    /// What the leader is told, while nothing changes; null: not made yet.
    mutable std::shared_ptr<const std::vector<JoinAnswer::Member>> listed_ = nullptr;

    TimePoint phase_end_ = kNever;    ///< of joining, or of the wait for SyncGroup
    TimePoint initial_end_ = kNever;  ///< the first rebalance waits no longer; never: not the first
    bool must_rebalance_ = false;     ///< when its sessions begin
    bool has_new_member_ = false;     ///< since the initial delay was last extended
    TimePoint check_at_ = kNever;
};

}  // namespace hw::broker
