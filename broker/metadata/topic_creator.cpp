#include "broker/metadata/topic_creator.h"

#include <array>
#include <utility>

#include "controller/image/topic_name.h"

namespace hw::broker {

using wire::ErrorCode;

void TopicCreator::create(Shard& home, Names names, Done done) {
    control_.post([this, &home, names = std::move(names), done = std::move(done)]() mutable {
        tasks_.spawn(serve(home, std::move(names), std::move(done)));
    });
}

Task<> TopicCreator::serve(Shard& home, Names names, Done done) {
    const auto asker = add_asker(std::move(names));
    co_await control_.wait(asker->settled, clock_.now() + kMaxWait);
    home.post(
        [done = std::move(done), refusals = remove_asker(asker)]() mutable { done(refusals); });
}

TopicCreator::Askers::iterator TopicCreator::add_asker(Names names) {
    const auto asker = askers_.emplace(askers_.end());
    for (const std::string& name : names) {
        if (is_there(name)) {
            continue;
        }
        if (start_creation(name)) {
            asker->missing.insert(name);
        } else {
            asker->refusals.emplace(name, ErrorCode::unknown_topic_or_partition);
        }
    }
    if (asker->missing.empty()) {
        asker->settled.set();
    }
    return asker;
}

TopicCreator::Refusals TopicCreator::remove_asker(Askers::iterator asker) {
    for (const std::string& name : asker->missing) {
        asker->refusals.emplace(name, ErrorCode::leader_not_available);
    }
    Refusals refusals = std::move(asker->refusals);
    askers_.erase(asker);
    return refusals;
}

bool TopicCreator::start_creation(const std::string& name) {
    if (under_way_.contains(name)) {
        return true;
    }
    if (stopping_ || under_way_.size() >= kMaxCreations) {
        return false;
    }
    under_way_.insert(name);
    tasks_.spawn(create_one(name));
    return true;
}

Task<> TopicCreator::create_one(std::string name) {
    using Config = schema::CreateTopicsRequest::Config;
    constexpr std::int16_t kDefault = -1;
    schema::CreateTopicsRequest::Topic topic{
        .name = name, .num_partitions = kDefault, .replication_factor = kDefault};
    const std::string segment_bytes = std::to_string(offsets_topic_.segment_bytes);
    const std::array<Config, 3> configs{{{"cleanup.policy", "compact"},
                                         {"compression.type", "producer"},
                                         {"segment.bytes", segment_bytes}}};
    if (name == controller::kOffsetsTopic) {
        topic.num_partitions = offsets_topic_.partitions;
        topic.replication_factor = offsets_topic_.replication_factor.value_or(kDefault);
        topic.configs = {configs.data(), configs.size()};
    }
    schema::CreateTopicsRequest request;
    request.topics = {&topic, 1};
    const TimePoint deadline = clock_.now() + kLimit;
    const auto answer = co_await replication::call<schema::CreateTopicsResponse>(
        controller_, request, request.kVersions.high, deadline);
    end_creation(name, answer);
}

ErrorCode TopicCreator::outcome_of(const std::string& name, const Result<Reply>& answer) {
    if (!answer) {
        warnings_.warning("cannot create topic '{}': {}", name, answer.error().message);
        return ErrorCode::unknown_topic_or_partition;
    }
    const auto& topics = (*answer)->topics;
    if (topics.size() != 1 || topics[0].name != name) {
        log_.error("the controller's answer to the creation of topic '{}' names other topics",
                   name);
        return ErrorCode::unknown_topic_or_partition;
    }
    const ErrorCode code = topics[0].error_code;
    if (code == ErrorCode::none || code == ErrorCode::topic_already_exists) {
        return ErrorCode::none;
    }
    warnings_.warning("cannot create topic '{}': {}: {}", name, code, topics[0].error_message);
    // More brokers may join.
    const bool may_pass = wire::is_retriable(code) || code == ErrorCode::invalid_replication_factor;
    return may_pass ? ErrorCode::unknown_topic_or_partition : code;
}

void TopicCreator::end_creation(const std::string& name, const Result<Reply>& answer) {
    under_way_.erase(name);
    const ErrorCode code = outcome_of(name, answer);
    // A created topic is reported by on_image, when the metadata has it.
    if (code != ErrorCode::none) {
        refuse(name, code);
    }
}

void TopicCreator::refuse(const std::string& name, ErrorCode code) {
    for (Asker& asker : askers_) {
        if (asker.missing.erase(name) != 0) {
            asker.refusals.emplace(name, code);
            if (asker.missing.empty()) {
                asker.settled.set();
            }
        }
    }
}

void TopicCreator::on_image(std::shared_ptr<const controller::MetadataImage> image) {
    image_ = std::move(image);
    for (Asker& asker : askers_) {
        std::erase_if(asker.missing, [this](const std::string& name) { return is_there(name); });
        if (asker.missing.empty()) {
            asker.settled.set();
        }
    }
}

void TopicCreator::begin_stop() {
    stopping_ = true;
    for (Asker& asker : askers_) {
        asker.settled.set();
    }
}

Task<> TopicCreator::stop() {
    begin_stop();
    co_await tasks_.wait_idle();
}

}  // namespace hw::broker
