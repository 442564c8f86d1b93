#include "test/sim/sim_admin.h"

#include <array>
#include <iterator>
#include <utility>
#include <vector>

#include "controller/image/topic_name.h"
#include "protocol/schema/api/elect_leaders.h"
#include "protocol/schema/api/metadata.h"

namespace hw::sim {

using wire::ErrorCode;

namespace {

constexpr Duration kPauseMax = std::chrono::seconds(2);
constexpr Duration kTimeout = std::chrono::seconds(12);

/// The configs of a topic for the request that creates it.
std::vector<schema::CreateTopicsRequest::Config> configs_of(const TopicPlan& topic) {
    std::vector<schema::CreateTopicsRequest::Config> configs;
    for (const auto& [name, value] : topic.configs) {
        schema::CreateTopicsRequest::Config config;
        config.name = name;
        config.value = value;
        configs.push_back(config);
    }
    return configs;
}

}  // namespace

Task<> SimAdmin::create(const Plan& plan, bool& is_created, bool& has_ended) {
    std::vector<std::vector<schema::CreateTopicsRequest::Config>> configs;
    for (const TopicPlan& topic : plan.topics) {
        configs.push_back(configs_of(topic));
    }
    std::vector<schema::CreateTopicsRequest::Topic> topics;
    for (std::size_t i = 0; i < plan.topics.size(); ++i) {
        schema::CreateTopicsRequest::Topic topic;
        topic.name = plan.topics[i].name;
        topic.num_partitions = plan.topics[i].partitions;
        topic.replication_factor = plan.topics[i].replication_factor;
        topic.configs = configs[i];
        topics.push_back(topic);
    }
    schema::CreateTopicsRequest request;
    request.topics = topics;
    request.timeout_ms = Millis(10'000);
    choose_broker();
    const auto answer = co_await replication::call<schema::CreateTopicsResponse>(
        channel_, request, ApiVersion(7), world_.clock.now() + kTimeout);
    is_created = answer.has_value();
    if (answer) {
        for (const auto& topic : (*answer)->topics) {
            is_created = is_created && topic.error_code == ErrorCode::none;
        }
    }
    has_ended = true;
}

Task<> SimAdmin::run() {
    ++world_.admins;
    while (!world_.admins_finish) {
        co_await pause(kPauseMax);
        choose_broker();
        if (random_.chance(1, 4)) {
            co_await elect_coordinators();
        } else if (topics_.size() < kTopicsMax && (topics_.empty() || random_.chance(2, 3))) {
            co_await create_one();
        } else {
            co_await delete_one();
        }
    }
    co_await check_all();
    co_await channel_.stop();
    --world_.admins;
}

Task<> SimAdmin::create_one() {
    const std::string name = fmt::format("made-{}", topics_.size());
    Presence& presence = topics_[name];
    presence = Presence::unknown;
    schema::CreateTopicsRequest::Topic topic;
    topic.name = name;
    topic.num_partitions = 1;
    topic.replication_factor = 1;
    const std::array all{topic};
    schema::CreateTopicsRequest request;
    request.topics = all;
    request.timeout_ms = Millis(10'000);
    const auto answer = co_await replication::call<schema::CreateTopicsResponse>(
        channel_, request, ApiVersion(7), world_.clock.now() + kTimeout);
    const bool is_acknowledged = answer && (*answer)->topics.size() == 1 &&
                                 (*answer)->topics[0].error_code == ErrorCode::none;
    if (is_acknowledged) {
        presence = Presence::exists;
        ++acknowledged_;
        ++world_.operations;
    }
}

Task<> SimAdmin::delete_one() {
    const auto chosen =
        std::next(topics_.begin(), static_cast<std::ptrdiff_t>(random_.below(topics_.size())));
    const std::array names{std::string_view(chosen->first)};
    schema::DeleteTopicsRequest request;
    request.topic_names = names;
    request.timeout_ms = Millis(10'000);
    // A creation of unknown outcome may still be carried out after the deletion.
    const bool was_known = chosen->second != Presence::unknown;
    chosen->second =
        was_known && chosen->second == Presence::deleted ? Presence::deleted : Presence::unknown;
    const auto answer = co_await replication::call<schema::DeleteTopicsResponse>(
        channel_, request, ApiVersion(4), world_.clock.now() + kTimeout);
    const bool is_acknowledged = answer && (*answer)->responses.size() == 1 &&
                                 (*answer)->responses[0].error_code == ErrorCode::none;
    if (is_acknowledged && was_known) {
        chosen->second = Presence::deleted;
        ++acknowledged_;
        ++world_.operations;
    }
}

Task<> SimAdmin::elect_coordinators() {
    constexpr std::int8_t kPreferred = 0;
    std::vector<PartitionIndex> indexes;
    for (std::int32_t index = 0; index < kOffsetsPartitionsMax; ++index) {
        indexes.emplace_back(index);
    }
    schema::ElectLeadersRequest::TopicPartitions topic;
    topic.topic = controller::kOffsetsTopic;
    topic.partitions = indexes;
    const std::array topics{topic};
    schema::ElectLeadersRequest request;
    request.election_type = kPreferred;
    request.topic_partitions = topics;
    request.timeout_ms = Millis(10'000);
    const auto answer = co_await replication::call<schema::ElectLeadersResponse>(
        channel_, request, ApiVersion(2), world_.clock.now() + kTimeout);
    world_.operations += answer ? 1 : 0;
}

Task<> SimAdmin::check_all() {
    const TimePoint deadline = world_.clock.now() + kLagMax;
    do {
        broken_ = "no broker told its topics after the last fault";
        choose_broker();
        schema::MetadataRequest request;
        request.topics = wire::Array<schema::MetadataRequest::Topic>::null();
        const auto answer = co_await replication::call<schema::MetadataResponse>(
            channel_, request, ApiVersion(9), world_.clock.now() + std::chrono::seconds(1));
        if (answer) {
            std::set<std::string> found;
            for (const auto& topic : (*answer)->topics) {
                found.emplace(topic.name);
            }
            broken_ = contradiction(found);
        }
        if (broken_) {
            co_await pause(std::chrono::milliseconds(200));
        }
    } while (broken_ && world_.clock.now() < deadline);
}

std::optional<std::string> SimAdmin::contradiction(const std::set<std::string>& found) const {
    for (const auto& [name, presence] : topics_) {
        const bool is_found = found.contains(name);
        if (presence == Presence::exists && !is_found) {
            return fmt::format("the creation of topic {} was acknowledged, but it is gone", name);
        }
        if (presence == Presence::deleted && is_found) {
            return fmt::format("the deletion of topic {} was acknowledged, but it is there", name);
        }
    }
    return std::nullopt;
}

}  // namespace hw::sim
