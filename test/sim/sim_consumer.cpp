#include "test/sim/sim_consumer.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <iterator>
#include <ranges>

#include "protocol/schema/api/consumer_group_heartbeat.h"
#include "protocol/schema/api/metadata.h"
#include "protocol/schema/api/offset_commit.h"
#include "protocol/schema/api/offset_fetch.h"

namespace hw::sim {

using wire::ErrorCode;

namespace {

constexpr std::int32_t kJoins = 0;
constexpr std::int32_t kLeaves = -1;
constexpr std::int32_t kLeavesForAWhile = -2;
constexpr std::size_t kEarlierMax = 8;

/// The clocks of nodes run up to a tenth too fast.
Duration by_fastest_clock(std::chrono::milliseconds span) {
    return Duration(span) * 9 / 10;
}

std::set<std::string> topics_of(const GroupPlan& group, const Plan& plan) {
    std::set<std::string> topics;
    for (const auto& [partition, unused] : group.registers) {
        topics.insert(plan.partitions[partition.value()].topic);
    }
    return topics;
}

}  // namespace

SimConsumer::SimConsumer(ClientWorld& world, std::size_t number, const Plan& plan,
                         std::uint64_t seed)
    : SimClient(world, "consumer", seed),
      world_plan_(plan),
      plan_(plan.members[number]),
      group_(plan.groups[plan_.group]),
      number_(number),
      topics_(topics_of(group_, plan)),
      claims_(world.consumers, plan_.team,
              {.session = by_fastest_clock(plan.consumer_session),
               .rebalance = by_fastest_clock(plan_.rebalance)}) {
    restart();
}

Task<> SimConsumer::run() {
    ++world_.members;
    while (!team().has_settled() && !(plan_.dies && world_.members_finish)) {
        const auto session = world_plan_.consumer_session;
        const bool sleeps = !world_.members_finish && random_.chance(1, 40);
        co_await pause(sleeps ? 2 * session : session / 4);
        if (names_.size() < topics_.size()) {
            co_await learn_topics();
        } else if (!coordinator_) {
            const ErrorCode code = co_await find_coordinator(group_.name, deadline());
            if (code != ErrorCode::none) {
                on_code("the search for the coordinator", code);
            }
        } else {
            co_await take_part();
        }
    }
    claims_.abandon();
    co_await channel_.stop();
    --world_.members;
}

Task<> SimConsumer::learn_topics() {
    choose_broker();
    std::vector<schema::MetadataRequest::Topic> topics;
    for (const std::string& name : topics_) {
        topics.emplace_back().name = name;
    }
    schema::MetadataRequest request;
    request.topics = topics;
    const auto answer = co_await replication::call<schema::MetadataResponse>(
        channel_, request, ApiVersion(12), deadline());
    if (!answer) {
        channel_.disconnect();
        co_return;
    }
    for (const auto& topic : (*answer)->topics) {
        if (topic.error_code == ErrorCode::none) {
            names_[topic.topic_id] = topic.name;
        }
    }
}

Task<> SimConsumer::take_part() {
    if (world_.members_finish || epoch_ == kJoins) {
        co_await heartbeat();
        co_return;
    }
    if (!to_resume_.empty()) {
        co_await resume(*to_resume_.begin());
        co_return;
    }
    switch (random_.below(24)) {
        case 0:
            co_await leave();
            break;
        case 1:
            claims_.abandon();
            restart();
            break;
        case 2:
            co_await resend();
            break;
        case 3:
        case 4:
            co_await commit(earlier_[random_.below(earlier_.size())]);
            break;
        case 5:
        case 6:
        case 7:
        case 8:
            co_await commit_now();
            break;
        default:
            co_await heartbeat();
    }
}

Task<> SimConsumer::heartbeat() {
    const bool is_slow = !world_.members_finish && random_.chance(1, 2);
    if (!is_slow) {
        Partitions kept;
        std::ranges::set_intersection(owned_, assigned_, std::inserter(kept, kept.end()));
        owned_ = std::move(kept);
        claims_.keep(owned_, now());
    }
    Beat beat{.id = id_, .epoch = epoch_, .is_full = must_tell_all_, .owned = {}};
    beat.is_full = beat.is_full || epoch_ == kJoins || random_.chance(1, 8);
    if (beat.is_full || owned_ != told_) {
        beat.owned = owned_;
    }
    const TimePoint sent = now();
    const bool was_current = is_coordinator_current();
    const Answer answer = co_await send(beat);
    on_code("a heartbeat", answer.code);
    if (!answer.code) {
        if (beat.owned && answer.code.error().kind != ErrorKind::not_sent) {
            claims_.on_silence(beat.epoch, *beat.owned);
        }
    } else if (*answer.code == ErrorCode::none) {
        must_tell_all_ = false;
        told_ = beat.owned ? beat.owned : told_;
        take(answer, was_current && is_coordinator_current(), sent);
    }
}

Task<SimConsumer::Answer> SimConsumer::send(Beat beat) {
    const std::vector<std::string_view> names(topics_.begin(), topics_.end());
    std::vector<std::vector<PartitionIndex>> indexes;
    std::vector<schema::ConsumerGroupHeartbeatRequest::TopicPartitions> owned;
    for (const auto& [id, name] : names_) {
        auto& of_topic = indexes.emplace_back();
        for (const std::int32_t number : beat.owned.value_or(Partitions())) {
            const auto& partition = world_plan_.partitions[static_cast<std::size_t>(number)];
            if (partition.topic == name) {
                of_topic.push_back(partition.index);
            }
        }
        owned.push_back({id, of_topic});
    }
    schema::ConsumerGroupHeartbeatRequest request{.group_id = group_.name};
    request.member_id = beat.id;
    request.member_epoch = beat.epoch;
    if (plan_.instance) {
        request.instance_id = *plan_.instance;
    }
    if (beat.is_full) {
        request.rebalance_timeout_ms = Millis(static_cast<std::int32_t>(plan_.rebalance.count()));
        request.subscribed_topic_names = names;
    }
    if (beat.owned && beat.epoch == kJoins) {
        request.topic_partitions = wire::Array<decltype(owned)::value_type>(owned.data(), 0);
    } else if (beat.owned) {
        request.topic_partitions = owned;
    }
    const auto answer = co_await replication::call<schema::ConsumerGroupHeartbeatResponse>(
        channel_, request, ApiVersion(1), deadline());
    if (!answer) {
        co_return Answer{.code = std::unexpected(answer.error())};
    }
    Answer found{.code = (*answer)->error_code, .epoch = (*answer)->member_epoch};
    found.is_stable = (*answer)->heartbeat_interval_ms == Millis(Plan::kConsumerInterval);
    if ((*answer)->assignment == nullptr) {
        co_return found;
    }
    found.partitions.emplace();
    for (const auto& topic : (*answer)->assignment->topic_partitions) {
        for (std::size_t i = 0; i < world_plan_.partitions.size(); ++i) {
            const PartitionPlan& partition = world_plan_.partitions[i];
            const bool is_given =
                names_.contains(topic.topic_id) && partition.topic == names_[topic.topic_id] &&
                std::ranges::find(topic.partitions, partition.index) != topic.partitions.end();
            if (is_given) {
                found.partitions->insert(static_cast<std::int32_t>(i));
            }
        }
    }
    co_return found;
}

void SimConsumer::take(const Answer& answer, bool is_current, TimePoint sent) {
    if (answer.epoch != epoch_) {
        previous_epoch_ = epoch_;
        epoch_ = answer.epoch;
        claims_.on_epoch(previous_epoch_);
    }
    assigned_ = answer.partitions.value_or(assigned_);
    for (const std::int32_t partition : assigned_) {
        if (owned_.insert(partition).second) {
            world_.consumers.on_grant(
                plan_.team,
                {.member = name(), .epoch = epoch_, .partition = partition, .done = now()});
            to_resume_.insert(partition);
        }
    }
    if (is_current) {
        claims_.on_answer(sent, now(), answer.partitions, owned_ != assigned_);
    }
    if (earlier_.size() == kEarlierMax) {
        earlier_.erase(earlier_.begin());
    }
    if (earlier_.empty() || earlier_.back().epoch != epoch_ || earlier_.back().name != name() ||
        earlier_.back().partitions != owned_) {
        earlier_.push_back({name(), epoch_, owned_});
    }
    if (world_.members_finish && !plan_.dies && answer.is_stable && owned_ == assigned_) {
        team().note(number_, epoch_, {owned_.begin(), owned_.end()});
        if (team().has_settled()) {
            world_.trace.add(fmt::format("{} has settled in epoch {}", group_.name, epoch_));
        }
    }
}

Task<> SimConsumer::resend() {
    const Role& role = earlier_[random_.below(earlier_.size())];
    if (role.name != name() || role.epoch >= previous_epoch_) {
        co_return;  // it might be taken for one of now
    }
    const MemberName who = role.name;
    const std::int32_t epoch = role.epoch;
    Beat beat{.id = who.id, .epoch = epoch, .is_full = true, .owned = role.partitions};
    const Answer answer = co_await send(std::move(beat));
    if (!answer.code) {
        on_code("an old heartbeat", answer.code);
    } else if (*answer.code == ErrorCode::none) {
        world_.consumers.on_old_heartbeat(plan_.team, who, epoch);
    }
}

std::optional<RegisterNumber> SimConsumer::register_of(std::int32_t partition) const {
    for (const auto& [number, reg] : group_.registers) {
        if (number == PartitionNumber(static_cast<std::uint32_t>(partition))) {
            return reg;
        }
    }
    return std::nullopt;
}

Task<> SimConsumer::commit_now() {
    Role role{.name = name(), .epoch = epoch_, .partitions = owned_};
    co_await commit(std::move(role));
}

Task<> SimConsumer::commit(Role role) {
    std::erase_if(role.partitions,
                  [this](std::int32_t partition) { return !register_of(partition); });
    if (role.partitions.empty()) {
        co_return;
    }
    const auto at = static_cast<std::ptrdiff_t>(random_.below(role.partitions.size()));
    const std::int32_t chosen = *std::next(role.partitions.begin(), at);
    const PartitionPlan& of = world_plan_.partitions[static_cast<std::size_t>(chosen)];
    schema::OffsetCommitRequest::Partition partition;
    partition.partition_index = of.index;
    partition.committed_offset = Offset(++world_.member_commits);
    const std::array partitions{partition};
    schema::OffsetCommitRequest::Topic topic;
    topic.name = of.topic;
    topic.partitions = partitions;
    const std::array topics{topic};
    schema::OffsetCommitRequest request;
    request.group_id = group_.name;
    request.generation_id_or_member_epoch = role.epoch;
    request.member_id = role.name.id;
    if (role.name.instance) {
        request.group_instance_id = *role.name.instance;
    }
    request.topics = topics;
    OffsetWrite write{.offset = partition.committed_offset, .sent = now(), .done = {}};
    const auto answer = co_await replication::call<schema::OffsetCommitResponse>(
        channel_, request, ApiVersion(9), deadline());
    const Code code = answer ? Code((*answer)->topics[0].partitions[0].error_code)
                             : std::unexpected(answer.error());
    write.done = now();
    write.outcome = outcome_of_commit(code);
    world_.offsets.on_write(*register_of(chosen), write);
    if (write.outcome == WriteOutcome::acknowledged) {
        ++world_.operations;
        world_.consumers.on_commit(
            plan_.team,
            {.member = role.name, .epoch = role.epoch, .partition = chosen, .sent = write.sent});
    } else if (!code || (role.name == name() && role.epoch == epoch_)) {
        on_code(fmt::format("the commit of {}", write.offset), code);
    }
}

Task<> SimConsumer::resume(std::int32_t partition) {
    const auto number = register_of(partition);
    if (!number) {
        to_resume_.erase(partition);
        co_return;
    }
    const PartitionPlan& of = world_plan_.partitions[static_cast<std::size_t>(partition)];
    const std::array indexes{of.index};
    schema::OffsetFetchRequest::Topic topic;
    topic.name = of.topic;
    topic.partition_indexes = indexes;
    const std::array topics{topic};
    schema::OffsetFetchRequest::Group group;
    group.group_id = group_.name;
    group.member_id = id_;
    group.member_epoch = epoch_;
    group.topics = topics;
    const std::array groups{group};
    schema::OffsetFetchRequest request;
    request.groups = groups;
    OffsetRead read{.sent = now(),
                    .done = {},
                    .leadership = world_.leadership(group_.coordinator, *coordinator_)};
    const auto answer = co_await replication::call<schema::OffsetFetchResponse>(
        channel_, request, ApiVersion(9), deadline());
    Code code = answer ? Code((*answer)->groups[0].error_code) : std::unexpected(answer.error());
    if (code && *code == ErrorCode::none) {
        const auto& found = (*answer)->groups[0].topics[0].partitions[0];
        code = found.error_code;
        read.offset = found.committed_offset;
    }
    on_code("a read of offsets", code);
    to_resume_.erase(partition);
    if (code && *code == ErrorCode::none) {
        read.done = now();
        world_.offsets.on_read(*number, read);
    }
}

Task<> SimConsumer::leave() {
    const bool is_for_a_while = plan_.instance && random_.chance(1, 2);
    claims_.end(now());
    Beat beat{.id = id_, .epoch = is_for_a_while ? kLeavesForAWhile : kLeaves};
    const Answer answer = co_await send(std::move(beat));
    if (!answer.code) {
        on_code("a heartbeat that leaves", answer.code);
    }
    restart();
}

void SimConsumer::restart() {
    id_ = fmt::format("consumer-{}.{}", number_, ++processes_);
    claims_.begin(name());
    begin_anew();
}

void SimConsumer::on_fenced() {
    ++world_.fenced_members;
    claims_.end(now());
    if (!plan_.instance && random_.chance(1, 2)) {
        restart();
        return;
    }
    begin_anew();
}

void SimConsumer::begin_anew() {
    epoch_ = kJoins;
    previous_epoch_ = kJoins;
    must_tell_all_ = true;
    assigned_.clear();
    owned_.clear();
    told_.reset();
    to_resume_.clear();
}

void SimConsumer::on_code(std::string_view what, const Code& code) {
    if (code && *code == ErrorCode::none) {
        ++world_.operations;
        return;
    }
    report(
        code ? fmt::format("{}: {} of consumer {} fails with {}", group_.name, what, number_, *code)
             : fmt::format("{}: {} of consumer {} has no answer: {}", group_.name, what, number_,
                           code.error().message));
    must_tell_all_ = true;
    if (!code) {
        channel_.disconnect();
        coordinator_.reset();
        return;
    }
    switch (*code) {
        case ErrorCode::unknown_member_id:
        case ErrorCode::fenced_member_epoch:
            on_fenced();
            break;
        case ErrorCode::fenced_instance_id:
            claims_.end(now());
            restart();
            break;
        case ErrorCode::stale_member_epoch:      // a heartbeat tells it the epoch
        case ErrorCode::unreleased_instance_id:  // the process before it is not removed yet
            break;
        default:
            coordinator_.reset();
    }
}

}  // namespace hw::sim
