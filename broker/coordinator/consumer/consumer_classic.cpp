// The part of ConsumerGroup for members that use the classic protocol.

#include <algorithm>
#include <functional>
#include <set>
#include <utility>

#include "broker/coordinator/classic/classic_answers.h"
#include "broker/coordinator/consumer/classic_subscription.h"
#include "broker/coordinator/consumer/consumer_group.h"
#include "broker/coordinator/consumer/member_steps.h"

namespace hw::broker {

using wire::ErrorCode;

namespace {

constexpr std::string_view kConsumerType = "consumer";

/// Of what a member says. A record must have room for it, and it is decoded in the guard.
constexpr std::size_t kMaxSaid = std::size_t{1} << 20;

std::size_t size_of(const std::vector<ClassicProtocol>& protocols) {
    std::size_t size = 0;
    for (const ClassicProtocol& protocol : protocols) {
        size += protocol.name.size() + protocol.metadata.size();
    }
    return size;
}

/// Ends a JoinGroup that names its member.
void refuse_join(ClassicJoin& join, ErrorCode code, Decision& decision) {
    JoinAnswer answer{.code = code};
    answer.member =
        code == ErrorCode::member_id_required ? std::string(join.new_id) : std::string(join.member);
    refuse(std::move(join.call), std::move(answer), decision);
}

/// A JoinGroup as a heartbeat that says everything.
ConsumerHeartbeat heartbeat_of(const ClassicJoin& join, const ClassicSubscription& subscription) {
    ConsumerHeartbeat beat{.member = join.member,
                           .epoch = kJoinEpoch,
                           .instance = join.instance,
                           .rack = {},
                           .rebalance_timeout = join.rebalance_timeout,
                           .topics = subscription.topics,
                           .pattern = "",
                           .assignor = "",
                           .owned = subscription.owned,
                           .client_id = join.client_id,
                           .client_host = join.client_host,
                           .classic = ClassicPart{.session_timeout = join.session_timeout,
                                                  .protocols = join.protocols}};
    if (subscription.rack) {
        beat.rack = *subscription.rack;
    }
    return beat;
}

}  // namespace

// --- JoinGroup

void ConsumerGroup::join(ClassicJoin join, GroupTopics& topics, const Moment& at,
                         Decision& decision) {
    if (size_of(join.protocols) > kMaxSaid) {
        return refuse_join(join, ErrorCode::unknown_server_error, decision);  // do not try again
    }
    const auto subscription =
        supports(join) && topics.image() != nullptr
            ? read_subscription(join.protocols.front().metadata, *topics.image())
            : std::nullopt;
    if (!subscription) {
        return refuse_join(join, ErrorCode::inconsistent_group_protocol, decision);
    }
    Change change{.id = std::string(join.member.empty() ? join.new_id : join.member),
                  .member = {},
                  .is_new = false,
                  .replaced = {},
                  .changes_topics = false,
                  .epoch = epoch_,
                  .hash = hash_,
                  .target_epoch = target_epoch_};
    if (const ErrorCode code = find_classic(join, subscription->owns_partitions, change);
        code != ErrorCode::none) {
        return refuse_join(join, code, decision);
    }
    const ConsumerHeartbeat beat = heartbeat_of(join, *subscription);
    if (outgrows(beat)) {
        return refuse_join(join, ErrorCode::group_max_size_reached, decision);
    }
    decide(beat, change, topics, at, decision);
    end_join(std::move(join.call), change, at.now, decision);
}

/// Of the members that use the classic protocol, all must support one way to assign: they may be
/// alone some day, and then one of them assigns.
bool ConsumerGroup::supports(const ClassicJoin& join) const {
    if (join.protocol_type != kConsumerType) {
        return false;
    }
    std::set<std::string_view> own;  // until now
    std::size_t others = classic_members_;
    const auto known = members_.find(join.member);
    if (known != members_.end() && known->second.description.classic) {
        for (const ClassicProtocol& protocol : known->second.description.classic->protocols) {
            own.insert(protocol.name);
        }
        --others;
    }
    return std::ranges::any_of(join.protocols, [&](const ClassicProtocol& protocol) {
        const auto count = classic_protocols_.find(protocol.name);
        const int all = count == classic_protocols_.end() ? 0 : count->second;
        return all - (own.contains(protocol.name) ? 1 : 0) == static_cast<int>(others);
    });
}

std::string ConsumerGroup::common_protocol() const {
    const auto& first = members_.begin()->second.description.classic->protocols;
    const auto common = std::ranges::find_if(first, [this](const ClassicProtocol& protocol) {
        return classic_protocols_.at(protocol.name) == static_cast<int>(classic_members_);
    });
    // There is one, unless another coordinator has let in members that do not agree. These will be
    // told so when they join again.
    return common == first.end() ? first.front().name : common->name;
}

ErrorCode ConsumerGroup::find_classic(const ClassicJoin& join, bool owns_partitions,
                                      Change& change) const {
    if (join.instance) {
        const auto known = static_members_.find(*join.instance);
        if (known != static_members_.end() && join.member.empty()) {
            // It is back, with another id, or takes the place of an earlier process.
            change.replaced = known->second;
            change.is_new = true;
            change.member = members_.find(known->second)->second;
            change.member.position = {.assigned = change.member.position.assigned};
            return ErrorCode::none;
        }
        if (!join.member.empty()) {
            const ErrorCode code = check_classic(join.member, join.instance);
            if (code == ErrorCode::none) {
                change.member = members_.find(join.member)->second;
            }
            return code;
        }
    } else if (const auto known = members_.find(join.member); known != members_.end()) {
        change.member = known->second;
        return ErrorCode::none;
    }
    // A member that was removed must give up what it has; others may have it by now.
    if (owns_partitions && !join.member.empty() && !rules_.mutants.takes_back_removed) {
        return ErrorCode::unknown_member_id;
    }
    if (members_.size() >= rules_.max_size) {
        return ErrorCode::group_max_size_reached;
    }
    if (join.member.empty() && !join.instance && join.must_know_id) {
        return ErrorCode::member_id_required;
    }
    change.is_new = true;
    return ErrorCode::none;
}

void ConsumerGroup::end_join(JoinCall call, const Change& change, TimePoint now,
                             Decision& decision) {
    JoinAnswer answer{.generation = change.member.position.epoch,
                      .protocol_type = std::string(kConsumerType),
                      .protocol = change.member.description.classic->protocols.front().name,
                      .leader = {},
                      .member = change.id};
    decision.then.push_back([this, now, call = std::move(call), answer = std::move(answer)](
                                const wire::Refusal* refused, Decision& after) mutable {
        if (refused != nullptr) {
            JoinAnswer failed{.code = not_stored(*refused)};
            failed.member = std::move(answer.member);
            return refuse(std::move(call), std::move(failed), after);
        }
        ConsumerMember& member = members_.find(answer.member)->second;
        member.rejoin_end = now + member.description.rebalance_timeout;
        check_at_ = std::min(check_at_, member.rejoin_end);
        refuse(std::move(call), std::move(answer), after);
    });
}

// --- SyncGroup and Heartbeat

ErrorCode ConsumerGroup::check_classic(std::string_view member,
                                       std::optional<std::string_view> instance) const {
    if (instance) {
        const auto known = static_members_.find(*instance);
        if (known == static_members_.end()) {
            return ErrorCode::unknown_member_id;
        }
        if (known->second != member) {
            return ErrorCode::fenced_instance_id;
        }
    }
    const auto known = members_.find(member);
    return known != members_.end() && known->second.description.classic
               ? ErrorCode::none
               : ErrorCode::unknown_member_id;
}

void ConsumerGroup::sync(ClassicSync sync, const GroupTopics& topics, TimePoint now,
                         Decision& decision) {
    const auto refuse_with = [&](ErrorCode code) {
        answer_sync(std::move(sync.call), {.code = code}, decision);
    };
    if (const ErrorCode code = check_classic(sync.member, sync.instance); code != ErrorCode::none) {
        return refuse_with(code);
    }
    ConsumerMember& member = members_.find(sync.member)->second;
    const MemberPosition& position = member.position;
    if (sync.generation != position.epoch) {
        return refuse_with(ErrorCode::illegal_generation);
    }
    const ClassicProtocol& protocol = member.description.classic->protocols.front();
    const bool differs = (sync.protocol_type && *sync.protocol_type != kConsumerType) ||
                         (sync.protocol && *sync.protocol != protocol.name);
    if (differs) {
        return refuse_with(ErrorCode::inconsistent_group_protocol);
    }
    // One that must revoke learns here what it keeps.
    if (is_behind(position) && position.state != MemberState::revoking) {
        member.rejoin_end = std::min(member.rejoin_end, now + member.description.rebalance_timeout);
        begin_session(sync.member, now);
        return refuse_with(ErrorCode::rebalance_in_progress);
    }
    member.rejoin_end = kNever;
    begin_session(sync.member, now);
    SyncAnswer answer{
        .protocol_type = std::string(kConsumerType), .protocol = protocol.name, .assignment = {}};
    if (topics.image() != nullptr) {
        answer.assignment = write_classic_assignment(partitions_of(position.assigned),
                                                     protocol.metadata, *topics.image());
    }
    answer_sync(std::move(sync.call), std::move(answer), decision);
}

/// While a new target is being computed, a JoinGroup leads nowhere.
bool ConsumerGroup::is_behind(const MemberPosition& position) const {
    return position.epoch < (asked_ == nullptr ? epoch_ : target_epoch_);
}

/// Whether a JoinGroup would lead the member a step.
bool ConsumerGroup::must_rejoin(const ConsumerMember& member) const {
    const MemberPosition& position = member.position;
    if (is_behind(position) || position.state == MemberState::revoking) {
        return true;
    }
    const auto is_waited_for = [&](TopicId topic, PartitionIndex partition) {
        return find(position.assigned, topic, partition) == nullptr && is_held(topic, partition);
    };
    return position.state == MemberState::waiting &&
           std::ranges::none_of(member.target, [&](const AssignedTopic& topic) {
               return std::ranges::any_of(topic.partitions, [&](PartitionIndex partition) {
                   return is_waited_for(topic.topic, partition);
               });
           });
}

/// If they have, the next JoinGroup raises the epoch. A group may have only classic members, none
/// of which leads, so none of them looks at the topics.
bool ConsumerGroup::have_topics_changed(GroupTopics& topics, TimePoint now) {
    if (topics.position() <= hash_position_ || now < hash_check_at_) {
        return false;
    }
    if (topics.hash(subscribed_names(nullptr, patterns_)) != hash_) {
        return true;
    }
    hash_position_ = topics.position();
    hash_check_at_ = now + kHashPause;
    return false;
}

ErrorCode ConsumerGroup::heartbeat(const ClassicBeat& beat, GroupTopics& topics, TimePoint now) {
    if (const ErrorCode code = check_classic(beat.member, beat.instance); code != ErrorCode::none) {
        return code;
    }
    ConsumerMember& known = members_.find(beat.member)->second;
    if (beat.generation != known.position.epoch) {
        return ErrorCode::illegal_generation;
    }
    const bool rejoins = must_rejoin(known) || have_topics_changed(topics, now);
    if (rejoins) {
        known.rejoin_end = std::min(known.rejoin_end, now + known.description.rebalance_timeout);
    }
    begin_session(beat.member, now);
    return rejoins ? ErrorCode::rebalance_in_progress : ErrorCode::none;
}

// --- LeaveGroup

/// Administrators remove members of either protocol so.
std::vector<ErrorCode> ConsumerGroup::leave(std::span<const LeavingMember> members, Timestamp wall,
                                            Decision& decision) {
    std::vector<ErrorCode> codes;
    std::set<std::string, std::less<>> gone;
    for (const LeavingMember& leaving : members) {
        std::string_view id = leaving.member;
        ErrorCode code = ErrorCode::none;
        if (leaving.instance) {
            const auto known = static_members_.find(*leaving.instance);
            if (known == static_members_.end()) {
                code = ErrorCode::unknown_member_id;
            } else if (!id.empty() && known->second != id) {
                code = ErrorCode::fenced_instance_id;
            } else {
                id = known->second;
            }
        }
        if (code == ErrorCode::none && (!members_.contains(id) || gone.contains(id))) {
            code = ErrorCode::unknown_member_id;
        }
        codes.push_back(code);
        if (code == ErrorCode::none) {
            gone.emplace(id);
        }
    }
    if (!gone.empty()) {
        remove_members({gone.begin(), gone.end()}, wall, decision);
    }
    return codes;
}

}  // namespace hw::broker
