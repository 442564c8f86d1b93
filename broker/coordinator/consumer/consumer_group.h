#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "broker/coordinator/classic/classic_group.h"
#include "broker/coordinator/consumer/consumer_heartbeat.h"
#include "broker/coordinator/consumer/consumer_member.h"
#include "broker/coordinator/consumer/consumer_rules.h"
#include "broker/coordinator/consumer/group_question.h"
#include "broker/coordinator/consumer/group_topics.h"
#include "broker/coordinator/runtime/decision.h"
#include "config/settings.h"
#include "protocol/schema/group_record.h"

namespace hw::broker {

/// The states of a consumer group. `assigning`: a new target is being computed. `reconciling`:
/// members are on the way to their targets.
enum class ConsumerState : std::uint8_t { empty, assigning, reconciling, stable };

/// The members of a group of the consumer protocol (KIP-848), and what each has and shall have. A
/// core: does no I/O, reads no clock. What the log has of the group changes by `apply` alone.
///
/// The *group epoch* rises when members or topics change. Then an assignor computes a *target* of
/// each member, for that epoch. With each heartbeat a member is led a step towards its target: it
/// revokes what it shall not have, then it gets what nobody else has any more. Its *member epoch*
/// is that of the target that it has reached.
///
/// Members of the classic protocol may be among them: the generation that they are told is their
/// member epoch, and each JoinGroup leads them a step.
class ConsumerGroup {
public:
    using Rules = ConsumerRules;
    using Times = ConsumerTimes;
    using Members = std::map<std::string, ConsumerMember, std::less<>>;
    /// Limit of what the members of a group say of themselves.
    static constexpr std::int64_t kMaxBytes = std::int64_t{64} << 20;
    /// Pause between looks at the topics of a group.
    static constexpr Duration kHashPause = std::chrono::seconds(1);

    ConsumerGroup(const Rules& rules, std::string name)
        : rules_(rules), name_(std::move(name)), times_(times_of(rules)) {}

    // --- Records

    void apply(const schema::ConsumerGroupMetadataValue& value);
    void apply(const schema::ConsumerGroupMemberMetadataRecord& record);
    void apply(const schema::ConsumerGroupTargetAssignmentMetadataValue& value);
    void apply(const schema::ConsumerGroupTargetAssignmentMemberRecord& record);
    void apply(const schema::ConsumerGroupCurrentMemberAssignmentRecord& record);
    void apply(const schema::ConsumerGroupRegularExpressionRecord& record);
    /// The group is loaded: its members have full sessions from now on.
    void begin_sessions(TimePoint now);
    /// The records that remove the group.
    void remove(CoordinatorRecords& records) const;

    /// Takes the group's own configs from newer metadata (group_times.cpp). A member's session is
    /// as long as they say from its next heartbeat on. `broker` has the defaults and the bounds.
    void see_configs(const GroupTopics& topics, const config::Settings& broker);

    // --- Members

    /// Codes: UNKNOWN_MEMBER_ID, FENCED_MEMBER_EPOCH (the member must give up all partitions and
    /// join again), UNRELEASED_INSTANCE_ID, FENCED_INSTANCE_ID, GROUP_MAX_SIZE_REACHED.
    [[nodiscard]] ConsumerAnswer heartbeat(const ConsumerHeartbeat& beat, GroupTopics& topics,
                                           const Moment& at, Decision& decision);
    /// What heartbeats should not wait for: which topics match the members' patterns, and targets
    /// that take long to compute. Then `take` is due.
    [[nodiscard]] std::optional<GroupQuestion> take_question(const GroupTopics& topics,
                                                             TimePoint now);
    /// Takes an answer, unless what it is about has changed since.
    void take(const ResolvedPatterns& resolved, GroupTopics& topics, Timestamp wall,
              Decision& decision);
    void take(const ComputedTargets& computed, Timestamp wall, Decision& decision);
    /// Removes members whose session has expired, or that have not given up partitions in time.
    void on_deadline(const Moment& at, Decision& decision);
    /// When to call on_deadline; may be too early.
    [[nodiscard]] TimePoint next_deadline() const { return check_at_; }

    /// Whether such a sender may commit offsets; those of partitions need also may_commit. Codes:
    /// UNKNOWN_MEMBER_ID, STALE_MEMBER_EPOCH, ILLEGAL_GENERATION (of a classic member).
    [[nodiscard]] wire::ErrorCode check_commit(std::string_view member, std::int32_t epoch) const;
    /// Whether a member of an earlier epoch has had the partition since then.
    [[nodiscard]] bool may_commit(std::string_view member, std::int32_t epoch, TopicId topic,
                                  PartitionIndex partition) const;

    // --- Members of the classic protocol (consumer_classic.cpp)

    /// The call is ended by this decision. Codes: UNKNOWN_MEMBER_ID, FENCED_INSTANCE_ID,
    /// MEMBER_ID_REQUIRED, GROUP_MAX_SIZE_REACHED, INCONSISTENT_GROUP_PROTOCOL (not of consumers,
    /// no way to assign that all classic members support, metadata that cannot be read).
    void join(ClassicJoin join, GroupTopics& topics, const Moment& at, Decision& decision);
    /// The call is ended by this decision. Codes: UNKNOWN_MEMBER_ID, FENCED_INSTANCE_ID,
    /// ILLEGAL_GENERATION, INCONSISTENT_GROUP_PROTOCOL, REBALANCE_IN_PROGRESS.
    void sync(ClassicSync sync, const GroupTopics& topics, TimePoint now, Decision& decision);
    /// Codes: as ClassicGroup::heartbeat.
    [[nodiscard]] wire::ErrorCode heartbeat(const ClassicBeat& beat, GroupTopics& topics,
                                            TimePoint now);
    /// The codes of the members, in their order: UNKNOWN_MEMBER_ID, FENCED_INSTANCE_ID.
    [[nodiscard]] std::vector<wire::ErrorCode> leave(std::span<const LeavingMember> members,
                                                     Timestamp wall, Decision& decision);
    /// It has members, and all of them use the classic protocol.
    [[nodiscard]] bool is_classic() const {
        return !members_.empty() && classic_members_ == members_.size();
    }
    /// A way to assign that all of these support. One must be there.
    [[nodiscard]] std::string common_protocol() const;

    // --- What it is

    [[nodiscard]] const std::string& name() const { return name_; }
    [[nodiscard]] ConsumerState state() const;
    [[nodiscard]] std::int32_t epoch() const { return epoch_; }
    [[nodiscard]] std::int32_t target_epoch() const { return target_epoch_; }
    [[nodiscard]] const Members& members() const { return members_; }
    /// When it had members or changed last, as far as this coordinator knows.
    [[nodiscard]] Timestamp state_since() const { return std::max(target_time_, empty_since_); }
    /// The assignor that most members prefer.
    [[nodiscard]] std::string assignor() const;
    [[nodiscard]] bool subscribes(std::string_view topic) const;
    /// It has never had a member.
    [[nodiscard]] bool is_unused() const { return epoch_ == 0 && members_.empty(); }
    /// Memory of the group, about.
    [[nodiscard]] std::int64_t bytes() const { return bytes_; }
    /// Memory of a member, about, without its partitions; 0 if it is none.
    [[nodiscard]] std::int64_t bytes_of(std::string_view member) const;
    /// Memory that a member will have which joins so, about.
    [[nodiscard]] static std::int64_t memory_for(const ConsumerHeartbeat& beat);
    /// Memory by which the group will grow when a member joins so, or changes its subscription so;
    /// about.
    [[nodiscard]] std::int64_t growth_by(const ConsumerHeartbeat& beat) const;
    /// It would have more than kMaxBytes.
    [[nodiscard]] bool outgrows(const ConsumerHeartbeat& beat) const {
        const std::int64_t growth = growth_by(beat);
        return growth > 0 && bytes_ + growth > kMaxBytes;
    }

private:
    using Change = ConsumerChange;
    using Refused = std::optional<ConsumerAnswer>;

    // How a heartbeat is decided (consumer_heartbeat.cpp), in this order.
    [[nodiscard]] bool is_idle(const ConsumerHeartbeat& beat, const GroupTopics& topics,
                               TimePoint now) const;
    void decide(const ConsumerHeartbeat& beat, Change& change, GroupTopics& topics,
                const Moment& at, Decision& decision);
    [[nodiscard]] Refused find_member(const ConsumerHeartbeat& beat, Change& change) const;
    [[nodiscard]] Refused find_static(const ConsumerHeartbeat& beat, Change& change) const;
    [[nodiscard]] Refused check_epoch(const ConsumerHeartbeat& beat,
                                      const MemberPosition& position) const;
    void describe(const ConsumerHeartbeat& beat, Change& change, Decision& decision) const;
    void raise_epoch(Change& change, GroupTopics& topics, TimePoint now, Decision& decision);
    void assign(Change& change, const GroupTopics& topics, Timestamp wall, Decision& decision);
    void step(const ConsumerHeartbeat& beat, Change& change, Decision& decision) const;
    [[nodiscard]] ConsumerAnswer answer(const ConsumerHeartbeat& beat, const Change& change,
                                        bool must_tell_assignment) const;
    [[nodiscard]] Duration interval(bool is_stable) const {
        return is_stable ? times_.heartbeat_interval
                         : std::min(times_.heartbeat_interval, rules_.reconciling_interval);
    }
    [[nodiscard]] ConsumerAnswer leave(const ConsumerHeartbeat& beat, Timestamp wall,
                                       Decision& decision);

    // Members of the classic protocol (consumer_classic.cpp).
    [[nodiscard]] wire::ErrorCode find_classic(const ClassicJoin& join, bool owns_partitions,
                                               Change& change) const;
    [[nodiscard]] wire::ErrorCode check_classic(std::string_view member,
                                                std::optional<std::string_view> instance) const;
    [[nodiscard]] bool supports(const ClassicJoin& join) const;
    [[nodiscard]] bool is_behind(const MemberPosition& position) const;
    [[nodiscard]] bool must_rejoin(const ConsumerMember& member) const;
    [[nodiscard]] bool have_topics_changed(GroupTopics& topics, TimePoint now);
    void end_join(JoinCall call, const Change& change, TimePoint now, Decision& decision);

    [[nodiscard]] bool is_held(TopicId topic, PartitionIndex partition) const;
    [[nodiscard]] std::vector<MemberToAssign> members_with(const Change* change) const;
    [[nodiscard]] bool is_cheap(const GroupTopics& topics, const Change& change) const;
    [[nodiscard]] std::string assignor_with(const Change* change) const;
    void add_targets(const ComputedTargets& computed, std::string_view added,
                     Decision& decision) const;
    void remove_members(const std::vector<std::string>& ids, Timestamp wall, Decision& decision);
    void begin_session(std::string_view member, TimePoint now);

    // Subscriptions by pattern (consumer_patterns.cpp).
    [[nodiscard]] bool must_resolve(const GroupTopics& topics, TimePoint now) const;
    [[nodiscard]] PatternQuestion pattern_question(const GroupTopics& topics, TimePoint now);
    void forget_patterns(const std::map<std::string_view, int>& lost, Decision& decision) const;
    [[nodiscard]] std::vector<std::string_view> subscribed_names(
        const Change* change, const PatternTopics& patterns) const;
    [[nodiscard]] const std::vector<std::string>* topics_of(
        const std::optional<std::string>& pattern) const;

    // What follows from the records.
    [[nodiscard]] Members::iterator member_at(std::string_view id);
    void erase(Members::iterator member);
    [[nodiscard]] bool is_settled(const ConsumerMember& member) const {
        return member.position.state == MemberState::stable &&
               member.position.epoch == target_epoch_;
    }
    void count(const MemberDescription& description, const std::string& id, int by);
    void count(const MemberPosition& position, int by);
    void count(const OwnedPartitions& owned, int by);
    void count(const std::vector<std::string>& names, int by);
    void count_settled();

    Rules rules_;
    std::string name_;
    std::int32_t epoch_ = 0;
    std::int64_t hash_ = 0;  ///< of the topics, when the epoch was last raised
    std::int32_t target_epoch_ = 0;
    Timestamp target_time_ = kNoTimestamp;
    Members members_;
    PatternTopics patterns_;  ///< as they were last resolved

    std::map<std::string, std::string, std::less<>> static_members_;  ///< ids by instance
    std::map<std::string, int, std::less<>> topics_;         ///< members that name each topic
    std::map<std::string, int, std::less<>> pattern_users_;  ///< members that have each pattern
    std::map<TopicId, std::vector<std::int32_t>> held_;      ///< members that have each partition
    std::size_t classic_members_ = 0;  ///< members that use the classic protocol
    std::map<std::string, int, std::less<>> classic_protocols_;  ///< of them that support each
    std::size_t settled_ = 0;  ///< members that have reached their target
    std::int64_t bytes_ = 0;

    // Not in the log.
    Times times_;
    Offset configs_position_ = kNoOffset;   ///< of the metadata that the times are from
    Timestamp empty_since_ = kNoTimestamp;  ///< if this coordinator has seen the last member go
    Offset hash_position_ = kNoOffset;  ///< of the metadata that the hash was last compared with
    TimePoint hash_check_at_{};         ///< not before
    std::shared_ptr<const void> asked_ = nullptr;  ///< the ticket of the question under way
    Offset patterns_position_ = kNoOffset;  ///< of the metadata that patterns were resolved with
    TimePoint patterns_check_at_{};         ///< not before
    std::shared_ptr<const void> asked_patterns_ = nullptr;  ///< the ticket, as `asked_`
    TimePoint check_at_ = kNever;
};

}  // namespace hw::broker
