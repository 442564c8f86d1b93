#pragma once

#include <cstddef>
#include <expected>
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

#include "broker/coordinator/classic/classic_group.h"
#include "broker/coordinator/consumer/consumer_group.h"
#include "broker/coordinator/consumer/group_topics.h"
#include "broker/coordinator/group/committed_offset.h"
#include "broker/coordinator/runtime/coordinator_machine.h"
#include "broker/runtime/group_memory.h"
#include "protocol/base/arena.h"
#include "protocol/base/ids.h"
#include "protocol/wire/error_code.h"

namespace hw::broker {

/// A group of consumers. It exists as long as it has committed offsets or members, or a record that
/// it had members.
struct Group {
    GroupOffsets offsets;
    std::int64_t offset_bytes = 0;   ///< memory of the offsets, about
    std::int64_t counted_bytes = 0;  ///< of the group, in GroupMemory
    /// Its members, if it has had any; never both.
    std::unique_ptr<ClassicGroup> classic = nullptr;
    std::unique_ptr<ConsumerGroup> consumer = nullptr;
    TimePoint check_at = kNever;  ///< its place among the deadlines
    TimePoint change_at{};        ///< it does not become a classic group before
};

/// An offset to commit. The texts must live during the call.
struct OffsetToCommit {
    std::string_view topic;
    TopicId topic_id;
    PartitionIndex partition;
    Offset offset;
    LeaderEpoch leader_epoch = kNoLeaderEpoch;
    std::string_view metadata;
};

/// A commit of one group. The texts must live during the call.
struct OffsetCommit {
    std::string_view group;
    std::string_view member;                   ///< empty: the sender is no member
    std::optional<std::string_view> instance;  ///< of a static member
    std::int32_t generation = -1;              ///< or member epoch; -1: the sender is no member
    std::span<const OffsetToCommit> offsets;
    Timestamp now;
    std::optional<Timestamp> expires_at;
};

/// The codes of a commit: of all, or of each offset in its order.
struct OffsetCommitResult {
    wire::ErrorCode refusal = wire::ErrorCode::none;
    std::vector<wire::ErrorCode> offsets;
};

/// What a group has committed for one partition: nothing, if the offset is -1.
struct FetchedOffset {
    std::string topic;
    PartitionIndex partition;
    CommittedOffset committed = {};
};

/// A partition of a request, whose text must live during the call.
struct NamedPartition {
    std::string_view topic;
    PartitionIndex partition;
};

/// Whether groups that have members may change their protocol
/// (`group.consumer.migration.policy`).
struct MigrationPolicy {
    bool may_upgrade = true;    ///< to the consumer protocol, when a member of it joins
    bool may_downgrade = true;  ///< to the classic one, when no other members are left
};

/// The groups of one partition of the offsets topic.
class GroupMachine final : public CoordinatorMachine {
public:
    struct Options {
        GroupMemory* memory = nullptr;           ///< null: without a limit
        std::size_t offset_metadata_max = 4096;  ///< in UTF-16 units
        ClassicGroup::Rules classic = {};
        ConsumerGroup::Rules consumer = {};
        MigrationPolicy migration = {};
        /// Of the broker, for the configs of groups; null: no group has any.
        const config::Settings* settings = nullptr;
        /// Asks outside of the guard; the answer comes to `take` in a later entry.
        std::function<void(std::string group, GroupQuestion)> ask_worker = {};
    };

    using Image = std::shared_ptr<const controller::MetadataImage>;

    explicit GroupMachine(const Options& options) : options_(options) {}
    GroupMachine(const GroupMachine&) = delete;
    GroupMachine& operator=(const GroupMachine&) = delete;
    ~GroupMachine() override;

    /// Takes metadata, if they are newer: before the first request, so that sessions begin with
    /// the configs of their groups.
    void see(const std::shared_ptr<const controller::MetadataImage>& image) { topics_.see(image); }
    [[nodiscard]] Result<void> apply(ByteView key, record::NullableBytes value) override;
    void on_active(TimePoint now) override;
    void on_deadline(TimePoint now, Timestamp wall, Decision& decision) override;
    [[nodiscard]] TimePoint next_deadline() const override {
        return deadlines_.empty() ? kNever : deadlines_.begin()->first;
    }
    void end_calls(const wire::Refusal& reason) override;

    // --- Offsets

    /// Codes: GROUP_ID_NOT_FOUND (a member's commit to a group that does not exist), those of
    /// ClassicGroup::check_commit or ConsumerGroup; of an offset: OFFSET_METADATA_TOO_LARGE,
    /// COORDINATOR_NOT_AVAILABLE (no memory for an offset of a further partition).
    [[nodiscard]] CoordinatorRecords commit(const OffsetCommit& commit, TimePoint now,
                                            OffsetCommitResult& result);
    /// Looks up the offsets of the partitions, in their order.
    [[nodiscard]] std::vector<FetchedOffset> fetch(
        std::string_view group, std::span<const NamedPartition> partitions) const;
    /// The offsets of all partitions for which the group has any.
    [[nodiscard]] std::vector<FetchedOffset> fetch_all(std::string_view group) const;
    /// Removes offsets. Nothing happens to partitions without one. Codes: GROUP_ID_NOT_FOUND,
    /// NON_EMPTY_GROUP (it has members whose topics are not known); of a partition:
    /// GROUP_SUBSCRIBED_TO_TOPIC.
    [[nodiscard]] CoordinatorRecords remove(std::string_view group,
                                            std::span<const NamedPartition> partitions,
                                            OffsetCommitResult& result) const;

    // --- Members of the classic protocol

    void join(std::string_view group, ClassicJoin join, const Image& image, const Moment& at,
              Decision& decision);
    void sync(std::string_view group, ClassicSync sync, const Image& image, const Moment& at,
              Decision& decision);
    /// Codes: those of ClassicGroup::heartbeat.
    [[nodiscard]] wire::ErrorCode heartbeat(std::string_view group, const ClassicBeat& beat,
                                            const Image& image, TimePoint now);
    /// The call is ended with the codes of the members, in their order.
    void leave(std::string_view group, std::span<const LeavingMember> members, LeaveCall call,
               const Moment& at, Decision& decision);

    // --- Members of the consumer protocol

    /// Codes: GROUP_ID_NOT_FOUND (the members of the group use the classic protocol, and it cannot
    /// become a consumer group), COORDINATOR_NOT_AVAILABLE (no memory for a further member), those
    /// of ConsumerGroup::heartbeat.
    [[nodiscard]] ConsumerAnswer heartbeat(std::string_view group, const ConsumerHeartbeat& beat,
                                           const Image& image, const Moment& at,
                                           Decision& decision);
    void take(std::string_view group, const GroupAnswer& answer, Timestamp wall,
              Decision& decision);
    /// Whether such a sender may read offsets; without a member anybody may. Codes:
    /// UNKNOWN_MEMBER_ID, STALE_MEMBER_EPOCH.
    [[nodiscard]] wire::ErrorCode check_fetch(std::string_view group, std::string_view member,
                                              std::int32_t epoch) const;

    // --- Groups

    /// Removes the group and its offsets. Codes: GROUP_ID_NOT_FOUND, NON_EMPTY_GROUP.
    [[nodiscard]] CoordinatorRecords remove(std::string_view group, wire::ErrorCode& refusal) const;
    /// Nullptr if there is no such group.
    [[nodiscard]] const Group* find(std::string_view group) const;
    [[nodiscard]] const std::map<std::string, Group, std::less<>>& groups() const {
        return groups_;
    }

private:
    using Groups = std::map<std::string, Group, std::less<>>;

    // Groups that change their protocol (group_machine_change.cpp).
    [[nodiscard]] std::expected<CoordinatorRecords, std::string> upgrade_records(
        Groups::iterator group, Timestamp wall) const;
    [[nodiscard]] ConsumerAnswer upgrade(Groups::iterator group, const ConsumerHeartbeat& beat,
                                         const Moment& at, Decision& decision);
    void begin_classic(Groups::iterator group, ClassicJoin join, const Moment& at,
                       Decision& decision);
    [[nodiscard]] bool must_downgrade(const Group& group) const;
    void downgrade(Groups::iterator group, TimePoint now, Timestamp wall, Decision& decision);
    void ask_worker_later(Groups::iterator group, TimePoint now, Decision& decision);
    void ask_worker(Groups::iterator group, TimePoint now);

    /// Memory of a group beside its texts, about.
    static constexpr std::int64_t kGroupMemory = 600;

    [[nodiscard]] wire::ErrorCode check(const OffsetCommit& commit) const;
    [[nodiscard]] static wire::ErrorCode check(const OffsetCommit& commit,
                                               const ConsumerGroup& group);
    [[nodiscard]] wire::ErrorCode check(const OffsetCommit& commit, const OffsetToCommit& offset,
                                        std::int64_t& added) const;
    [[nodiscard]] bool has_room(std::int64_t bytes) const;
    [[nodiscard]] bool has_room(std::string_view group, const ClassicJoin& join) const;
    /// Counts the memory of a group that has changed.
    void count(Groups::iterator group);
    void apply(const schema::OffsetCommitRecord& record);
    void apply(const schema::GroupMetadataRecord& record);
    void apply(const schema::ConsumerGroupMetadataRecord& record);
    void apply(const schema::ConsumerGroupTargetAssignmentMetadataRecord& record);
    template <class Record>
    void apply_to_members(const Record& record);
    void remove_offset(const schema::OffsetCommitKey& key);
    [[nodiscard]] Groups::iterator at(std::string_view group);
    [[nodiscard]] ClassicGroup& classic(Groups::iterator group);
    [[nodiscard]] ConsumerGroup& consumer(Groups::iterator group);
    void see_configs(ConsumerGroup& group) const {
        if (options_.settings != nullptr) {
            group.see_configs(topics_, *options_.settings);
        }
    }
    [[nodiscard]] bool has_room(std::string_view group, const ConsumerHeartbeat& beat) const;
    /// The group has changed: it may have another deadline, or be gone.
    void settle(Groups::iterator group);
    /// The same, also after what the decision brings.
    void settle(Groups::iterator group, Decision& decision);
    /// Only after what the decision brings.
    void settle_later(Groups::iterator group, Decision& decision);

    Options options_;
    Groups groups_;
    GroupTopics topics_;
    std::set<std::pair<TimePoint, std::string>> deadlines_;  ///< with the groups that have them
    Arena arena_{0};  ///< of the record that is being decoded
};

}  // namespace hw::broker
