#include <algorithm>
#include <chrono>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "broker/coordinator/consumer/consumer_group.h"
#include "broker/coordinator/consumer/consumer_records.h"
#include "broker/coordinator/consumer/member_steps.h"

namespace hw::broker {

using wire::ErrorCode;

namespace {

/// Members and partitions that are assigned within a heartbeat: about a millisecond.
constexpr std::size_t kCheap = 2'000;

ConsumerAnswer refusal(ErrorCode code, std::string message) {
    return {.code = code, .message = std::move(message)};
}

ConsumerAnswer fenced(std::string_view kind, std::int32_t told, std::int32_t known) {
    return refusal(ErrorCode::fenced_member_epoch,
                   fmt::format("The consumer group member has a {} member epoch ({}) than the one "
                               "known by the group coordinator ({}). The member must abandon all "
                               "its partitions and rejoin.",
                               kind, told, known));
}

ConsumerAnswer unknown_member(std::string_view id) {
    return refusal(ErrorCode::unknown_member_id,
                   fmt::format("Member {} is not a member of the group.", id));
}

/// Whether the member has all of these partitions.
bool has_all(const OwnedPartitions& owned, const std::optional<Assignment>& told) {
    return told && std::ranges::all_of(*told, [&](const AssignedTopic& topic) {
               return std::ranges::all_of(topic.partitions, [&](PartitionIndex partition) {
                   return find(owned, topic.topic, partition) != nullptr;
               });
           });
}

std::optional<std::string> text_of(std::string_view text) {
    return text.empty() ? std::nullopt : std::optional(std::string(text));
}

}  // namespace

ConsumerAnswer ConsumerGroup::heartbeat(const ConsumerHeartbeat& beat, GroupTopics& topics,
                                        const Moment& at, Decision& decision) {
    if (beat.epoch < kJoinEpoch) {
        return leave(beat, at.wall, decision);
    }
    if (is_idle(beat, topics, at.now)) {
        begin_session(beat.member, at.now);
        return {.code = ErrorCode::none,
                .message = {},
                .member = std::string(beat.member),
                .epoch = beat.epoch,
                .interval = interval(settled_ == members_.size())};
    }
    Change change{.id = std::string(beat.member),
                  .member = {},
                  .is_new = false,
                  .replaced = {},
                  .changes_topics = false,
                  .epoch = epoch_,
                  .hash = hash_,
                  .target_epoch = target_epoch_};
    const bool is_static = beat.instance && !rules_.mutants.forgets_instances;
    const Refused refused = is_static ? find_static(beat, change) : find_member(beat, change);
    if (refused) {
        return *refused;
    }
    if (outgrows(beat)) {
        return refusal(
            ErrorCode::group_max_size_reached,
            fmt::format("The members of the consumer group take {} bytes, of at most {}: it has no "
                        "room for what the member says.",
                        bytes_, kMaxBytes));
    }
    const MemberPosition before = change.member.position;
    decide(beat, change, topics, at, decision);
    // With its previous epoch it has missed an answer, which may have had an assignment.
    return answer(beat, change,
                  before.assigned != change.member.position.assigned || before.epoch != beat.epoch);
}

/// Whether nothing has to be decided, as for most heartbeats: the member has its target, and
/// neither it nor the metadata have anything new. The member is not copied for these.
bool ConsumerGroup::is_idle(const ConsumerHeartbeat& beat, const GroupTopics& topics,
                            TimePoint now) const {
    const bool says_nothing = !beat.rack && !beat.rebalance_timeout && !beat.topics &&
                              !beat.pattern && !beat.assignor && !beat.owned;
    const bool has_news = topics.position() > hash_position_ && now >= hash_check_at_;
    if (!says_nothing || has_news || epoch_ != target_epoch_) {
        return false;
    }
    const auto known = members_.find(beat.member);
    if (known == members_.end() || beat.epoch != known->second.position.epoch) {
        return false;
    }
    const MemberDescription& told = known->second.description;
    return is_settled(known->second) && !told.classic && told.client_id == beat.client_id &&
           told.client_host == beat.client_host &&
           (!beat.instance || told.instance == beat.instance);
}

/// Decides for a member that may take part.
void ConsumerGroup::decide(const ConsumerHeartbeat& beat, Change& change, GroupTopics& topics,
                           const Moment& at, Decision& decision) {
    describe(beat, change, decision);
    raise_epoch(change, topics, at.now, decision);
    assign(change, topics, at.wall, decision);
    step(beat, change, decision);
    decision.then.push_back(
        [this, id = change.id, now = at.now](const wire::Refusal* not_stored, Decision&) {
            if (not_stored == nullptr) {
                begin_session(id, now);
            }
        });
}

ConsumerGroup::Refused ConsumerGroup::find_member(const ConsumerHeartbeat& beat,
                                                  Change& change) const {
    const auto known = members_.find(beat.member);
    if (known != members_.end()) {
        change.member = known->second;
        return check_epoch(beat, known->second.position);
    }
    if (beat.epoch != kJoinEpoch) {
        return unknown_member(beat.member);
    }
    if (members_.size() >= rules_.max_size) {
        return refusal(ErrorCode::group_max_size_reached,
                       fmt::format("The consumer group has {} members, which is the limit "
                                   "(group.consumer.max.size).",
                                   members_.size()));
    }
    change.is_new = true;
    return std::nullopt;
}

ConsumerGroup::Refused ConsumerGroup::find_static(const ConsumerHeartbeat& beat,
                                                  Change& change) const {
    const auto known = static_members_.find(*beat.instance);
    if (known == static_members_.end()) {
        return beat.epoch == kJoinEpoch
                   ? find_member(beat, change)
                   : refusal(ErrorCode::unknown_member_id,
                             fmt::format("Instance id {} is unknown.", *beat.instance));
    }
    const std::string& id = known->second;
    change.member = members_.find(id)->second;
    MemberPosition& position = change.member.position;
    // One of the classic protocol is not away by its own word, but it is restarted likewise.
    const bool is_replaced =
        position.epoch == kAwayEpoch || (change.member.description.classic && id != beat.member);
    if (beat.epoch == kJoinEpoch && is_replaced) {
        // It is back, with another id, and has given up nothing.
        change.replaced = id;
        change.is_new = true;
        position = {.assigned = std::move(position.assigned)};
        return std::nullopt;
    }
    if (beat.epoch == kJoinEpoch && id != beat.member) {
        return refusal(ErrorCode::unreleased_instance_id,
                       fmt::format("Static member {} with instance id {} cannot join the group "
                                   "because the instance id is owned by {} member.",
                                   beat.member, *beat.instance, id));
    }
    if (id != beat.member) {
        return refusal(ErrorCode::fenced_instance_id,
                       fmt::format("Static member {} with instance id {} was fenced by member {}.",
                                   beat.member, *beat.instance, id));
    }
    return check_epoch(beat, position);
}

/// A member that has missed an answer comes with its previous epoch, and has at most what the
/// answer before gave it.
ConsumerGroup::Refused ConsumerGroup::check_epoch(const ConsumerHeartbeat& beat,
                                                  const MemberPosition& position) const {
    if (beat.epoch > position.epoch) {
        return fenced("greater", beat.epoch, position.epoch);
    }
    const bool is_previous =
        beat.epoch == position.previous_epoch && has_all(position.assigned, beat.owned);
    if (beat.epoch < position.epoch && !is_previous && !rules_.mutants.takes_old_heartbeats) {
        return fenced("smaller", beat.epoch, position.epoch);
    }
    return std::nullopt;
}

/// Takes over what the heartbeat says of the member.
void ConsumerGroup::describe(const ConsumerHeartbeat& beat, Change& change,
                             Decision& decision) const {
    const MemberDescription before = change.member.description;
    MemberDescription& next = change.member.description;
    if (beat.instance) {
        next.instance = std::string(*beat.instance);
    }
    if (beat.rack) {
        next.rack = std::string(*beat.rack);
    }
    if (beat.rebalance_timeout) {
        next.rebalance_timeout = *beat.rebalance_timeout;
    }
    if (beat.topics) {
        next.topics = *beat.topics;
    }
    if (beat.pattern) {
        next.pattern = text_of(*beat.pattern);
    }
    if (beat.assignor) {
        next.assignor = text_of(*beat.assignor);
    }
    next.classic = beat.classic;
    next.client_id = beat.client_id;
    next.client_host = beat.client_host;
    const bool is_first = change.is_new && !change.replaced;
    // Targets that are being computed are for the replaced member.
    const bool is_late = change.replaced && asked_ != nullptr;
    change.changes_topics =
        is_first || is_late || next.topics != before.topics || next.pattern != before.pattern;
    if (change.replaced) {
        add_tombstones(name_, *change.replaced, decision.records);
    }
    if (before.pattern && before.pattern != next.pattern) {
        forget_patterns({{*before.pattern, 1}}, decision);
    }
    if (change.is_new || next != before) {
        decision.records.push_back(description_record(name_, change.id, next));
    }
    if (change.replaced) {
        decision.records.push_back(target_record(name_, change.id, change.member.target));
        decision.records.push_back(position_record(name_, change.id, change.member.position));
    }
}

void ConsumerGroup::raise_epoch(Change& change, GroupTopics& topics, TimePoint now,
                                Decision& decision) {
    const bool has_news = topics.position() > hash_position_ && now >= hash_check_at_;
    if (!change.changes_topics && !has_news) {
        return;
    }
    change.hash = topics.hash(subscribed_names(&change, patterns_));
    decision.then.push_back(
        [this, position = topics.position(), now](const wire::Refusal* not_stored, Decision&) {
            if (not_stored == nullptr) {
                hash_position_ = position;
                hash_check_at_ = now + kHashPause;
            }
        });
    if (change.changes_topics || change.hash != hash_) {
        ++change.epoch;
        decision.records.push_back(group_epoch_record(name_, change.epoch, change.hash));
    }
}

void ConsumerGroup::assign(Change& change, const GroupTopics& topics, Timestamp wall,
                           Decision& decision) {
    if (change.epoch <= target_epoch_ || !is_cheap(topics, change)) {
        return;
    }
    const ComputedTargets computed =
        compute({.epoch = change.epoch,
                 .ticket = nullptr,
                 .assignor = assignor_with(&change),
                 .input = assignor_input(members_with(&change), *topics.image())});
    for (const ComputedTarget& target : computed.members) {
        if (target.member == change.id) {
            change.member.target = target.partitions;
        }
    }
    change.target_epoch = change.epoch;
    // Before the record of its epoch, so that whoever reads that has the targets.
    add_targets(computed, change.id, decision);
    decision.records.push_back(target_epoch_record(name_, change.epoch, wall));
}

/// Leads the member towards its target.
void ConsumerGroup::step(const ConsumerHeartbeat& beat, Change& change, Decision& decision) const {
    const MemberPosition& before = change.member.position;
    const bool is_settled =
        before.state == MemberState::stable && before.epoch == change.target_epoch;
    if (is_settled) {
        return;
    }
    MemberPosition next = next_step(
        before, {change.target_epoch, change.member.target}, beat.owned,
        [this](TopicId topic, PartitionIndex partition) { return is_held(topic, partition); });
    if (next != before) {
        decision.records.push_back(position_record(name_, change.id, next));
        change.member.position = std::move(next);
    }
}

ConsumerAnswer ConsumerGroup::answer(const ConsumerHeartbeat& beat, const Change& change,
                                     bool must_tell_assignment) const {
    const MemberPosition& position = change.member.position;
    const auto is_on_its_way = [&](const ConsumerMember& member) {
        return member.position.state != MemberState::stable ||
               member.position.epoch != change.target_epoch;
    };
    // Heartbeats are sent sooner also by those that have reached their target while others have
    // not: who can give something up learns it from the answer.
    const bool is_stable = change.epoch == change.target_epoch && !is_on_its_way(change.member) &&
                           settled_ == members_.size() && change.target_epoch == target_epoch_;
    ConsumerAnswer answer{.code = ErrorCode::none,
                          .message = {},
                          .member = change.id,
                          .epoch = position.epoch,
                          .interval = interval(is_stable)};
    if (beat.epoch == kJoinEpoch || beat.is_full() || must_tell_assignment) {
        answer.assignment = partitions_of(position.assigned);
    }
    return answer;
}

ConsumerAnswer ConsumerGroup::leave(const ConsumerHeartbeat& beat, Timestamp wall,
                                    Decision& decision) {
    std::string id(beat.member);
    if (beat.instance) {
        const auto known = static_members_.find(*beat.instance);
        if (known == static_members_.end()) {
            return refusal(ErrorCode::unknown_member_id,
                           fmt::format("Instance id {} is unknown.", *beat.instance));
        }
        if (known->second != id) {
            return refusal(
                ErrorCode::fenced_instance_id,
                fmt::format("Static member {} with instance id {} was fenced by member {}.",
                            beat.member, *beat.instance, known->second));
        }
    }
    const auto member = members_.find(id);
    if (member == members_.end()) {
        return unknown_member(id);
    }
    if (beat.epoch == kAwayEpoch) {
        // Until its session ends it keeps its partitions.
        MemberPosition away = member->second.position;
        away.epoch = kAwayEpoch;
        away.revoking.clear();
        away.state = MemberState::stable;
        decision.records.push_back(position_record(name_, id, away));
    } else {
        remove_members({id}, wall, decision);
    }
    return {.code = ErrorCode::none, .message = {}, .member = std::move(id), .epoch = beat.epoch};
}

// --- Targets

std::vector<MemberToAssign> ConsumerGroup::members_with(const Change* change) const {
    std::vector<MemberToAssign> members;
    members.reserve(members_.size() + 1);
    for (const auto& [id, member] : members_) {
        const bool is_replaced = change != nullptr && (id == change->id || id == change->replaced);
        if (!is_replaced) {
            members.push_back(
                {id, &member.description, &member.target, topics_of(member.description.pattern)});
        }
    }
    if (change != nullptr) {
        const MemberToAssign changed{change->id, &change->member.description,
                                     &change->member.target,
                                     topics_of(change->member.description.pattern)};
        const auto place = std::ranges::upper_bound(members, changed.id, {}, &MemberToAssign::id);
        members.insert(place, changed);
    }
    return members;
}

/// Whether the assignor answers in less time than a heartbeat may take.
bool ConsumerGroup::is_cheap(const GroupTopics& topics, const Change& change) const {
    if (topics.image() == nullptr) {
        return false;
    }
    if (target_epoch_ == 0 && members_.empty()) {
        return true;  // the first member, which no other has to wait for
    }
    std::size_t cost = members_.size();
    for (const std::string_view name : subscribed_names(&change, patterns_)) {
        const auto* const topic = topics.image()->find_topic(name);
        cost += topic == nullptr ? 1 : topic->partitions.size();
    }
    return cost <= kCheap;
}

/// \param added  a member that the decision adds
void ConsumerGroup::add_targets(const ComputedTargets& computed, std::string_view added,
                                Decision& decision) const {
    for (const ComputedTarget& target : computed.members) {
        const auto member = members_.find(target.member);
        const bool has_changed = member == members_.end()
                                     ? target.member == added
                                     : member->second.target != target.partitions;
        if (has_changed) {
            decision.records.push_back(target_record(name_, target.member, target.partitions));
        }
    }
}

std::optional<GroupQuestion> ConsumerGroup::take_question(const GroupTopics& topics,
                                                          TimePoint now) {
    if (must_resolve(topics, now)) {
        return pattern_question(topics, now);
    }
    if (epoch_ <= target_epoch_ || asked_ != nullptr || members_.empty() ||
        topics.image() == nullptr) {
        return std::nullopt;
    }
    asked_ = std::make_shared<const int>(0);
    return TargetQuestion{.epoch = epoch_,
                          .ticket = asked_,
                          .assignor = assignor_with(nullptr),
                          .input = assignor_input(members_with(nullptr), *topics.image())};
}

void ConsumerGroup::take(const ComputedTargets& computed, Timestamp wall, Decision& decision) {
    if (computed.ticket != asked_) {
        return;  // this machine has not asked, but an earlier one of the same partition
    }
    asked_ = nullptr;
    if (computed.epoch > target_epoch_) {
        add_targets(computed, {}, decision);
        decision.records.push_back(target_epoch_record(name_, computed.epoch, wall));
    }
}

}  // namespace hw::broker
