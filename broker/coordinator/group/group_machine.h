#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "broker/coordinator/group/committed_offset.h"
#include "broker/coordinator/runtime/coordinator_machine.h"
#include "protocol/base/arena.h"
#include "protocol/base/ids.h"
#include "protocol/wire/error_code.h"

namespace hw::broker {

/// A consumer group. It exists as long as it has committed offsets.
struct Group {
    GroupOffsets offsets;
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

/// The groups of one partition of the offsets topic.
class GroupMachine final : public CoordinatorMachine {
public:
    struct Options {
        std::size_t offset_metadata_max = 4096;  ///< in UTF-16 units
    };

    explicit GroupMachine(const Options& options) : options_(options) {}

    [[nodiscard]] Result<void> apply(ByteView key, record::NullableBytes value) override;

    /// Codes: GROUP_ID_NOT_FOUND (a member's commit to a group that does not exist),
    /// UNKNOWN_MEMBER_ID; of an offset: OFFSET_METADATA_TOO_LARGE.
    [[nodiscard]] CoordinatorRecords commit(const OffsetCommit& commit,
                                            OffsetCommitResult& result) const;
    /// Looks up the offsets of the partitions, in their order.
    [[nodiscard]] std::vector<FetchedOffset> fetch(
        std::string_view group, std::span<const NamedPartition> partitions) const;
    /// The offsets of all partitions for which the group has any.
    [[nodiscard]] std::vector<FetchedOffset> fetch_all(std::string_view group) const;
    /// Removes offsets. Nothing happens to partitions without one. Codes: GROUP_ID_NOT_FOUND.
    [[nodiscard]] CoordinatorRecords remove(std::string_view group,
                                            std::span<const NamedPartition> partitions,
                                            wire::ErrorCode& refusal) const;

    /// Nullptr if there is no such group.
    [[nodiscard]] const Group* find(std::string_view group) const;

private:
    [[nodiscard]] wire::ErrorCode check(const OffsetCommit& commit) const;
    void apply(const schema::OffsetCommitRecord& record);
    void remove_offset(const schema::OffsetCommitKey& key);

    Options options_;
    std::map<std::string, Group, std::less<>> groups_;
    Arena arena_{0};  ///< of the record that is being decoded
};

}  // namespace hw::broker
