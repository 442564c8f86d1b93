#include "broker/coordinator/group/group_machine.h"

#include <utility>
#include <variant>

#include "broker/coordinator/group/java_string.h"
#include "protocol/base/assert.h"
#include "protocol/schema/group_record.h"

namespace hw::broker {

using schema::OffsetCommitKey;
using schema::OffsetCommitRecord;
using schema::OffsetCommitValue;
using wire::ErrorCode;

namespace {

/// Decoded records take at most this many times their bytes.
constexpr std::size_t kMemoryFactor = 32;
constexpr std::size_t kSlack = 64 * 1024;

template <class... Functions>
struct Overloaded : Functions... {
    using Functions::operator()...;
};

schema::EncodedGroupRecord encoded(const schema::GroupRecord& record) {
    auto bytes = schema::encode_group_record(record);
    // Texts come from requests, where they are as short as in a record.
    HW_ASSERT(bytes.has_value());
    return std::move(*bytes);
}

schema::EncodedGroupRecord offset_record(const OffsetCommit& commit, const OffsetToCommit& offset) {
    return encoded(OffsetCommitRecord{
        .key = {.group = commit.group, .topic = offset.topic, .partition = offset.partition},
        .value =
            OffsetCommitValue{.offset = offset.offset,
                              .leader_epoch = offset.leader_epoch,
                              .metadata = wire::is_null(offset.metadata) ? "" : offset.metadata,
                              .commit_timestamp = commit.now,
                              .expire_timestamp = commit.expires_at.value_or(kNoTimestamp),
                              .topic_id = offset.topic_id}});
}

schema::EncodedGroupRecord tombstone(std::string_view group, const NamedPartition& of) {
    return encoded(OffsetCommitRecord{
        .key = {.group = group, .topic = of.topic, .partition = of.partition}, .value = {}});
}

}  // namespace

Result<void> GroupMachine::apply(ByteView key, record::NullableBytes value) {
    const std::size_t size = key.size() + (value ? value->size() : 0);
    arena_.reset(size * kMemoryFactor + kSlack);
    HW_TRY(decoded, schema::decode_group_record(key, value, arena_));
    std::visit(Overloaded{[this](const OffsetCommitRecord& record) { apply(record); },
                          [this](const schema::LegacyOffsetCommitRecord& record) {
                              const auto& key = record.key;
                              OffsetCommitRecord same{.key = {key.group, key.topic, key.partition},
                                                      .value = {}};
                              if (record.value) {
                                  same.value = OffsetCommitValue{
                                      .offset = record.value->offset,
                                      .metadata = record.value->metadata,
                                      .commit_timestamp = record.value->commit_timestamp};
                              }
                              apply(same);
                          },
                          [](const auto&) {}},
               decoded.record);
    return {};
}

void GroupMachine::apply(const OffsetCommitRecord& record) {
    if (!record.value) {
        remove_offset(record.key);
        return;
    }
    const OffsetCommitValue& value = *record.value;
    auto group = groups_.find(record.key.group);
    if (group == groups_.end()) {
        group = groups_.emplace(record.key.group, Group()).first;
    }
    GroupOffsets& offsets = group->second.offsets;
    auto topic = offsets.find(record.key.topic);
    if (topic == offsets.end()) {
        topic = offsets.emplace(record.key.topic, GroupOffsets::mapped_type()).first;
    }
    CommittedOffset& committed = topic->second[record.key.partition];
    committed.offset = value.offset;
    committed.leader_epoch = value.leader_epoch;
    committed.metadata.assign(value.metadata);
    committed.committed_at = value.commit_timestamp;
    committed.expires_at = value.expire_timestamp == kNoTimestamp
                               ? std::nullopt
                               : std::optional(value.expire_timestamp);
    committed.topic_id = value.topic_id;
}

void GroupMachine::remove_offset(const OffsetCommitKey& key) {
    const auto group = groups_.find(key.group);
    if (group == groups_.end()) {
        return;
    }
    GroupOffsets& offsets = group->second.offsets;
    const auto topic = offsets.find(key.topic);
    if (topic == offsets.end()) {
        return;
    }
    topic->second.erase(key.partition);
    if (topic->second.empty()) {
        offsets.erase(topic);
    }
    if (offsets.empty()) {
        groups_.erase(group);
    }
}

const Group* GroupMachine::find(std::string_view group) const {
    const auto found = groups_.find(group);
    return found == groups_.end() ? nullptr : &found->second;
}

ErrorCode GroupMachine::check(const OffsetCommit& commit) const {
    if (commit.generation < 0 && commit.member.empty() && !commit.instance) {
        return ErrorCode::none;
    }
    const bool exists = find(commit.group) != nullptr;
    if (commit.generation >= 0 && !exists) {
        return ErrorCode::group_id_not_found;
    }
    return commit.generation < 0 ? ErrorCode::none : ErrorCode::unknown_member_id;
}

CoordinatorRecords GroupMachine::commit(const OffsetCommit& commit,
                                        OffsetCommitResult& result) const {
    result.refusal = check(commit);
    if (result.refusal != ErrorCode::none) {
        return {};
    }
    CoordinatorRecords records;
    records.reserve(commit.offsets.size());
    result.offsets.reserve(commit.offsets.size());
    for (const OffsetToCommit& offset : commit.offsets) {
        // Few texts are that long in bytes, so that their units need to be counted.
        const bool too_large = offset.metadata.size() > options_.offset_metadata_max &&
                               java_length(offset.metadata) > options_.offset_metadata_max;
        if (too_large) {
            result.offsets.push_back(ErrorCode::offset_metadata_too_large);
            continue;
        }
        result.offsets.push_back(ErrorCode::none);
        records.push_back(offset_record(commit, offset));
    }
    return records;
}

std::vector<FetchedOffset> GroupMachine::fetch(std::string_view group,
                                               std::span<const NamedPartition> partitions) const {
    const Group* const found = find(group);
    std::vector<FetchedOffset> offsets;
    offsets.reserve(partitions.size());
    for (const NamedPartition& asked : partitions) {
        FetchedOffset& answer = offsets.emplace_back();
        answer.partition = asked.partition;
        if (found == nullptr) {
            continue;
        }
        const auto topic = found->offsets.find(asked.topic);
        if (topic == found->offsets.end()) {
            continue;
        }
        if (const auto at = topic->second.find(asked.partition); at != topic->second.end()) {
            answer.committed = at->second;
        }
    }
    return offsets;
}

std::vector<FetchedOffset> GroupMachine::fetch_all(std::string_view group) const {
    std::vector<FetchedOffset> offsets;
    if (const Group* const found = find(group)) {
        for (const auto& [topic, partitions] : found->offsets) {
            for (const auto& [partition, committed] : partitions) {
                offsets.push_back({topic, partition, committed});
            }
        }
    }
    return offsets;
}

CoordinatorRecords GroupMachine::remove(std::string_view group,
                                        std::span<const NamedPartition> partitions,
                                        ErrorCode& refusal) const {
    const Group* const found = find(group);
    if (found == nullptr) {
        refusal = ErrorCode::group_id_not_found;
        return {};
    }
    CoordinatorRecords records;
    for (const NamedPartition& named : partitions) {
        const auto topic = found->offsets.find(named.topic);
        if (topic != found->offsets.end() && topic->second.contains(named.partition)) {
            records.push_back(tombstone(group, named));
        }
    }
    return records;
}

}  // namespace hw::broker
