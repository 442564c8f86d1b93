#include "test/unit/partition/partition_world.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace hw::replication {
namespace {

using wire::ErrorCode;

constexpr std::size_t kMaxRecords = 3;  ///< of one answer

Offset offset_of(std::size_t position) {
    return Offset(static_cast<std::int64_t>(position));
}

std::size_t position_of(Offset offset) {
    return static_cast<std::size_t>(offset.value());
}

}  // namespace

PartitionWorld::PartitionWorld(Options options)
    : options_(options),
      random_(options.seed),
      calm_(4 + random_.below(30)),
      pace_(1 + random_.below(3)) {
    Metadata first;
    first.leader = BrokerId(1);
    first.facts = {LeaderEpoch(0), PartitionEpoch(0), {}, {}};
    for (const int number : {1, 2, 3}) {
        const BrokerId id(number);
        first.facts.replicas.push_back(id);
        first.facts.isr.push_back(id);
        first.brokers[id] = {.epoch = BrokerEpoch(number)};
        brokers_[id].epoch = BrokerEpoch(number);
    }
    metadata_.push_back(std::move(first));
}

std::string PartitionWorld::run(int steps) {
    for (int i = 0; i < steps && broken_.empty(); ++i) {
        ++steps_;
        now_ += std::chrono::milliseconds(random_.below(40));
        random_.chance(1, calm_) ? fault() : step();
        if (broken_.empty()) {
            broken_ = check();
        }
    }
    return broken_;
}

std::string PartitionWorld::heal() {
    for (auto& [id, broker] : brokers_) {
        if (!broker.runs) {
            start(broker);
        }
        set_fenced(id, false);
    }
    healing_ = true;
    for (int i = 0; i < 20'000 && broken_.empty(); ++i) {
        now_ += std::chrono::milliseconds(1);
        step();
        if (broken_.empty()) {
            broken_ = check();
        }
        const bool all_in_sync = metadata_.back().facts.isr.size() == 3;
        const bool all_know = std::ranges::all_of(brokers_, [this](const auto& entry) {
            const Broker& broker = entry.second;
            return broker.applied == metadata_.size() && broker.log.size() == committed_.size() &&
                   broker.high_watermark == offset_of(committed_.size());
        });
        if (all_in_sync && all_know) {
            return broken_;
        }
    }
    return broken_.empty() ? "the replicas did not get in sync" : broken_;
}

void PartitionWorld::step() {
    Broker& broker = random_broker();
    if (is_paused(broker)) {
        return;
    }
    switch (random_.below(healing_ ? 8 : 5 + pace_)) {
        case 0:
            if (!healing_) {
                produce(broker);
            }
            return;
        case 1:
            sync(broker);
            return;
        case 2:
            apply_metadata(broker);
            return;
        case 3:
            check_isr(broker);
            return;
        case 4:
            start_fetch(broker);
            return;
        default:
            if (!network_.empty()) {
                deliver_some();
            }
    }
}

void PartitionWorld::fault() {
    Broker& broker = random_broker();
    switch (random_.below(14)) {
        case 13:
            broker.paused_until = steps_ + static_cast<int>(random_.below(500));
            return;
        case 12:
            move_leadership(id_of(broker));
            return;
        case 0:
            crash(broker);
            return;
        case 1:
        case 2:
        case 3:
            if (!broker.runs) {
                start(broker);
            }
            return;
        case 4:
        case 5:
            set_fenced(id_of(broker), true);
            return;
        case 6:
        case 7:
        case 8:
            set_fenced(id_of(broker), false);
            return;
        default:
            if (!network_.empty()) {
                lose(random_.below(network_.size()));
            }
    }
}

PartitionWorld::Broker& PartitionWorld::random_broker() {
    return brokers_.at(BrokerId(static_cast<std::int32_t>(1 + random_.below(3))));
}

BrokerId PartitionWorld::id_of(const Broker& broker) const {
    return std::ranges::find_if(brokers_,
                                [&](const auto& entry) { return &entry.second == &broker; })
        ->first;
}

void PartitionWorld::produce(Broker& broker) {
    auto* leader = std::get_if<PartitionLeader>(&broker.role);
    if (leader == nullptr || !leader->isr_is_large_enough()) {
        return;
    }
    append(broker, {leader->epoch(), next_value_++});
    LeaderEffects effects;
    leader->on_log_ends(ends_of(broker), now_, effects);
    apply(broker, effects);
}

void PartitionWorld::check_isr(Broker& broker) {
    auto* leader = std::get_if<PartitionLeader>(&broker.role);
    if (leader == nullptr) {
        return;
    }
    std::vector<BrokerId> active;
    for (const auto& [id, registration] : metadata_[broker.applied - 1].brokers) {
        if (!registration.fenced) {
            active.push_back(id);
        }
    }
    LeaderEffects effects;
    leader->on_time({active, kNever, {}}, now_, effects);
    apply(broker, effects);
}

void PartitionWorld::sync(Broker& broker) {
    broker.durable = broker.log.size();
    if (auto* leader = std::get_if<PartitionLeader>(&broker.role)) {
        LeaderEffects effects;
        leader->on_log_ends(ends_of(broker), now_, effects);
        apply(broker, effects);
    }
}

void PartitionWorld::start_fetch(Broker& broker) {
    auto* follower = std::get_if<PartitionFollower>(&broker.role);
    if (follower == nullptr || broker.fetching) {
        return;
    }
    if (const auto position = follower->next_fetch(log_of(broker), options_.durability)) {
        broker.fetching = true;
        send(FetchRequest{id_of(broker), broker.epoch, *position});
    }
}

void PartitionWorld::apply_metadata(Broker& broker) {
    if (broker.runs && broker.applied < metadata_.size()) {
        // Sometimes several changes arrive as one.
        broker.applied = random_.chance(1, 3) ? metadata_.size() : broker.applied + 1;
        take_role(broker, metadata_[broker.applied - 1]);
    }
}

void PartitionWorld::take_role(Broker& broker, const Metadata& metadata) {
    const BrokerId self = id_of(broker);
    if (metadata.leader == self) {
        auto* leader = std::get_if<PartitionLeader>(&broker.role);
        LeaderEffects effects;
        if (leader != nullptr && leader->epoch() == metadata.facts.leader_epoch) {
            leader->on_metadata(metadata.facts, now_, effects);
        } else {
            if (leader == nullptr) {
                leader = &broker.role.emplace<PartitionLeader>(self, broker.high_watermark,
                                                               options_.leader_mutants);
            }
            const LeaderRules rules{
                .durability = options_.durability,
                .min_insync_replicas = options_.min_insync_replicas,
                .lag = {.time_max = std::chrono::seconds(2), .messages_max = {}}};
            leader->on_leadership(
                {metadata.facts, rules, offset_of(broker.log.size()), ends_of(broker)}, now_,
                effects);
        }
        apply(broker, effects);
        return;
    }
    if (metadata.leader == kNoBroker) {
        broker.role = std::monostate();
        return;
    }
    auto* follower = std::get_if<PartitionFollower>(&broker.role);
    if (follower == nullptr || follower->epoch() != metadata.facts.leader_epoch) {
        broker.role.emplace<PartitionFollower>(metadata.leader, metadata.facts.leader_epoch,
                                               broker.high_watermark, options_.follower_mutants);
        broker.fetching = false;
    }
}

/// Some messages take much longer than others, as those of a connection that has ended since.
void PartitionWorld::send(Message message) {
    const int delay = random_.chance(1, 12) ? static_cast<int>(random_.below(600)) : 0;
    network_.push_back({steps_ + delay, std::move(message)});
}

/// Mostly the oldest message that may arrive.
void PartitionWorld::deliver_some() {
    const auto may_arrive = [this](const Sent& sent) {
        const BrokerId to = receiver(sent.message);
        return healing_ ||
               (sent.earliest_step <= steps_ && (to == kNoBroker || !is_paused(brokers_.at(to))));
    };
    const std::size_t first = random_.chance(1, 4) ? random_.below(network_.size()) : 0;
    const auto found = std::find_if(network_.begin() + static_cast<std::ptrdiff_t>(first),
                                    network_.end(), may_arrive);
    if (found != network_.end()) {
        deliver(static_cast<std::size_t>(found - network_.begin()));
    }
}

/// -1 is the controller.
BrokerId PartitionWorld::receiver(const Message& message) {
    if (const auto* fetch = std::get_if<FetchRequest>(&message)) {
        return fetch->position.leader;
    }
    if (const auto* fetched = std::get_if<FetchReply>(&message)) {
        return fetched->to;
    }
    const auto* answered = std::get_if<IsrReply>(&message);
    return answered == nullptr ? kNoBroker : answered->to;
}

void PartitionWorld::deliver(std::size_t index) {
    const Message message = std::move(network_[index].message);
    network_.erase(network_.begin() + static_cast<std::ptrdiff_t>(index));
    if (const auto* fetch = std::get_if<FetchRequest>(&message)) {
        serve(*fetch);
    } else if (const auto* fetched = std::get_if<FetchReply>(&message)) {
        take(*fetched);
    } else if (const auto* asked = std::get_if<IsrRequest>(&message)) {
        decide(*asked);
    } else {
        take(std::get<IsrReply>(message));
    }
}

/// The connection is lost: the sender of the request hears that it failed. A request may be
/// delivered after that.
void PartitionWorld::lose(std::size_t index) {
    const Message message = network_[index].message;
    if (const auto* fetch = std::get_if<FetchRequest>(&message)) {
        Broker& from = brokers_.at(fetch->from);
        if (from.epoch == fetch->broker_epoch) {
            from.fetching = false;
        }
        return;
    }
    if (const auto* asked = std::get_if<IsrRequest>(&message)) {
        send(
            IsrReply{asked->from, asked->broker_epoch, {asked->proposal, IsrOutcome::unknown, {}}});
        return;
    }
    network_.erase(network_.begin() + static_cast<std::ptrdiff_t>(index));
    if (const auto* reply = std::get_if<IsrReply>(&message)) {
        send(IsrReply{
            reply->to, reply->broker_epoch, {reply->answer.proposal, IsrOutcome::unknown, {}}});
    } else {
        brokers_.at(std::get<FetchReply>(message).to).fetching = false;
    }
}

void PartitionWorld::serve(const FetchRequest& request) {
    Broker& broker = brokers_.at(request.position.leader);
    auto* leader = std::get_if<PartitionLeader>(&broker.role);
    FetchReply reply{request.from, request.broker_epoch, {}, {}};
    reply.answer.asked = request.position;
    const FetchPosition& asked = request.position;
    if (!broker.runs || leader == nullptr || leader->epoch() != asked.leader_epoch ||
        !leader->check_follower(request.from, request.broker_epoch)) {
        reply.answer.error = ErrorCode::not_leader_or_follower;
        send(std::move(reply));
        return;
    }
    reply.answer.high_watermark = leader->high_watermark();
    reply.answer.log_start_offset = Offset(0);
    if (asked.last_fetched_epoch != kNoLeaderEpoch) {
        const auto end = end_of(broker, *leader, asked.last_fetched_epoch);
        if (end.epoch < asked.last_fetched_epoch || end.end_offset < asked.offset) {
            reply.answer.diverging = end;
        }
    }
    if (!reply.answer.diverging && asked.offset > offset_of(broker.log.size())) {
        reply.answer.error = ErrorCode::offset_out_of_range;
    }
    if (!reply.answer.diverging && reply.answer.error == ErrorCode::none) {
        const auto& brokers = metadata_[broker.applied - 1].brokers;
        const Registration& registered = brokers.at(request.from);
        const auto from = position_of(asked.offset);
        const auto count = std::min(broker.log.size() - from, random_.below(kMaxRecords + 1));
        const auto begin = broker.log.begin() + static_cast<std::ptrdiff_t>(from);
        reply.records.assign(begin, begin + static_cast<std::ptrdiff_t>(count));
        LeaderEffects effects;
        leader->on_fetch(
            {.broker = request.from,
             .broker_epoch = request.broker_epoch,
             .offset = asked.offset,
             .may_join_isr = !registered.fenced && registered.epoch == request.broker_epoch,
             .at = now_},
            effects);
        apply(broker, effects);
        reply.answer.high_watermark = leader->high_watermark();
    }
    send(std::move(reply));
}

storage::EpochEnd PartitionWorld::end_of(const Broker& broker, const PartitionLeader& leader,
                                         LeaderEpoch epoch) const {
    storage::EpochCache epochs = broker.epochs;
    epochs.assign(leader.epoch(), leader.epoch_start_offset());
    return epochs.end_offset_for(epoch, offset_of(broker.log.size()));
}

void PartitionWorld::take(const FetchReply& reply) {
    Broker& broker = brokers_.at(reply.to);
    if (!broker.runs || broker.epoch != reply.broker_epoch) {
        return;
    }
    broker.fetching = false;
    auto* follower = std::get_if<PartitionFollower>(&broker.role);
    if (follower == nullptr) {
        return;
    }
    FetchedPartition answer = reply.answer;
    const std::byte some{};
    if (!reply.records.empty()) {
        answer.records = ByteView(&some, 1);
    }
    FollowerEffects effects;
    follower->on_fetched(answer, log_of(broker), effects);
    apply(broker, effects);
    if (effects.truncate_to) {
        ++counts_.truncations;
        if (effects.loses_committed) {
            fail("a follower cuts its log below its high watermark");
        }
        cut(broker, position_of(*effects.truncate_to));
    }
    if (effects.restart_at) {
        fail("a follower throws away its log");
    }
    if (effects.append) {
        for (const Record& record : reply.records) {
            append(broker, record);
        }
    }
    FollowerEffects moved;
    follower->on_log_moved(log_of(broker), moved);
    apply(broker, moved);
}

void PartitionWorld::take(const IsrReply& reply) {
    Broker& broker = brokers_.at(reply.to);
    auto* leader = std::get_if<PartitionLeader>(&broker.role);
    if (!broker.runs || broker.epoch != reply.broker_epoch || leader == nullptr) {
        return;
    }
    LeaderEffects effects;
    leader->on_isr_answer(reply.answer, now_, effects);
    apply(broker, effects);
}

void PartitionWorld::crash(Broker& broker) {
    if (!broker.runs) {
        return;
    }
    broker.runs = false;
    broker.role = std::monostate();
    broker.fetching = false;
    const PartitionFacts& facts = metadata_.back().facts;
    const BrokerId id = id_of(broker);
    const bool others_have_it = facts.isr.size() > (facts.is_in_sync(id) ? 1U : 0U);
    if (options_.durability == Durability::disk) {
        const std::size_t unsynced = broker.log.size() - broker.durable;
        cut(broker, broker.durable + random_.below(unsynced + 1));
    } else if (others_have_it && random_.chance(1, 2)) {
        // A power loss in a `memory` topic, which the controller hears of at once.
        cut(broker, random_.below(broker.log.size() + 1));
        set_fenced(id, true);
    }
    broker.durable = broker.log.size();
    // The checkpoint of the watermark is some time old.
    const std::size_t known = std::min(position_of(broker.high_watermark), broker.log.size());
    broker.high_watermark = offset_of(random_.below(known + 1));
}

void PartitionWorld::start(Broker& broker) {
    const BrokerId id = id_of(broker);
    set_fenced(id, true);
    broker.runs = true;
    broker.epoch = BrokerEpoch(next_broker_epoch_++);
    Metadata next = metadata_.back();
    next.brokers[id] = {.epoch = broker.epoch, .fenced = true};
    publish(std::move(next), false);
    // It is unfenced when it has applied its registration.
    broker.applied = metadata_.size() - 1;
    apply_metadata(broker);
    set_fenced(id, false);
}

// --- The controller

IsrOutcome PartitionWorld::judge(const IsrRequest& request) const {
    const Metadata& now = metadata_.back();
    const IsrProposal& proposal = request.proposal;
    if (proposal.leader_epoch != now.facts.leader_epoch ||
        proposal.partition_epoch != now.facts.partition_epoch) {
        return IsrOutcome::outdated;
    }
    const bool all_eligible = std::ranges::all_of(proposal.isr, [&](const IsrMember& member) {
        const Registration& registered = now.brokers.at(member.broker);
        return !registered.fenced &&
               (member.epoch == BrokerEpoch(-1) || member.epoch == registered.epoch);
    });
    return all_eligible ? IsrOutcome::accepted : IsrOutcome::refused;
}

void PartitionWorld::decide(const IsrRequest& request) {
    IsrReply reply{request.from, request.broker_epoch, {request.proposal, judge(request), {}}};
    if (reply.answer.outcome == IsrOutcome::refused) {
        ++counts_.refused;
    }
    if (reply.answer.outcome == IsrOutcome::accepted) {
        Metadata next = metadata_.back();
        const std::vector<BrokerId> before = std::exchange(next.facts.isr, {});
        for (const IsrMember& member : request.proposal.isr) {
            next.facts.isr.push_back(member.broker);
        }
        counts_.joined += next.facts.isr.size() > before.size() ? 1 : 0;
        counts_.withdrawn += next.facts.isr == before ? 1 : 0;
        publish(std::move(next), true);
        reply.answer.facts = metadata_.back().facts;
    }
    send(std::move(reply));
}

void PartitionWorld::set_fenced(BrokerId id, bool fenced) {
    Metadata next = metadata_.back();
    if (next.brokers.at(id).fenced == fenced || (!fenced && !brokers_.at(id).runs)) {
        return;
    }
    next.brokers.at(id).fenced = fenced;
    const PartitionFacts before = next.facts;
    if (fenced && next.facts.isr.size() > 1) {
        std::erase(next.facts.isr, id);
    }
    const BrokerId leader = next.leader;
    elect(next);
    const bool changes = next.leader != leader || next.facts.isr != before.isr;
    publish(std::move(next), changes);
}

/// Makes another replica in sync the leader, as an election of the preferred leader does.
void PartitionWorld::move_leadership(BrokerId id) {
    Metadata next = metadata_.back();
    if (id != next.leader && next.facts.is_in_sync(id) && !next.brokers.at(id).fenced) {
        next.leader = id;
        ++next.facts.leader_epoch;
        ++counts_.elections;
        publish(std::move(next), true);
    }
}

/// Elects as the controller does: the leader stays if it can, else the first member of the ISR.
void PartitionWorld::elect(Metadata& next) {
    const auto may_lead = [&](BrokerId id) {
        return next.facts.is_in_sync(id) && !next.brokers.at(id).fenced;
    };
    BrokerId leader = next.leader;
    if (leader == kNoBroker || !may_lead(leader)) {
        const auto found = std::ranges::find_if(next.facts.replicas, may_lead);
        leader = found == next.facts.replicas.end() ? kNoBroker : *found;
    }
    if (leader != next.leader) {
        next.leader = leader;
        ++next.facts.leader_epoch;
        ++counts_.elections;
    }
}

void PartitionWorld::publish(Metadata next, bool changes_partition) {
    if (changes_partition) {
        ++next.facts.partition_epoch;
    }
    metadata_.push_back(std::move(next));
}

// --- Logs

LogEnds PartitionWorld::ends_of(const Broker& broker) const {
    return {offset_of(broker.log.size()), offset_of(broker.durable)};
}

FollowerLog PartitionWorld::log_of(const Broker& broker) const {
    return {.epochs = broker.epochs,
            .log_start_offset = Offset(0),
            .ends = ends_of(broker),
            .is_busy = false};
}

void PartitionWorld::append(Broker& broker, const Record& record) {
    broker.epochs.assign(record.epoch, offset_of(broker.log.size()));
    broker.log.push_back(record);
}

void PartitionWorld::cut(Broker& broker, std::size_t size) {
    broker.log.resize(size);
    broker.durable = std::min(broker.durable, size);
    broker.epochs.truncate_from_end(offset_of(size));
}

void PartitionWorld::apply(Broker& broker, const LeaderEffects& effects) {
    if (effects.high_watermark) {
        if (*effects.high_watermark < broker.high_watermark) {
            fail("the watermark of a leader fell");
        }
        broker.high_watermark = *effects.high_watermark;
        note_watermark(broker);
    }
    if (effects.proposal) {
        send(IsrRequest{id_of(broker), broker.epoch, *effects.proposal});
    }
}

void PartitionWorld::apply(Broker& broker, const FollowerEffects& effects) {
    if (effects.high_watermark) {
        broker.high_watermark = *effects.high_watermark;
    }
}

/// What a leader's watermark has passed is committed for ever.
void PartitionWorld::note_watermark(Broker& broker) {
    const std::size_t end = position_of(broker.high_watermark);
    for (std::size_t i = committed_.size(); i < std::min(end, broker.log.size()); ++i) {
        committed_.push_back(broker.log[i]);
    }
    counts_.committed = static_cast<std::int64_t>(committed_.size());
}

// --- The rules

void PartitionWorld::fail(std::string rule) {
    if (broken_.empty()) {
        broken_ = std::move(rule);
    }
}

std::string PartitionWorld::check() const {
    const Metadata& now = metadata_.back();
    for (const auto& [id, broker] : brokers_) {
        const std::size_t known = position_of(broker.high_watermark);
        if (known > broker.log.size()) {
            return "a watermark is beyond the log";
        }
        if (known > committed_.size() ||
            !std::equal(broker.log.begin(), broker.log.begin() + static_cast<std::ptrdiff_t>(known),
                        committed_.begin())) {
            return "a replica shows a record that is not committed";
        }
        const bool has_all = broker.log.size() >= committed_.size() &&
                             std::equal(committed_.begin(), committed_.end(), broker.log.begin());
        if (now.facts.is_in_sync(id) && !has_all) {
            return "a replica in sync does not have a committed record";
        }
        const auto* leader = std::get_if<PartitionLeader>(&broker.role);
        if (leader == nullptr || leader->epoch() != now.facts.leader_epoch) {
            continue;
        }
        const bool covers = std::ranges::all_of(
            now.facts.isr, [&](BrokerId member) { return leader->is_in_maximal_isr(member); });
        if (!covers) {
            return "the controller's ISR has a member that the leader does not count";
        }
        if (leader->high_watermark_is_current() && known < committed_.size()) {
            return "a leader shows less than its predecessor";
        }
    }
    return "";
}

}  // namespace hw::replication
