#include "tools/client/group_membership.h"

#include <utility>

#include "tools/client/group_coordinator.h"

namespace hw::client {

using wire::ErrorCode;

namespace {

Error refusal(ErrorCode code, const std::string& group) {
    if (code == ErrorCode::inconsistent_group_protocol) {
        return group_error(code, group,
                           "its members share out the partitions in a way that hw does not know; "
                           "it knows the assignor 'range'");
    }
    if (code == ErrorCode::group_max_size_reached) {
        return group_error(code, group,
                           "it has as many members as the broker allows "
                           "(group.max.size); stop one first");
    }
    if (code == ErrorCode::invalid_session_timeout) {
        return group_error(code, group,
                           "the session of a member lasts twice as long as --timeout, and the "
                           "broker allows group.min.session.timeout.ms to "
                           "group.max.session.timeout.ms; change --timeout");
    }
    return group_error(code, group, {});
}

}  // namespace

GroupMembership::Step GroupMembership::next_step(TimePoint now) const {
    switch (state_) {
        case State::joining:
            return Step::join;
        case State::syncing:
            return Step::sync;
        case State::stable:
            break;
    }
    return now >= heartbeat_at_ ? Step::heartbeat : Step::read;
}

Result<void> GroupMembership::rejoin(ErrorCode code) {
    switch (code) {
        case ErrorCode::unknown_member_id:
            name_.member.clear();
            name_.generation = -1;
            break;
        case ErrorCode::illegal_generation:
            name_.generation = -1;
            break;
        case ErrorCode::rebalance_in_progress:
            break;
        default:
            return std::unexpected(refusal(code, name_.group));
    }
    state_ = State::joining;
    members_.clear();
    assigned_.clear();
    return {};
}

Result<void> GroupMembership::on_joined(JoinAnswer answer) {
    if (answer.code == ErrorCode::member_id_required) {
        name_.member = std::move(answer.member);
        return {};
    }
    if (answer.code != ErrorCode::none) {
        return rejoin(answer.code);
    }
    name_.member = std::move(answer.member);
    name_.generation = answer.generation;
    members_ = std::move(answer.members);
    state_ = State::syncing;
    return {};
}

Result<void> GroupMembership::on_synced(SyncAnswer answer, TimePoint now) {
    if (answer.code != ErrorCode::none) {
        return rejoin(answer.code);
    }
    assigned_ = std::move(answer.assigned);
    heartbeat_at_ = now + heartbeat_interval_;
    state_ = State::stable;
    return {};
}

Result<void> GroupMembership::on_heartbeat(ErrorCode code, TimePoint now) {
    heartbeat_at_ = now + heartbeat_interval_;
    return code == ErrorCode::none ? Result<void>() : rejoin(code);
}

Result<void> GroupMembership::on_committed(ErrorCode code) {
    return code == ErrorCode::none ? Result<void>() : rejoin(code);
}

}  // namespace hw::client
