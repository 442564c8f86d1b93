#include "broker/coordinator/group/group_coordinators.h"

#include <algorithm>
#include <chrono>
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
    const auto make_informed = [this, make] {
        auto machine = make();
        if (const auto image = ports_.image ? ports_.image() : nullptr) {
            machine->see(image);
        }
        return machine;
    };
    const auto load = [this, make_informed, text,
                       weak = std::weak_ptr(replica)](CoordinatorLoad load) {
        loader_.begin(
            {.replica = weak,
             .coordinator = std::static_pointer_cast<Coordinator>(weak.lock()->listener()),
             .make = make_informed,
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

namespace {

/// Whether the metadata say that this broker coordinates the group.
bool is_mine(const ShardView& view, std::string_view group) {
    const controller::TopicImage* const topic = view.image->find_topic(controller::kOffsetsTopic);
    if (topic == nullptr) {
        return false;
    }
    const auto* const partition =
        topic->partitions.find(partition_of_group(group, topic->partitions.size()));
    return partition != nullptr && partition->leader == view.node_id;
}

Task<bool> is_on_its_way(const ShardView& view, const ReplicaPtr& replica) {
    const auto* const coordinator = static_cast<const Coordinator*>(replica->listener().get());
    bool is_on_its_way = false;
    GuardVisit visit(view.shard);
    const auto look = [&](replication::PartitionReplica&) {
        is_on_its_way = coordinator->is_on_its_way();
    };
    while (!visit.begin(*replica, look)) {
        co_await wait_for_room(view.shard, view.clock);
    }
    co_await visit.wait();
    co_return is_on_its_way;
}

}  // namespace

Task<> wait_until_ready(const ShardView& view, std::string_view group) {
    constexpr Duration kFirstPause = std::chrono::milliseconds(2);
    constexpr Duration kLongestPause = std::chrono::milliseconds(64);
    const TimePoint end = view.clock.now() + kReadyWait;
    for (Duration pause = kFirstPause; is_mine(view, group);
         pause = std::min(2 * pause, kLongestPause)) {
        const auto replica = find_group(view, group);
        bool must_wait = true;  // its replica is not open yet
        if (replica) {
            const bool is_being_loaded = co_await is_on_its_way(view, *replica);
            must_wait = is_being_loaded;
        }
        const TimePoint next = view.clock.now() + pause;
        if (!must_wait || next > end) {
            co_return;
        }
        Signal never;
        co_await view.shard.wait(never, next);
    }
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
