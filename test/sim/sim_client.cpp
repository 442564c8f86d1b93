#include "test/sim/sim_client.h"

#include <algorithm>
#include <array>
#include <utility>

#include "protocol/schema/api/find_coordinator.h"
#include "protocol/schema/api/metadata.h"

namespace hw::sim {

using wire::ErrorCode;

Task<> SimClient::pause(Duration max) {
    Signal never;
    const TimePoint until = world_.clock.now() + Duration(random_.between(1, max.count()));
    co_await world_.shard.wait(never, until);
}

void SimClient::report(std::string error) {
    if (error != last_error_) {
        last_error_ = std::move(error);
        world_.trace.add(last_error_);
    }
}

WriteOutcome outcome_of_commit(const Result<wire::ErrorCode>& code) {
    if (!code) {
        return code.error().kind == ErrorKind::not_sent ? WriteOutcome::refused
                                                        : WriteOutcome::unknown;
    }
    switch (*code) {
        case wire::ErrorCode::none:
            return WriteOutcome::acknowledged;
        case wire::ErrorCode::coordinator_load_in_progress:
        case wire::ErrorCode::fenced_instance_id:
        case wire::ErrorCode::group_id_not_found:
        case wire::ErrorCode::illegal_generation:
        case wire::ErrorCode::rebalance_in_progress:
        case wire::ErrorCode::stale_member_epoch:
        case wire::ErrorCode::unknown_member_id:
        case wire::ErrorCode::unknown_topic_or_partition:
            return WriteOutcome::refused;
        default:
            return WriteOutcome::unknown;
    }
}

void SimClient::connect_to(const Endpoint& target) {
    if (target_ != target) {
        channel_.disconnect();
        target_ = target;
    }
}

void SimClient::choose_broker() {
    connect_to(world_.brokers[random_.below(world_.brokers.size())]);
}

bool SimClient::choose_broker(BrokerId broker) {
    const auto found = addresses_.find(broker);
    if (found != addresses_.end()) {
        connect_to(found->second);
    }
    return found != addresses_.end();
}

Task<> SimClient::find_leader(const PartitionPlan& partition, bool knows_epochs) {
    constexpr Duration kTimeout = std::chrono::seconds(1);
    choose_broker();
    schema::MetadataRequest::Topic topic;
    topic.name = partition.topic;
    const std::array topics{topic};
    schema::MetadataRequest request;
    request.topics = topics;
    const auto answer = co_await replication::call<schema::MetadataResponse>(
        channel_, request, ApiVersion(9), world_.clock.now() + kTimeout);
    if (!answer || (*answer)->topics.size() != 1) {
        channel_.disconnect();
        co_return;
    }
    addresses_.clear();
    for (const auto& broker : (*answer)->brokers) {
        addresses_[broker.node_id] = {std::string(broker.host),
                                      static_cast<std::uint16_t>(broker.port)};
    }
    for (const auto& each : (*answer)->topics[0].partitions) {
        if (each.partition_index == partition.index && each.error_code == ErrorCode::none &&
            addresses_.contains(each.leader_id)) {
            if (knows_epochs && each.leader_epoch < newest_epoch_) {
                continue;  // old metadata, for example of a broker that is cut off (KIP-320)
            }
            newest_epoch_ = each.leader_epoch;
            connect_to(addresses_[each.leader_id]);
            leader_ = Leader{each.leader_id, each.leader_epoch};
        }
    }
}

Task<wire::ErrorCode> SimClient::find_coordinator(const std::string& group, TimePoint deadline) {
    choose_broker();
    const std::array keys{std::string_view(group)};
    schema::FindCoordinatorRequest request;
    request.coordinator_keys = keys;
    const auto answer = co_await replication::call<schema::FindCoordinatorResponse>(
        channel_, request, ApiVersion(4), deadline);
    if (!answer) {
        channel_.disconnect();
        co_return wire::ErrorCode::none;
    }
    const auto& found = (*answer)->coordinators[0];
    if (found.error_code == wire::ErrorCode::none) {
        ++world_.operations;
        coordinator_ = found.node_id;
        connect_to({std::string(found.host), static_cast<std::uint16_t>(found.port)});
    }
    co_return found.error_code;
}

}  // namespace hw::sim
