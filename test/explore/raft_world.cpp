#include "test/explore/raft_world.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace hw::test {

using replication::BeginEpochCall;
using replication::Candidate;
using replication::ElectionState;
using replication::EndEpochCall;
using replication::EpochAnswer;
using replication::FetchFailure;
using replication::Fetching;
using replication::FetchVerdict;
using replication::Follower;
using replication::Leader;
using replication::LogEnd;
using replication::LogPositions;
using replication::Observer;
using replication::Prospective;
using replication::RaftCall;
using replication::RaftCore;
using replication::RaftEffects;
using replication::RaftFetch;
using replication::RaftFetchAnswer;
using replication::RaftMutants;
using replication::RaftOptions;
using replication::Resigned;
using replication::Unattached;
using replication::VoteCall;
using replication::VoteKind;
using replication::Voter;
using replication::VoterSet;
using replication::Votes;
using Kind = ModelEvent::Kind;

namespace {

const char* const kRoleNames[] = {"Unattached", "Prospective", "Candidate", "Leader",
                                  "Resigned",   "Follower",    "Observer"};

RaftOptions options_of(BrokerId id, const RaftMutants& mutants) {
    std::vector<Voter> voters;
    for (std::int32_t other = 0; other < 3; ++other) {
        voters.push_back({{BrokerId(other), {}}, {}});
    }
    return {.self = {id, {}}, .voters = VoterSet(std::move(voters)), .mutants = mutants};
}

storage::EpochCache epochs_of(const std::vector<ModelRecord>& log) {
    storage::EpochCache epochs;
    for (std::size_t i = 0; i < log.size(); ++i) {
        epochs.assign(log[i].epoch, Offset(static_cast<std::int64_t>(i)));
    }
    return epochs;
}

/// Collects the parts of a world into one number (FNV-1a over 64-bit words, then mixed).
class Digest {
public:
    void add(std::int64_t value) {
        state_ = (state_ ^ static_cast<std::uint64_t>(value)) * 0x9E37'79B9'7F4A'7C15;
        state_ ^= state_ >> 29;
    }
    void add(const LogEnd& end) {
        add(end.epoch.value());
        add(end.end_offset.value());
    }
    void add(const std::set<BrokerId>& ids) {
        add(static_cast<std::int64_t>(ids.size()));
        for (const BrokerId id : ids) {
            add(id.value());
        }
    }
    void add(const std::vector<ModelRecord>& records) {
        add(static_cast<std::int64_t>(records.size()));
        for (const ModelRecord& record : records) {
            add(record.epoch.value() * 256 + record.value);
        }
    }
    void add(const ElectionState& state) {
        add(state.epoch.value());
        add(state.leader.value());
        add(state.voted.id.value());
    }
    void add(const Fetching& fetching) { add(fetching.under_way ? 1 : 0); }
    void add(const Votes& votes) {
        add(votes.granted);
        add(votes.refused);
    }
    void operator()(const Unattached&) {}
    void operator()(const Prospective& role) { add(role.votes); }
    void operator()(const Candidate& role) { add(role.votes); }
    void operator()(const Leader& role) {
        add(role.epoch_start_offset.value());
        for (const auto& [id, progress] : role.voters) {
            add(progress.end_offset.value());
        }
    }
    void operator()(const Resigned&) {}
    void operator()(const Follower& role) {
        add(role.has_fetched ? 1 : 0);
        add(role.fetching);
    }
    void operator()(const Observer& role) { add(role.fetching); }
    void operator()(const VoteCall& call) {
        add(static_cast<std::int64_t>(call.kind));
        add(call.epoch.value());
        add(call.candidate.value());
        add(call.log);
    }
    void operator()(const BeginEpochCall& call) { add(call.epoch.value()); }
    void operator()(const EndEpochCall& call) {
        add(call.epoch.value());
        for (const BrokerId id : call.successors) {
            add(id.value());
        }
    }
    void operator()(const RaftCall& call) {
        add(static_cast<std::int64_t>(call.body.index()));
        std::visit(*this, call.body);
    }
    void operator()(const ModelMessage::Answer& answer) {
        (*this)(answer.call);
        add(static_cast<std::int64_t>(answer.answer.error));
        add(answer.answer.epoch.value());
        add(answer.answer.leader.value());
        add(answer.answer.vote_granted ? 1 : 0);
    }
    void operator()(const RaftFetch& call) {
        add(call.epoch.value());
        add({call.last_epoch, call.offset});
        add(call.high_watermark.value());
    }
    void operator()(const ModelMessage::Fetched& fetched) {
        (*this)(fetched.call);
        add(static_cast<std::int64_t>(fetched.answer.error));
        add(fetched.answer.epoch.value());
        add(fetched.answer.leader.value());
        add(fetched.answer.diverging.value_or(LogEnd{LeaderEpoch(-1), kNoOffset}));
        add(fetched.answer.high_watermark.value());
        add(fetched.records);
    }
    [[nodiscard]] std::uint64_t value() const { return state_; }

private:
    std::uint64_t state_ = 0xCBF2'9CE4'8422'2325;
};

}  // namespace

RaftWorld::RaftWorld(WorldLimits limits, RaftMutants mutants) : limits_(limits), mutants_(mutants) {
    for (std::int32_t id = 0; id < kNodes; ++id) {
        nodes_.push_back(
            {RaftCore(options_of(BrokerId(id), mutants_), {}, {}, Random(1)), {}, {}, 0});
    }
    for (std::int32_t id = 0; id < kNodes; ++id) {
        start(BrokerId(id));
    }
}

std::vector<ModelEvent> RaftWorld::events() const {
    std::vector<ModelEvent> events;
    for (std::uint8_t i = 0; i < messages_.size(); ++i) {
        events.push_back({Kind::deliver, i});
        const auto* call = std::get_if<RaftCall>(&messages_[i].body);
        const bool is_vote = call != nullptr && std::holds_alternative<VoteCall>(call->body);
        if (is_vote && crashes_ < limits_.crashes) {
            events.push_back({Kind::crash_at_vote, i});
        }
        events.push_back({Kind::lose, i});
        if (std::holds_alternative<RaftFetch>(messages_[i].body)) {
            events.push_back({Kind::refuse, i});
        }
    }
    for (std::uint8_t id = 0; id < kNodes; ++id) {
        const Node& node = nodes_[id];
        const bool may_raise = node.core.epoch().value() < limits_.max_epoch;
        const bool raises = std::holds_alternative<Unattached>(node.core.role()) ||
                            std::holds_alternative<Prospective>(node.core.role()) ||
                            std::holds_alternative<Candidate>(node.core.role());
        if (node.core.next_deadline() != kNever && (may_raise || !raises)) {
            events.push_back({Kind::time_out, id});
        }
        if (node.durable < node.log.size()) {
            events.push_back({Kind::sync, id});
        }
        if (node.core.active() && appends_ < limits_.appends) {
            events.push_back({Kind::append, id});
        }
        if (crashes_ < limits_.crashes) {
            events.push_back({Kind::crash_short, id});
            if (node.durable < node.log.size()) {
                events.push_back({Kind::crash_long, id});
            }
        }
    }
    return events;
}

void RaftWorld::apply(const ModelEvent& event) {
    const BrokerId id(event.index);
    const auto take = [&] {
        ModelMessage message = std::move(messages_[event.index]);
        messages_.erase(messages_.begin() + event.index);
        return message;
    };
    switch (event.kind) {
        case Kind::deliver:
            deliver(take(), false);
            break;
        case Kind::crash_at_vote:
            ++crashes_;
            deliver(take(), true);
            break;
        case Kind::lose:
            lose(take(), FetchFailure::no_answer);
            break;
        case Kind::refuse:
            lose(take(), FetchFailure::refused);
            break;
        case Kind::time_out:
            now_ = std::max(now_, at(id).core.next_deadline());
            input(id, [&](RaftCore& core, RaftEffects& effects) { core.on_time(now_, effects); });
            break;
        case Kind::sync:
            at(id).durable = at(id).log.size();
            input(id, [&](RaftCore& core, RaftEffects& effects) {
                core.on_durable(core.log().end().end_offset, now_, effects);
            });
            break;
        case Kind::append:
            ++appends_;
            append(id, at(id).core.epoch());
            break;
        case Kind::crash_short:
            ++crashes_;
            restart(id, at(id).durable);
            break;
        case Kind::crash_long:
            ++crashes_;
            restart(id, at(id).log.size());
            break;
    }
    check_logs();
}

void RaftWorld::lose(const ModelMessage& lost, FetchFailure failure) {
    if (const auto* call = std::get_if<RaftCall>(&lost.body)) {
        input(lost.from, [&](RaftCore& core, RaftEffects& effects) {
            core.on_no_answer(*call, now_, effects);
        });
    } else if (const auto* fetch = std::get_if<RaftFetch>(&lost.body)) {
        at(lost.from).core.on_fetch_failed(*fetch, failure, now_);
    } else if (const auto* fetched = std::get_if<ModelMessage::Fetched>(&lost.body)) {
        at(lost.to).core.on_fetch_failed(fetched->call, failure, now_);
    }
}

template <class Input>
void RaftWorld::input(BrokerId id, const Input& call) {
    const std::size_t before = at(id).core.role().index();
    RaftEffects effects;
    call(at(id).core, effects);
    transitions_.insert(static_cast<std::uint8_t>(before * 16 + at(id).core.role().index()));
    execute(id, effects);
}

void RaftWorld::deliver(const ModelMessage& message, bool dies) {
    const BrokerId id = message.to;
    if (const auto* call = std::get_if<RaftCall>(&message.body)) {
        answer(id, message.from, *call, dies);
    } else if (const auto* answer = std::get_if<ModelMessage::Answer>(&message.body)) {
        input(id, [&](RaftCore& core, RaftEffects& effects) {
            core.on_answer(answer->call, answer->answer, now_, effects);
        });
    } else if (const auto* fetch = std::get_if<RaftFetch>(&message.body)) {
        send({id, message.from, read(id, message.from, *fetch)});
    } else {
        take(id, std::get<ModelMessage::Fetched>(message.body));
    }
}

void RaftWorld::answer(BrokerId id, BrokerId from, const RaftCall& call, bool dies) {
    EpochAnswer answer;
    const std::size_t kept = at(id).log.size();
    input(id, [&](RaftCore& core, RaftEffects& effects) {
        if (const auto* vote = std::get_if<VoteCall>(&call.body)) {
            answer = core.on_vote(*vote, now_, effects);
        } else if (const auto* begin = std::get_if<BeginEpochCall>(&call.body)) {
            answer = core.on_begin_epoch(*begin, now_, effects);
        } else {
            answer = core.on_end_epoch(std::get<EndEpochCall>(call.body), now_, effects);
        }
    });
    const auto* asked = std::get_if<VoteCall>(&call.body);
    if (asked != nullptr && asked->kind == VoteKind::vote && answer.vote_granted) {
        check_vote(id, asked->epoch, asked->candidate);
    }
    if (dies) {
        restart(id, kept);
    } else {
        send({id, from, ModelMessage::Answer{call, answer}});
    }
}

ModelMessage::Fetched RaftWorld::read(BrokerId id, BrokerId from, const RaftFetch& fetch) {
    FetchVerdict verdict;
    input(id, [&](RaftCore& core, RaftEffects& effects) {
        verdict = core.on_fetch(from, fetch, now_, effects);
    });
    const Node& node = at(id);
    ModelMessage::Fetched fetched{.call = fetch,
                                  .answer = {.error = verdict.error,
                                             .epoch = node.core.epoch(),
                                             .leader = node.core.leader(),
                                             .diverging = verdict.diverging},
                                  .records = {}};
    if (verdict.error == wire::ErrorCode::none && node.core.active()) {
        fetched.answer.high_watermark = node.core.high_watermark();
    }
    const auto offset = static_cast<std::size_t>(fetch.offset.value());
    if (verdict.error == wire::ErrorCode::none && !verdict.diverging && offset < node.log.size()) {
        // One record at a time, as if the answer had no room for more.
        fetched.records.push_back(node.log[offset]);
        fetched.answer.has_records = true;
    }
    return fetched;
}

void RaftWorld::take(BrokerId id, const ModelMessage::Fetched& fetched) {
    bool takes = false;
    input(id, [&](RaftCore& core, RaftEffects& effects) {
        takes = core.on_fetch_answer(fetched.call, fetched.answer, now_, effects);
    });
    if (!takes) {
        return;
    }
    Node& node = at(id);
    for (const ModelRecord& record : fetched.records) {
        if (record.epoch < node.core.log().end().epoch) {
            break_rule(fmt::format("the epochs in the log of node {} fall", id));
            return;
        }
        node.log.push_back(record);
        node.core.on_staged(record.epoch, Offset(static_cast<std::int64_t>(node.log.size())));
    }
}

void RaftWorld::execute(BrokerId id, const RaftEffects& effects) {
    Node& node = at(id);
    if (effects.persist) {
        check_persisted(id, *effects.persist);
        node.persisted = *effects.persist;
    }
    if (effects.append) {
        check_leader(id);
        append(id, effects.append->epoch);
    }
    if (effects.truncate) {
        const auto end = static_cast<std::size_t>(effects.truncate->value());
        node.log.resize(end);
        node.durable = std::min(node.durable, end);
        input(id, [&](RaftCore& core, RaftEffects& next) {
            core.on_truncated(*effects.truncate, now_, next);
        });
    }
    for (const RaftCall& call : effects.calls) {
        send({id, call.to, call});
    }
    if (effects.fetch) {
        send({id, effects.fetch->to, *effects.fetch});
    }
    if (effects.high_watermark) {
        commit(id, *effects.high_watermark);
    }
    if (effects.refused_truncation) {
        break_rule(fmt::format("node {} is asked to remove committed records", id));
    }
}

void RaftWorld::append(BrokerId id, LeaderEpoch epoch) {
    Node& node = at(id);
    node.log.push_back({epoch, next_value_++});
    node.core.on_staged(epoch, Offset(static_cast<std::int64_t>(node.log.size())));
}

void RaftWorld::restart(BrokerId id, std::size_t kept) {
    Node& node = at(id);
    node.log.resize(kept);
    node.durable = kept;
    node.core = RaftCore(options_of(id, mutants_), node.persisted,
                         LogPositions(epochs_of(node.log), Offset(static_cast<std::int64_t>(kept))),
                         Random(1));
    // Its connections have ended: answers to its earlier requests do not reach it.
    std::erase_if(messages_, [&](const ModelMessage& message) {
        return message.to == id && (std::holds_alternative<ModelMessage::Answer>(message.body) ||
                                    std::holds_alternative<ModelMessage::Fetched>(message.body));
    });
    start(id);
}

void RaftWorld::start(BrokerId id) {
    input(id, [&](RaftCore& core, RaftEffects& effects) { core.start(now_, effects); });
}

void RaftWorld::send(ModelMessage message) {
    const bool is_known = std::ranges::find(messages_, message) != messages_.end();
    if (!is_known && messages_.size() < limits_.messages) {
        messages_.push_back(std::move(message));
        return;
    }
    // The network is full: the message is lost, and the sender of a Fetch notices.
    if (const auto* call = std::get_if<RaftFetch>(&message.body); call != nullptr && !is_known) {
        at(message.from).core.on_fetch_failed(*call, FetchFailure::no_answer, now_);
    } else if (const auto* fetched = std::get_if<ModelMessage::Fetched>(&message.body);
               fetched != nullptr && !is_known) {
        at(message.to).core.on_fetch_failed(fetched->call, FetchFailure::no_answer, now_);
    }
}

void RaftWorld::check_persisted(BrokerId id, const ElectionState& next) {
    if (next.epoch < at(id).persisted.epoch) {
        break_rule(fmt::format("the epoch of node {} falls to {}", id, next.epoch));
    }
    if (next.voted.id != kNoBroker) {
        check_vote(id, next.epoch, next.voted.id);
    }
}

void RaftWorld::check_vote(BrokerId id, LeaderEpoch epoch, BrokerId candidate) {
    const auto [vote, is_new] = votes_.emplace(std::pair(id, epoch), candidate);
    if (!is_new && vote->second != candidate) {
        break_rule(fmt::format("node {} votes twice in epoch {}", id, epoch));
    }
}

void RaftWorld::check_leader(BrokerId id) {
    const LeaderEpoch epoch = at(id).core.epoch();
    if (!leaders_.emplace(epoch, id).second) {
        break_rule(fmt::format("epoch {} has a second leader, node {}", epoch, id));
    }
    const std::vector<ModelRecord>& log = at(id).log;
    if (log.size() < committed_.size() ||
        !std::equal(committed_.begin(), committed_.end(), log.begin())) {
        break_rule(fmt::format("node {} leads epoch {} without all committed records", id, epoch));
    }
}

void RaftWorld::commit(BrokerId id, Offset end_offset) {
    const auto end = static_cast<std::size_t>(end_offset.value());
    const std::vector<ModelRecord>& log = at(id).log;
    if (log.size() < end) {
        break_rule(fmt::format("the high watermark of node {} is above its log", id));
        return;
    }
    for (std::size_t i = 0; i < end; ++i) {
        if (i < committed_.size() && committed_[i] != log[i]) {
            break_rule(fmt::format("node {} commits another record at offset {}", id, i));
            return;
        }
    }
    if (end <= committed_.size()) {
        return;
    }
    const auto holders = std::ranges::count_if(nodes_, [&](const Node& node) {
        return node.durable >= end &&
               std::equal(log.begin(), log.begin() + static_cast<std::ptrdiff_t>(end),
                          node.log.begin());
    });
    if (holders < 2) {
        break_rule(
            fmt::format("node {} commits up to {}, which only {} nodes hold", id, end, holders));
    }
    committed_.assign(log.begin(), log.begin() + static_cast<std::ptrdiff_t>(end));
}

void RaftWorld::check_logs() {
    for (const Node& left : nodes_) {
        for (const Node& right : nodes_) {
            check_match(left.log, right.log);
        }
    }
}

void RaftWorld::check_match(const std::vector<ModelRecord>& left,
                            const std::vector<ModelRecord>& right) {
    bool differs = false;
    for (std::size_t i = 0; i < std::min(left.size(), right.size()); ++i) {
        differs = differs || left[i] != right[i];
        if (differs && left[i].epoch == right[i].epoch) {
            break_rule(fmt::format(
                "two logs have the same epoch at offset {}, but differ there or before", i));
        }
    }
}

void RaftWorld::break_rule(std::string rule) {
    if (!broken_) {
        broken_ = std::move(rule);
    }
}

std::optional<BrokerId> RaftWorld::active_leader() const {
    for (std::int32_t id = 0; id < kNodes; ++id) {
        if (core(BrokerId(id)).active()) {
            return BrokerId(id);
        }
    }
    return std::nullopt;
}

std::uint64_t RaftWorld::digest() const {
    Digest digest;
    for (const Node& node : nodes_) {
        digest.add(static_cast<std::int64_t>(node.core.role().index()));
        std::visit(digest, node.core.role());
        digest.add(node.core.state());
        digest.add(node.core.high_watermark().value());
        digest.add(node.persisted);
        digest.add(node.log);
        digest.add(static_cast<std::int64_t>(node.durable));
    }
    // The order of messages does not matter.
    std::uint64_t messages = 0;
    for (const ModelMessage& message : messages_) {
        Digest one;
        one.add(message.from.value() * 16 + message.to.value());
        one.add(static_cast<std::int64_t>(message.body.index()));
        std::visit([&](const auto& body) { one(body); }, message.body);
        const auto* fetch = std::get_if<RaftFetch>(&message.body);
        const auto* fetched = std::get_if<ModelMessage::Fetched>(&message.body);
        if (fetch != nullptr) {
            one.add(fetch->number == core(message.from).fetches() ? 1 : 0);
        } else if (fetched != nullptr) {
            one.add(fetched->call.number == core(message.to).fetches() ? 1 : 0);
        }
        messages += one.value();
    }
    digest.add(static_cast<std::int64_t>(messages));
    digest.add(crashes_ * 256 + appends_);
    digest.add(committed_);
    return digest.value();
}

std::string RaftWorld::describe() const {
    std::string text;
    for (std::int32_t id = 0; id < kNodes; ++id) {
        const Node& node = nodes_[static_cast<std::size_t>(id)];
        text +=
            fmt::format("node {}: {} epoch {} leader {} voted {} hw {} durable {} log", id,
                        kRoleNames[node.core.role().index()], node.core.epoch(), node.core.leader(),
                        node.core.state().voted.id, node.core.high_watermark(), node.durable);
        for (const ModelRecord& record : node.log) {
            text += fmt::format(" {}:{}", record.epoch, record.value);
        }
        text += '\n';
    }
    return text + fmt::format("{} messages under way\n", messages_.size());
}

}  // namespace hw::test
