// The part of ClassicGroup for static members (KIP-345) that are back.

#include <algorithm>
#include <utility>

#include "broker/coordinator/classic/classic_answers.h"
#include "broker/coordinator/classic/classic_group.h"

namespace hw::broker {

using wire::ErrorCode;

/// A static member is back under a new id.
void ClassicGroup::replace_static(std::string_view old_id, ClassicJoin& join, TimePoint now,
                                  Timestamp wall, Decision& decision) {
    ClassicMember& old = members_.find(old_id)->second;
    const bool keeps_protocol = [&] {
        count(old, -1);
        std::vector<ClassicProtocol> before = std::exchange(old.protocols, join.protocols);
        count(old, 1);
        const bool keeps = choose_protocol() == protocol_.value_or("");
        count(old, -1);
        old.protocols = std::move(before);
        count(old, 1);
        return keeps;
    }();
    if (state_ == ClassicState::stable && keeps_protocol) {
        keep_assignment(old_id, join, now, wall, decision);
        return;
    }
    JoinAnswer fenced{.code = ErrorCode::fenced_instance_id};
    fenced.member = old_id;
    answer_join(old, std::move(fenced), decision);
    if (SyncCall sync = std::exchange(old.sync, nullptr)) {
        answer_sync(std::move(sync), {.code = ErrorCode::fenced_instance_id}, decision);
    }
    ClassicMember& member = rename(old_id, join.new_id);
    begin_session(member, now + join.session_timeout);
    if (state_ == ClassicState::completing) {
        // The old id may already have been sent to the leader, which would assign nothing to the
        // new one.
        count(member, -1);
        member.protocols = std::move(join.protocols);
        count(member, 1);
        set_join(member, std::move(join.call));
        rebalance(now, wall, decision);
        return;
    }
    update_member(member, join, now, wall, decision);
}

ClassicMember& ClassicGroup::rename(std::string_view old_id, std::string_view new_id) {
    auto node = members_.extract(members_.find(old_id));
    count(node.mapped(), -1);
    if (leader_ == old_id) {
        leader_ = std::string(new_id);
    }
    node.key() = std::string(new_id);
    node.mapped().id = new_id;
    node.mapped().is_new = false;  // it can be told by its instance
    count(node.mapped(), 1);
    static_members_[*node.mapped().instance] = std::string(new_id);
    return members_.insert(std::move(node)).position->second;
}

/// The member gets the assignment of its earlier id without a rebalance, when its new id is stored.
void ClassicGroup::keep_assignment(std::string_view old_id, ClassicJoin& join, TimePoint now,
                                   Timestamp wall, Decision& decision) {
    ClassicRecord renamed = record(wall);
    const auto same = std::ranges::find(renamed.members, old_id, &ClassicMember::id);
    same->id = join.new_id;
    same->rebalance_timeout = join.rebalance_timeout;
    same->session_timeout = join.session_timeout;
    same->protocols = {{*protocol_, {}}};
    for (const ClassicProtocol& protocol : join.protocols) {
        if (protocol.name == *protocol_) {
            same->protocols.front().metadata = protocol.metadata;
        }
    }
    const std::string leader_before = leader_.value_or("");
    if (renamed.leader == old_id) {
        renamed.leader = std::string(join.new_id);
    }
    decision.records.push_back(make_record_(renamed));
    // The record names the member by its new id, so it is renamed before the record is applied.
    ClassicMember& member = rename(old_id, join.new_id);
    JoinCall old_join = member.join;
    set_join(member, nullptr);
    SyncCall old_sync = std::exchange(member.sync, nullptr);
    std::string new_id(join.new_id);
    decision.then.push_back([this, now, old_id = std::string(old_id), new_id = std::move(new_id),
                             join = std::move(join), leader_before, old_join,
                             old_sync](const wire::Refusal* refused, Decision& after) mutable {
        if (refused != nullptr) {
            ClassicMember& same = rename(new_id, old_id);
            set_join(same, std::move(old_join));
            same.sync = std::move(old_sync);
            refuse(std::move(join.call), {.code = not_stored(*refused)}, after);
            return;
        }
        if (old_join != nullptr) {
            JoinAnswer fenced{.code = ErrorCode::fenced_instance_id};
            fenced.member = old_id;
            refuse(std::move(old_join), std::move(fenced), after);
        }
        if (old_sync != nullptr) {
            answer_sync(std::move(old_sync), {.code = ErrorCode::fenced_instance_id}, after);
        }
        ClassicMember& member = members_.find(new_id)->second;
        count(member, -1);
        member.protocols = std::move(join.protocols);
        count(member, 1);
        member.rebalance_timeout = join.rebalance_timeout;
        member.session_timeout = join.session_timeout;
        begin_session(member, now + member.session_timeout);
        JoinAnswer answer = joined(member);
        if (!join.may_skip_assignment) {
            // Clients that do not know better would assign anew if they were the leader.
            answer.leader = leader_before;
            answer.members = nullptr;
        } else {
            answer.skips_assignment = leader_ == new_id;
        }
        refuse(std::move(join.call), std::move(answer), after);
    });
}

}  // namespace hw::broker
