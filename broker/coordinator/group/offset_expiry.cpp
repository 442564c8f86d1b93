#include "broker/coordinator/group/offset_expiry.h"

#include <algorithm>
#include <chrono>
#include <map>

#include "broker/coordinator/group/group_records.h"

namespace hw::broker {
namespace {

/// Unread records keep an offset at most this many times its retention.
constexpr std::int64_t kLongest = 10;

bool has_members(const Group& group) {
    return (group.classic != nullptr && !group.classic->is_unused()) ||
           (group.consumer != nullptr && !group.consumer->members().empty());
}

bool is_orphaned(std::string_view topic, const CommittedOffset& committed,
                 const controller::MetadataImage& image) {
    const controller::TopicImage* const found = image.find_topic(topic);
    const bool knows_id = committed.topic_id != TopicId();
    return found == nullptr || (knows_id && found->id != committed.topic_id);
}

bool has_same_offset(const Group& group, const ExpiredOffset& expired) {
    const auto topic = group.offsets.find(expired.topic);
    if (topic == group.offsets.end()) {
        return false;
    }
    const auto found = topic->second.find(expired.partition);
    return found != topic->second.end() && found->second.offset == expired.offset &&
           found->second.committed_at == expired.committed_at;
}

std::size_t offsets_of(const Group& group) {
    std::size_t offsets = 0;
    for (const auto& [topic, partitions] : group.offsets) {
        offsets += partitions.size();
    }
    return offsets;
}

}  // namespace

Expiry expiry_of(const Group& group, std::string_view topic, const CommittedOffset& committed,
                 const ExpiryRules& rules) {
    if (is_orphaned(topic, committed, *rules.image)) {
        return Expiry::orphaned;
    }
    if (has_members(group) || rules.only_orphaned) {
        return Expiry::no;
    }
    const std::int64_t usual = rules.retention.count();
    Timestamp since = committed.committed_at;
    if (group.classic != nullptr) {
        since = std::max(since, group.classic->state_since());
    }
    if (group.consumer != nullptr) {
        since = std::max(since, group.consumer->state_since());
    }
    // Times in a log may be any numbers: neither difference overflows.
    const Timestamp now = rules.now;
    const auto age = [now](Timestamp of) { return now - std::clamp(of, Timestamp(0), now); };
    const std::int64_t beyond =
        committed.expires_at ? (*committed.expires_at > now ? -1 : age(*committed.expires_at))
                             : age(since) - usual;
    if (beyond < 0) {
        return Expiry::no;
    }
    return beyond / (kLongest - 1) >= usual ? Expiry::yes : Expiry::if_read;
}

ExpiryPage find_expired(const GroupMachine& machine, std::string_view after, std::size_t max,
                        const ExpiryRules& rules) {
    ExpiryPage page;
    std::size_t seen = 0;
    const auto look = [&](const auto& group, const std::string& topic, const auto& one) {
        const auto& [partition, committed] = one;
        const Expiry expiry = expiry_of(group->second, topic, committed, rules);
        if (expiry != Expiry::no) {
            page.offsets.push_back({.group = group->first,
                                    .topic = topic,
                                    .partition = partition,
                                    .offset = committed.offset,
                                    .committed_at = committed.committed_at,
                                    .expiry = expiry});
        }
    };
    auto group = machine.groups().upper_bound(after);
    for (; group != machine.groups().end() && seen < max; ++group) {
        page.last = group->first;
        seen += 1 + offsets_of(group->second);
        for (const auto& [topic, partitions] : group->second.offsets) {
            for (const auto& one : partitions) {
                look(group, topic, one);
            }
        }
        if (!rules.only_orphaned && group->second.offsets.empty() && !has_members(group->second)) {
            page.unused_groups.push_back(group->first);
        }
    }
    page.is_end = group == machine.groups().end();
    return page;
}

CoordinatorRecords remove_expired(const GroupMachine& machine,
                                  std::span<const ExpiredOffset> offsets,
                                  std::span<const std::string> unused_groups) {
    CoordinatorRecords records;
    std::map<std::string_view, std::size_t> removed;
    for (const std::string& group : unused_groups) {
        removed.emplace(group, 0);
    }
    for (const ExpiredOffset& expired : offsets) {
        const Group* const group = machine.find(expired.group);
        const bool may_go =
            group != nullptr && (expired.expiry == Expiry::orphaned || !has_members(*group));
        if (may_go && has_same_offset(*group, expired)) {
            records.push_back(offset_tombstone(expired.group, {expired.topic, expired.partition}));
            ++removed[expired.group];
        }
    }
    for (const auto& [name, count] : removed) {
        const Group* const group = machine.find(name);
        if (group == nullptr || has_members(*group) || offsets_of(*group) != count) {
            continue;
        }
        if (group->classic != nullptr) {
            records.push_back(classic_tombstone(name));
        }
        if (group->consumer != nullptr) {
            group->consumer->remove(records);
        }
    }
    return records;
}

}  // namespace hw::broker
