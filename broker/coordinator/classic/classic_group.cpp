#include "broker/coordinator/classic/classic_group.h"

#include <algorithm>
#include <utility>

#include "protocol/schema/consumer_protocol.h"

namespace hw::broker {

using wire::ErrorCode;

namespace {

/// Memory of a member beside its texts, about.
constexpr std::size_t kMemberMemory = 500;

/// Takes what a record says that another coordinator has written. A coordinator knows already what
/// its own records say, and further protocols of the member.
void update_loaded(ClassicMember& member, ClassicMember& loaded) {
    const bool is_own = std::ranges::all_of(loaded.protocols, [&](const ClassicProtocol& protocol) {
        return std::ranges::find(member.protocols, protocol) != member.protocols.end();
    });
    if (!is_own) {
        member.protocols = std::move(loaded.protocols);
    }
    member.rebalance_timeout = loaded.rebalance_timeout;
    member.session_timeout = loaded.session_timeout;
}

}  // namespace

void ClassicGroup::apply(ClassicRecord record) {
    Members members;
    for (ClassicMember& loaded : record.members) {
        const auto known = members_.find(loaded.id);
        if (known == members_.end()) {
            const std::string id = loaded.id;
            members.emplace(id, std::move(loaded));
            continue;
        }
        ClassicMember& member = known->second;
        member.assignment = std::move(loaded.assignment);
        update_loaded(member, loaded);
        members.insert(members_.extract(known));
    }
    members_ = std::move(members);
    generation_ = record.generation;
    protocol_type_ = std::move(record.protocol_type);
    protocol_ = std::move(record.protocol);
    if (!members_.empty() && !protocol_) {
        protocol_ = "";
    }
    leader_ = std::move(record.leader);
    state_since_ = record.state_since;
    must_rebalance_ = !members_.empty() && (!leader_ || !members_.contains(*leader_));
    if (members_.empty()) {
        leader_.reset();
    } else if (must_rebalance_) {
        leader_ = members_.begin()->first;
    }
    state_ = members_.empty() ? ClassicState::empty : ClassicState::stable;
    static_members_.clear();
    protocol_counts_.clear();
    bytes_ = 0;
    joining_ = 0;
    for (const auto& [id, member] : members_) {
        if (member.instance) {
            static_members_[*member.instance] = id;
        }
        count(member, 1);
        joining_ += member.join != nullptr ? 1 : 0;
    }
}

void ClassicGroup::begin_sessions(TimePoint now) {
    for (auto& [id, member] : members_) {
        begin_session(member, now + member.session_timeout);
    }
    if (std::exchange(must_rebalance_, false)) {
        state_ = ClassicState::preparing;
        phase_end_ = now + rebalance_timeout();
        check_at(phase_end_);
    }
}

ErrorCode ClassicGroup::check_member(std::string_view member,
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
    return members_.contains(member) ? ErrorCode::none : ErrorCode::unknown_member_id;
}

ErrorCode ClassicGroup::heartbeat(std::string_view member, std::optional<std::string_view> instance,
                                  std::int32_t generation, TimePoint now) {
    if (const ErrorCode code = check_member(member, instance); code != ErrorCode::none) {
        return code;
    }
    if (generation != generation_) {
        return ErrorCode::illegal_generation;
    }
    on_commit(member, now);
    return state_ == ClassicState::preparing ? ErrorCode::rebalance_in_progress : ErrorCode::none;
}

ErrorCode ClassicGroup::check_commit(std::string_view member,
                                     std::optional<std::string_view> instance,
                                     std::int32_t generation) const {
    if (generation < 0 && state_ == ClassicState::empty) {
        return ErrorCode::none;  // of an admin client, or of a consumer that assigns by itself
    }
    if (generation < 0 && member.empty() && !instance) {
        return ErrorCode::unknown_member_id;
    }
    const ErrorCode code = check_member(member, instance);
    const bool is_fenced = code == ErrorCode::fenced_instance_id;
    if (code != ErrorCode::none && !(is_fenced && rules_.mutants.takes_old_instances)) {
        return code;
    }
    if (generation != generation_ && !rules_.mutants.takes_old_generations) {
        return ErrorCode::illegal_generation;
    }
    return state_ == ClassicState::completing ? ErrorCode::rebalance_in_progress : ErrorCode::none;
}

void ClassicGroup::on_commit(std::string_view member, TimePoint now) {
    const auto found = members_.find(member);
    if (found != members_.end()) {
        begin_session(found->second, now + found->second.session_timeout);
    }
}

std::vector<ErrorCode> ClassicGroup::leave(std::span<const LeavingMember> members, TimePoint now,
                                           Timestamp wall, Decision& decision) {
    std::vector<ErrorCode> codes;
    bool has_left = false;
    for (const LeavingMember& leaving : members) {
        std::string_view id = leaving.member;
        if (id.empty() && leaving.instance) {
            // An administrator removes a static member.
            const auto known = static_members_.find(*leaving.instance);
            id = known == static_members_.end() ? std::string_view() : known->second;
        }
        if (const auto pending = pending_.find(id); pending != pending_.end()) {
            pending_.erase(pending);
            codes.push_back(ErrorCode::none);
            has_left = true;
            continue;
        }
        const ErrorCode code =
            check_member(id, leaving.member.empty() ? std::nullopt : leaving.instance);
        codes.push_back(code);
        if (code == ErrorCode::none) {
            remove_member(members_.find(id), decision);
            has_left = true;
        }
    }
    if (has_left) {
        rebalance_or_complete(now, wall, decision);
    }
    return codes;
}

void ClassicGroup::remove_member(Members::iterator member, Decision& decision) {
    ClassicMember& leaving = member->second;
    // It may wait in a JoinGroup: it is told, so that it can join anew.
    answer_join(leaving, {.code = ErrorCode::unknown_member_id}, decision);
    if (SyncCall sync = std::exchange(leaving.sync, nullptr)) {
        sync->result = {.code = ErrorCode::unknown_member_id};
        decision.answers.push_back(std::move(sync));
    }
    count(leaving, -1);
    if (leaving.instance) {
        static_members_.erase(*leaving.instance);
    }
    const bool led = leader_ == leaving.id;
    members_.erase(member);
    if (led) {
        leader_ = members_.empty() ? std::nullopt : std::optional(members_.begin()->first);
    }
}

void ClassicGroup::end_calls(const wire::Refusal& reason) {
    for (auto& [id, member] : members_) {
        if (JoinCall join = std::exchange(member.join, nullptr)) {
            join->complete(reason);
        }
        if (SyncCall sync = std::exchange(member.sync, nullptr)) {
            sync->complete(reason);
        }
    }
    joining_ = 0;
}

ClassicWaiting ClassicGroup::waiting() const {
    ClassicWaiting waiting;
    for (const auto& [id, member] : members_) {
        if (member.join != nullptr) {
            waiting.joins.emplace_back(id, member.join);
        }
        if (member.sync != nullptr) {
            waiting.syncs.push_back(member.sync);
        }
    }
    return waiting;
}

std::optional<std::set<std::string, std::less<>>> ClassicGroup::subscribed_topics() const {
    constexpr std::size_t kArena = std::size_t{1} << 20;
    std::set<std::string, std::less<>> topics;
    for (const auto& [id, member] : members_) {
        Arena arena(kArena);
        const std::string_view metadata = member.metadata_for(protocol_.value_or(""));
        const auto decoded = schema::decode_subscription(as_bytes(metadata), arena);
        if (!decoded) {
            return std::nullopt;
        }
        topics.insert(decoded->subscription.topics.begin(), decoded->subscription.topics.end());
    }
    return topics;
}

// --- Time

void ClassicGroup::begin_session(ClassicMember& member, TimePoint end) {
    member.session_end = end;
    check_at(end);
}

TimePoint ClassicGroup::earliest_deadline() const {
    TimePoint earliest = phase_end_;
    for (const auto& [id, end] : pending_) {
        earliest = std::min(earliest, end);
    }
    for (const auto& [id, member] : members_) {
        if (!member.is_heard()) {
            earliest = std::min(earliest, member.session_end);
        }
    }
    return earliest;
}

void ClassicGroup::on_deadline(TimePoint now, Timestamp wall, Decision& decision) {
    if (now < check_at_) {
        return;
    }
    expire_members(now, wall, decision);
    if (phase_end_ <= now) {
        if (state_ == ClassicState::preparing) {
            extend_or_complete(now, wall, decision);
        } else {
            expire_syncs(now, wall, decision);
        }
    }
    check_at_ = earliest_deadline();
}

void ClassicGroup::expire_members(TimePoint now, Timestamp wall, Decision& decision) {
    std::erase_if(pending_, [now](const auto& pending) { return pending.second <= now; });
    bool has_expired = false;
    for (auto next = members_.begin(); next != members_.end();) {
        const auto member = next++;
        if (member->second.session_end > now || member->second.is_heard()) {
            continue;
        }
        if (rules_.mutants.keeps_dead_members) {
            member->second.session_end = kNever;
        } else {
            remove_member(member, decision);
            has_expired = true;
        }
    }
    if (has_expired) {
        rebalance_or_complete(now, wall, decision);
    } else if (state_ == ClassicState::preparing && initial_end_ == kNever) {
        complete_if_all_joined(now, wall, decision);
    }
}

/// Members that have got the answer to JoinGroup, but never sent SyncGroup, are removed.
void ClassicGroup::expire_syncs(TimePoint now, Timestamp wall, Decision& decision) {
    phase_end_ = kNever;
    bool has_expired = false;
    for (auto next = members_.begin(); next != members_.end();) {
        const auto member = next++;
        if (member->second.must_sync) {
            remove_member(member, decision);
            has_expired = true;
        }
    }
    if (has_expired) {
        rebalance(now, wall, decision);
    }
}

// --- State

void ClassicGroup::set_state(ClassicState state, Timestamp wall) {
    state_ = state;
    state_since_ = wall;
}

void ClassicGroup::count(const ClassicMember& member, int by) {
    for (const ClassicProtocol& protocol : member.protocols) {
        const auto counted = protocol_counts_.try_emplace(protocol.name, 0).first;
        counted->second += by;
        if (counted->second == 0) {
            protocol_counts_.erase(counted);
        }
    }
    bytes_ += by * bytes_of(member);
    listed_ = nullptr;
}

std::int64_t ClassicGroup::bytes_of(std::string_view member) const {
    const auto found = members_.find(member);
    return found == members_.end() ? 0 : bytes_of(found->second);
}

std::int64_t ClassicGroup::bytes_of(const ClassicJoin& join) {
    std::size_t bytes =
        kMemberMemory + join.client_id.size() + join.instance.value_or(std::string_view()).size();
    for (const ClassicProtocol& protocol : join.protocols) {
        bytes += protocol.name.size() + protocol.metadata.size();
    }
    return static_cast<std::int64_t>(bytes);
}

std::int64_t ClassicGroup::bytes_of(const ClassicMember& member) {
    std::size_t bytes = kMemberMemory + member.id.size() + member.client_id.size() +
                        member.client_host.size() + member.assignment.size() +
                        (member.instance ? member.instance->size() : 0);
    for (const ClassicProtocol& protocol : member.protocols) {
        bytes += protocol.name.size() + protocol.metadata.size();
    }
    return static_cast<std::int64_t>(bytes);
}

bool ClassicGroup::supports(std::string_view type,
                            const std::vector<ClassicProtocol>& protocols) const {
    if (members_.empty()) {
        return !type.empty() && !protocols.empty();
    }
    return type == protocol_type_ &&
           std::ranges::any_of(protocols, [this](const ClassicProtocol& protocol) {
               const auto count = protocol_counts_.find(protocol.name);
               return count != protocol_counts_.end() &&
                      count->second == static_cast<int>(members_.size());
           });
}

/// Of the protocols that all members support, the one that most of them prefer.
std::string ClassicGroup::choose_protocol() const {
    std::map<std::string_view, int> votes;
    for (const auto& [id, member] : members_) {
        for (const ClassicProtocol& protocol : member.protocols) {
            if (protocol_counts_.at(protocol.name) == static_cast<int>(members_.size())) {
                ++votes[protocol.name];
                break;
            }
        }
    }
    const auto most = std::ranges::max_element(
        votes, [](const auto& left, const auto& right) { return left.second < right.second; });
    return most == votes.end() ? std::string() : std::string(most->first);
}

Duration ClassicGroup::rebalance_timeout() const {
    Duration longest{};
    for (const auto& [id, member] : members_) {
        longest = std::max(longest, member.rebalance_timeout);
    }
    return longest;
}

ClassicRecord ClassicGroup::record(Timestamp wall) const {
    ClassicRecord record{.protocol_type = protocol_type_,
                         .generation = generation_,
                         .protocol = protocol_,
                         .leader = leader_,
                         .state_since = wall,
                         .members = {}};
    for (const auto& [id, member] : members_) {
        ClassicMember& kept = record.members.emplace_back(member);
        kept.protocols = {
            {protocol_.value_or(""), std::string(member.metadata_for(protocol_.value_or("")))}};
        kept.join = nullptr;
        kept.sync = nullptr;
    }
    return record;
}

}  // namespace hw::broker
