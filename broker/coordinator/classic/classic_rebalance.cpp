// The part of ClassicGroup that rebalances: JoinGroup, and SyncGroup.

#include <algorithm>
#include <utility>

#include "broker/coordinator/classic/classic_answers.h"
#include "broker/coordinator/classic/classic_group.h"

namespace hw::broker {

using wire::ErrorCode;

namespace {

/// How long a new member may wait in JoinGroup. It has no id yet, so it cannot send heartbeats; if
/// it has given up, it must not hold up the others for ever.
constexpr Duration kNewMemberWait = std::chrono::minutes(5);
/// How long members are waited for at least when none of a group is there.
constexpr Duration kLeastWait = std::chrono::seconds(1);

}  // namespace

// --- JoinGroup

void ClassicGroup::set_join(ClassicMember& member, JoinCall call) {
    joining_ -= member.join != nullptr ? 1 : 0;
    joining_ += call != nullptr ? 1 : 0;
    member.join = std::move(call);
}

void ClassicGroup::answer_join(ClassicMember& member, JoinAnswer answer, Decision& decision) {
    if (member.join != nullptr) {
        JoinCall call = member.join;
        set_join(member, nullptr);
        refuse(std::move(call), std::move(answer), decision);
    }
}

JoinAnswer ClassicGroup::joined(const ClassicMember& member) const {
    JoinAnswer answer{.generation = generation_,
                      .protocol_type = protocol_type_,
                      .protocol = protocol_,
                      .leader = leader_.value_or(""),
                      .member = member.id};
    if (leader_ == member.id) {
        answer.members = listed();
    }
    return answer;
}

std::shared_ptr<const std::vector<JoinAnswer::Member>> ClassicGroup::listed() const {
    if (listed_ == nullptr) {
        auto list = std::make_shared<std::vector<JoinAnswer::Member>>();
        list->reserve(members_.size());
        for (const auto& [id, one] : members_) {
            list->push_back(
                {id, one.instance, std::string(one.metadata_for(protocol_.value_or("")))});
        }
        listed_ = std::move(list);
    }
    return listed_;
}

bool ClassicGroup::accepts(const ClassicJoin& join) const {
    const auto known = members_.find(join.member);
    const bool is_known = known != members_.end();
    const std::int64_t others = bytes_ - (is_known ? bytes_of(known->second) : 0);
    if (others + bytes_of(join) > kMaxBytes ||
        (join.member.empty() && pending_.size() >= rules_.max_size)) {
        return false;
    }
    switch (state_) {
        case ClassicState::empty:
            return true;
        case ClassicState::preparing:
            // Members that have not joined yet will be removed.
            return (is_known && known->second.join != nullptr) || joining_ < rules_.max_size;
        default:
            return is_known || members_.size() < rules_.max_size;
    }
}

void ClassicGroup::join(ClassicJoin join, TimePoint now, Timestamp wall, Decision& decision) {
    if (!accepts(join)) {
        pending_.erase(std::string(join.member));
        refuse(std::move(join.call), {.code = ErrorCode::group_max_size_reached}, decision);
        if (const auto member = members_.find(join.member); member != members_.end()) {
            remove_member(member, decision);
            rebalance_or_complete(now, wall, decision);
        }
    } else if (!supports(join.protocol_type, join.protocols)) {
        JoinAnswer answer{.code = ErrorCode::inconsistent_group_protocol};
        answer.member = join.member;
        refuse(std::move(join.call), std::move(answer), decision);
    } else if (join.member.empty()) {
        join_new(join, now, wall, decision);
    } else if (pending_.contains(join.member) && !join.instance) {
        const std::string id(join.member);
        add_member(id, join, now, wall, decision);
    } else {
        join_known(join, now, wall, decision);
    }
}

void ClassicGroup::join_new(ClassicJoin& join, TimePoint now, Timestamp wall, Decision& decision) {
    if (join.instance) {
        const auto known = static_members_.find(*join.instance);
        if (known != static_members_.end()) {
            const std::string old_id = known->second;
            replace_static(old_id, join, now, wall, decision);
            return;
        }
    } else if (join.must_know_id) {
        const TimePoint end = now + join.session_timeout;
        pending_[std::string(join.new_id)] = end;
        check_at(end);
        JoinAnswer answer{.code = ErrorCode::member_id_required};
        answer.member = join.new_id;
        refuse(std::move(join.call), std::move(answer), decision);
        return;
    }
    add_member(join.new_id, join, now, wall, decision);
}

void ClassicGroup::add_member(std::string_view id, ClassicJoin& join, TimePoint now, Timestamp wall,
                              Decision& decision) {
    has_new_member_ = true;
    if (members_.empty()) {
        protocol_type_ = join.protocol_type;
    }
    ClassicMember added{.id = std::string(id),
                        .instance = {},
                        .client_id = std::string(join.client_id),
                        .client_host = std::string(join.client_host),
                        .rebalance_timeout = join.rebalance_timeout,
                        .session_timeout = join.session_timeout,
                        .assignment = {}};
    if (join.instance) {
        added.instance = std::string(*join.instance);
        static_members_[*added.instance] = added.id;
    }
    added.is_new = true;
    added.protocols = std::move(join.protocols);
    count(added, 1);
    if (!leader_) {
        leader_ = added.id;
    }
    if (const auto pending = pending_.find(id); pending != pending_.end()) {
        pending_.erase(pending);
    }
    ClassicMember& member = members_.emplace(added.id, std::move(added)).first->second;
    set_join(member, std::move(join.call));
    begin_session(member, now + kNewMemberWait);
    rebalance_or_complete(now, wall, decision);
}

void ClassicGroup::join_known(ClassicJoin& join, TimePoint now, Timestamp wall,
                              Decision& decision) {
    if (const ErrorCode code = check_member(join.member, join.instance); code != ErrorCode::none) {
        JoinAnswer answer{.code = code};
        answer.member = join.member;
        refuse(std::move(join.call), std::move(answer), decision);
        return;
    }
    ClassicMember& member = members_.find(join.member)->second;
    const bool same = member.protocols == join.protocols;
    const bool leads = leader_ == member.id;
    // The leader joins again when what it assigns has changed, such as the partitions of a topic.
    // Others whose protocols are the same have perhaps not got the first answer.
    const bool must_rebalance =
        state_ == ClassicState::preparing || !same || (state_ == ClassicState::stable && leads);
    if (must_rebalance) {
        update_member(member, join, now, wall, decision);
        return;
    }
    refuse(std::move(join.call), joined(member), decision);
}

void ClassicGroup::update_member(ClassicMember& member, ClassicJoin& join, TimePoint now,
                                 Timestamp wall, Decision& decision) {
    count(member, -1);
    member.protocols = std::move(join.protocols);
    count(member, 1);
    member.rebalance_timeout = join.rebalance_timeout;
    member.session_timeout = join.session_timeout;
    if (member.join != nullptr && member.join != join.call) {
        // The client has given up the earlier request.
        answer_join(member, {.code = ErrorCode::unknown_member_id}, decision);
    }
    set_join(member, std::move(join.call));
    rebalance_or_complete(now, wall, decision);
}

// --- The phases

void ClassicGroup::rebalance_or_complete(TimePoint now, Timestamp wall, Decision& decision) {
    if (state_ == ClassicState::empty && members_.empty()) {
        return;
    }
    if (state_ != ClassicState::preparing) {
        rebalance(now, wall, decision);
    } else if (initial_end_ == kNever) {
        complete_if_all_joined(now, wall, decision);
    }
}

void ClassicGroup::rebalance(TimePoint now, Timestamp wall, Decision& decision) {
    if (state_ == ClassicState::completing) {
        propagate(ErrorCode::rebalance_in_progress, now, decision);
    }
    for (auto& [id, member] : members_) {
        member.must_sync = false;
    }
    const bool is_first = state_ == ClassicState::empty;
    set_state(ClassicState::preparing, wall);
    if (is_first && !members_.empty()) {
        has_new_member_ = false;
        phase_end_ = now + rules_.initial_delay;
        initial_end_ = now + std::max(rebalance_timeout(), rules_.initial_delay);
        check_at(phase_end_);
        return;
    }
    initial_end_ = kNever;
    phase_end_ = now + rebalance_timeout();
    check_at(phase_end_);
    complete_if_all_joined(now, wall, decision);
}

void ClassicGroup::complete_if_all_joined(TimePoint now, Timestamp wall, Decision& decision) {
    if (all_joined()) {
        complete_joining(now, wall, decision);
    }
}

/// The first rebalance of a group waits for members that start together with the first one.
void ClassicGroup::extend_or_complete(TimePoint now, Timestamp wall, Decision& decision) {
    if (initial_end_ != kNever && std::exchange(has_new_member_, false) && now < initial_end_) {
        phase_end_ = std::min(now + rules_.initial_delay, initial_end_);
        return;
    }
    complete_joining(now, wall, decision);
}

/// The leader, if it has joined, or else another member that has.
bool ClassicGroup::elect_leader() {
    if (!leader_) {
        return false;
    }
    if (members_.find(*leader_)->second.join != nullptr) {
        return true;
    }
    for (const auto& [id, member] : members_) {
        if (member.join != nullptr) {
            leader_ = id;
            return true;
        }
    }
    return false;
}

void ClassicGroup::complete_joining(TimePoint now, Timestamp wall, Decision& decision) {
    phase_end_ = kNever;
    initial_end_ = kNever;
    for (auto next = members_.begin(); next != members_.end();) {
        const auto member = next++;
        // Static members may be away for as long as their session.
        if (member->second.join == nullptr && !member->second.instance) {
            remove_member(member, decision);
        }
    }
    if (!members_.empty() && !elect_leader()) {
        phase_end_ = now + std::max(rebalance_timeout(), kLeastWait);
        check_at(phase_end_);
        return;
    }
    ++generation_;
    if (members_.empty()) {
        protocol_.reset();
        leader_.reset();
        set_state(ClassicState::empty, wall);
        decision.records.push_back(make_record_(record(wall)));
        return;
    }
    protocol_ = choose_protocol();
    listed_ = nullptr;
    set_state(ClassicState::completing, wall);
    for (auto& [id, member] : members_) {
        answer_join(member, joined(member), decision);
        member.is_new = false;
        member.must_sync = true;
        begin_session(member, now + member.session_timeout);
    }
    phase_end_ = now + rebalance_timeout();
    check_at(phase_end_);
}

// --- SyncGroup

void ClassicGroup::sync(ClassicSync sync, TimePoint now, Timestamp wall, Decision& decision) {
    const auto refuse_with = [&](ErrorCode code) {
        answer_sync(std::move(sync.call), {.code = code}, decision);
    };
    if (const ErrorCode code = check_member(sync.member, sync.instance); code != ErrorCode::none) {
        return refuse_with(code);
    }
    if (sync.generation != generation_) {
        return refuse_with(ErrorCode::illegal_generation);
    }
    const bool differs = (sync.protocol_type && *sync.protocol_type != protocol_type_) ||
                         (sync.protocol && sync.protocol != protocol_);
    if (differs) {
        return refuse_with(ErrorCode::inconsistent_group_protocol);
    }
    if (state_ == ClassicState::preparing) {
        return refuse_with(ErrorCode::rebalance_in_progress);
    }
    ClassicMember& member = members_.find(sync.member)->second;
    member.must_sync = false;
    if (state_ == ClassicState::stable) {
        answer_sync(std::move(sync.call),
                    {.protocol_type = protocol_type_,
                     .protocol = protocol_,
                     .assignment = member.assignment},
                    decision);
        return;
    }
    if (SyncCall earlier = std::exchange(member.sync, sync.call)) {
        answer_sync(std::move(earlier), {.code = ErrorCode::unknown_member_id}, decision);
    }
    if (leader_ == member.id) {
        assign(sync, now, wall, decision);
    }
}

/// The leader has assigned: the generation is stored, then each member gets its part.
void ClassicGroup::assign(ClassicSync& sync, TimePoint now, Timestamp wall, Decision& decision) {
    std::map<std::string_view, std::string_view> assigned;
    for (const ClassicSync::Assignment& one : sync.assignments) {
        assigned[one.member] = one.bytes;
    }
    ClassicRecord next = record(wall);
    for (ClassicMember& member : next.members) {
        const auto part = assigned.find(member.id);
        member.assignment = part == assigned.end() ? std::string() : std::string(part->second);
    }
    if (rules_.mutants.answers_sync_unstored) {
        apply(std::move(next));
        propagate(ErrorCode::none, now, decision);
        return;
    }
    decision.records.push_back(make_record_(next));
    decision.then.push_back([this, now, wall](const wire::Refusal* refused, Decision& after) {
        if (refused == nullptr) {
            propagate(ErrorCode::none, now, after);
            return;
        }
        propagate(not_stored(*refused), now, after);
        rebalance(now, wall, after);
    });
}

/// Answers those that wait in SyncGroup.
void ClassicGroup::propagate(ErrorCode code, TimePoint now, Decision& decision) {
    for (auto& [id, member] : members_) {
        SyncCall call = std::exchange(member.sync, nullptr);
        if (call == nullptr) {
            continue;
        }
        SyncAnswer answer{.code = code};
        if (code == ErrorCode::none) {
            answer.protocol_type = protocol_type_;
            answer.protocol = protocol_;
            answer.assignment = member.assignment;
        }
        answer_sync(std::move(call), std::move(answer), decision);
        begin_session(member, now + member.session_timeout);
    }
}

}  // namespace hw::broker
