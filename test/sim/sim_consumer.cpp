#include "test/sim/sim_consumer.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <iterator>
#include <ranges>

#include "protocol/schema/api/consumer_group_heartbeat.h"
#include "protocol/schema/api/metadata.h"
#include "protocol/schema/api/offset_fetch.h"

namespace hw::sim {

using wire::ErrorCode;

namespace {

constexpr std::int32_t kJoins = 0;
constexpr std::int32_t kLeaves = -1;
constexpr std::int32_t kLeavesForAWhile = -2;

}  // namespace

SimConsumer::SimConsumer(ClientWorld& world, std::size_t number, const Plan& plan,
                         std::uint64_t seed)
    : TeamMember(world, {.name = "consumer", .session = plan.consumer_session}, number, plan,
                 seed) {}

void SimConsumer::begin_life() {
    id_ = fmt::format("consumer-{}.{}", number_, ++processes_);
    claims_.begin(role().name);
    begin_anew();
}

Task<> SimConsumer::learn_topics() {
    coordinator_.reset();
    choose_broker();
    std::vector<schema::MetadataRequest::Topic> topics;
    for (const std::string& name : topics_.names()) {
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
    if (names_.size() < topics_.names().size()) {
        co_await learn_topics();
        co_return;
    }
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
            end_life();
            break;
        case 2:
            co_await resend();
            break;
        case 3:
        case 4:
            co_await commit(any_role());
            break;
        case 5:
        case 6:
        case 7:
        case 8:
            co_await commit(role());
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
    const std::vector<std::string_view> names(topics_.names().begin(), topics_.names().end());
    std::vector<std::vector<PartitionIndex>> indexes;
    std::vector<schema::ConsumerGroupHeartbeatRequest::TopicPartitions> owned;
    for (const auto& [id, name] : names_) {
        indexes.push_back(topics_.of_topic(name, beat.owned.value_or(Partitions())));
        owned.push_back({id, indexes.back()});
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
        const auto name = names_.find(topic.topic_id);
        for (const PartitionIndex index : topic.partitions) {
            const auto number =
                name == names_.end() ? std::nullopt : topics_.find(name->second, index);
            if (number) {
                found.partitions->insert(*number);
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
            report_grant(partition);
            to_resume_.insert(partition);
        }
    }
    if (is_current) {
        claims_.on_answer(sent, now(), answer.partitions, owned_ != assigned_);
    }
    remember(role());
    if (answer.is_stable && owned_ == assigned_) {
        note_settled();
    }
}

Task<> SimConsumer::resend() {
    const Role earlier = any_role();
    if (earlier.name != role().name || earlier.epoch >= previous_epoch_) {
        co_return;  // it might be taken for one of now
    }
    Beat beat{.id = earlier.name.id,
              .epoch = earlier.epoch,
              .is_full = true,
              .owned = earlier.partitions};
    const Answer answer = co_await send(std::move(beat));
    if (!answer.code) {
        on_code("an old heartbeat", answer.code);
    } else if (*answer.code == ErrorCode::none) {
        world_.consumers.on_old_heartbeat(plan_.team, earlier.name, earlier.epoch);
    }
}

Task<> SimConsumer::resume(std::int32_t partition) {
    const auto number = topics_.register_of(partition);
    if (!number) {
        to_resume_.erase(partition);
        co_return;
    }
    const PartitionPlan& of = topics_.partition(partition);
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
    end_life();
}

void SimConsumer::on_fenced() {
    ++world_.fenced_members;
    claims_.end(now());
    if (!plan_.instance && random_.chance(1, 2)) {
        end_life();
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

void SimConsumer::on_failure(std::optional<ErrorCode> code) {
    must_tell_all_ = true;
    if (!code) {
        return;
    }
    switch (*code) {
        case ErrorCode::unknown_member_id:
        case ErrorCode::fenced_member_epoch:
            on_fenced();
            break;
        case ErrorCode::fenced_instance_id:
            claims_.end(now());
            end_life();
            break;
        case ErrorCode::stale_member_epoch:      // a heartbeat tells it the epoch
        case ErrorCode::unreleased_instance_id:  // the process before it is not removed yet
            break;
        default:
            coordinator_.reset();
    }
}

}  // namespace hw::sim
