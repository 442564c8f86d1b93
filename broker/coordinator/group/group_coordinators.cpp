#include "broker/coordinator/group/group_coordinators.h"

#include <utility>

#include <fmt/format.h>

#include "broker/coordinator/group/group_partition.h"
#include "controller/image/topic_name.h"

namespace hw::broker {

std::shared_ptr<replication::ReplicaListener> GroupCoordinators::make_listener(
    const std::shared_ptr<HostedReplica>& replica, const storage::TopicPartition& name) {
    if (name.topic != controller::kOffsetsTopic) {
        return nullptr;
    }
    std::erase_if(hosted_, [](const auto& weak) { return weak.expired(); });
    hosted_.push_back(replica);
    const std::string text = fmt::format("{}", name);
    const auto make = [this, weak = std::weak_ptr(replica)] {
        GroupMachine::Options options = options_;
        options.ask_worker = [this, weak](std::string group, GroupQuestion question) {
            worker_.ask({weak, std::move(group), std::move(question)});
        };
        return std::make_unique<GroupMachine>(options);
    };
    const auto load = [this, make, text, weak = std::weak_ptr(replica)](CoordinatorLoad load) {
        loader_.begin(
            {.replica = weak,
             .coordinator = std::static_pointer_cast<Coordinator>(weak.lock()->listener()),
             .make = make,
             .name = text,
             .load = load});
    };
    const auto wake = [this, weak = std::weak_ptr(replica)](TimePoint time) {
        timer_.wake_at(time, weak);
    };
    return std::make_shared<Coordinator>(Coordinator::Ports{.clock = ports_.clock,
                                                            .log = ports_.log,
                                                            .name = text,
                                                            .make = make,
                                                            .begin_load = load,
                                                            .wake_at = wake,
                                                            .mutants = ports_.mutants});
}

std::vector<ReplicaPtr> GroupCoordinators::hosted() {
    std::vector<ReplicaPtr> replicas;
    for (const auto& weak : hosted_) {
        if (ReplicaPtr replica = weak.lock()) {
            replicas.push_back(std::move(replica));
        }
    }
    return replicas;
}

Task<> GroupCoordinators::stop() {
    co_await loader_.stop();
    co_await worker_.stop();
    co_await timer_.stop();
}

std::expected<ReplicaPtr, wire::Refusal> find_group(const ShardView& view, std::string_view group) {
    const auto not_here = [](std::string_view why) {
        return std::unexpected(wire::Refusal{wire::ErrorCode::not_coordinator, std::string(why)});
    };
    const controller::TopicImage* topic = view.image->find_topic(controller::kOffsetsTopic);
    if (topic == nullptr) {
        return not_here("no group has a coordinator yet");
    }
    const PartitionIndex partition = partition_of_group(group, topic->partitions.size());
    const HostedPartition* hosted = view.replicas.find({topic->id, partition});
    if (hosted == nullptr) {
        return not_here("another broker coordinates the group");
    }
    return hosted->replica;
}

}  // namespace hw::broker
