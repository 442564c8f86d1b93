#include <algorithm>
#include <chrono>
#include <set>
#include <utility>

#include "broker/coordinator/consumer/consumer_group.h"
#include "broker/coordinator/consumer/consumer_records.h"

namespace hw::broker {

namespace {

/// Pause between looks at all topics.
constexpr Duration kPatternPause = std::chrono::seconds(1);

}  // namespace

void ConsumerGroup::apply(const schema::ConsumerGroupRegularExpressionRecord& record) {
    const std::string_view pattern = record.key.regular_expression;
    if (!record.value) {
        if (const auto known = patterns_.find(pattern); known != patterns_.end()) {
            count(known->second, -1);
            patterns_.erase(known);
        }
        return;
    }
    auto& topics = patterns_[std::string(pattern)];
    count(topics, -1);
    topics.assign(record.value->topics.begin(), record.value->topics.end());
    std::ranges::sort(topics);
    count(topics, 1);
}

/// Whether members have patterns whose topics are not known, or may be others by now.
bool ConsumerGroup::must_resolve(const GroupTopics& topics, TimePoint now) const {
    if (pattern_users_.empty() || asked_patterns_ != nullptr || topics.image() == nullptr) {
        return false;
    }
    const bool has_news = topics.position() > patterns_position_ && now >= patterns_check_at_;
    return has_news || std::ranges::any_of(pattern_users_, [this](const auto& used) {
               return !patterns_.contains(used.first);
           });
}

PatternQuestion ConsumerGroup::pattern_question(const GroupTopics& topics, TimePoint now) {
    asked_patterns_ = std::make_shared<const int>(0);
    patterns_check_at_ = now + kPatternPause;
    PatternQuestion question{
        .ticket = asked_patterns_, .image = topics.shared_image(), .patterns = {}};
    for (const auto& [pattern, members] : pattern_users_) {
        question.patterns.push_back(pattern);
    }
    return question;
}

void ConsumerGroup::take(const ResolvedPatterns& resolved, GroupTopics& topics, Timestamp wall,
                         Decision& decision) {
    if (resolved.ticket != asked_patterns_) {
        return;  // this machine has not asked, but an earlier one of the same partition
    }
    asked_patterns_ = nullptr;
    patterns_position_ = resolved.position;
    PatternTopics next = patterns_;
    for (const auto& [pattern, names] : resolved.topics) {
        const auto known = patterns_.find(pattern);
        const bool is_used = pattern_users_.contains(pattern);
        if (is_used && (known == patterns_.end() || known->second != names)) {
            decision.records.push_back(
                pattern_record(name_, pattern, names, {resolved.position, wall}));
            next[pattern] = names;
        }
    }
    if (!decision.records.empty()) {
        const std::int64_t hash = topics.hash(subscribed_names(nullptr, next));
        decision.records.push_back(group_epoch_record(name_, epoch_ + 1, hash));
    }
}

/// Removes what is known of patterns that nobody has any more.
void ConsumerGroup::forget_patterns(const std::map<std::string_view, int>& lost,
                                    Decision& decision) const {
    for (const auto& [pattern, members] : lost) {
        const auto users = pattern_users_.find(pattern);
        const bool is_unused = users == pattern_users_.end() || users->second <= members;
        if (is_unused && patterns_.contains(pattern)) {
            decision.records.push_back(pattern_tombstone(name_, pattern));
        }
    }
}

/// \param change  replaces what a member has said; null: nothing
std::vector<std::string_view> ConsumerGroup::subscribed_names(const Change* change,
                                                              const PatternTopics& patterns) const {
    std::set<std::string_view> names;
    std::set<std::string_view> used;
    const auto before =
        change == nullptr ? members_.end() : members_.find(change->replaced.value_or(change->id));
    const MemberDescription* const mine =
        before == members_.end() ? nullptr : &before->second.description;
    for (const auto& [name, members] : topics_) {
        const bool is_mine = mine != nullptr && std::ranges::binary_search(mine->topics, name);
        if (members > (is_mine ? 1 : 0)) {
            names.insert(name);
        }
    }
    for (const auto& [pattern, members] : pattern_users_) {
        const bool is_mine = mine != nullptr && mine->pattern == pattern;
        if (members > (is_mine ? 1 : 0)) {
            used.insert(pattern);
        }
    }
    if (change != nullptr) {
        const MemberDescription& next = change->member.description;
        names.insert(next.topics.begin(), next.topics.end());
        if (next.pattern) {
            used.insert(*next.pattern);
        }
    }
    for (const std::string_view pattern : used) {
        if (const auto found = patterns.find(pattern); found != patterns.end()) {
            names.insert(found->second.begin(), found->second.end());
        }
    }
    return {names.begin(), names.end()};
}

const std::vector<std::string>* ConsumerGroup::topics_of(
    const std::optional<std::string>& pattern) const {
    if (!pattern) {
        return nullptr;
    }
    const auto found = patterns_.find(*pattern);
    return found == patterns_.end() ? nullptr : &found->second;
}

bool ConsumerGroup::subscribes(std::string_view topic) const {
    return topics_.contains(topic) || std::ranges::any_of(patterns_, [topic](const auto& known) {
               return std::ranges::binary_search(known.second, topic);
           });
}

}  // namespace hw::broker
