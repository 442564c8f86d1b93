#include <algorithm>
#include <utility>
#include <vector>

#include "controller/ops/partition_change.h"
#include "controller/ops/partitions.h"

namespace hw::controller {
namespace {

using Request = schema::AlterPartitionRequest;
using wire::ErrorCode;

/// The broker epoch of a replica in a request that does not know it.
constexpr BrokerEpoch kAnyEpoch{-1};

/// The new ISR, whatever the version of the request.
std::vector<Request::BrokerState> members_of(const Request::Partition& asked) {
    std::vector<Request::BrokerState> members(asked.new_isr_with_epochs.begin(),
                                              asked.new_isr_with_epochs.end());
    if (members.empty()) {
        for (const BrokerId id : asked.new_isr) {
            members.push_back({.broker_id = id, .broker_epoch = kAnyEpoch});
        }
    }
    return members;
}

std::vector<BrokerId> ids_of(const std::vector<Request::BrokerState>& members) {
    std::vector<BrokerId> ids;
    for (const Request::BrokerState& member : members) {
        ids.push_back(member.broker_id);
    }
    return ids;
}

bool contains(const std::vector<BrokerId>& brokers, BrokerId broker) {
    return std::ranges::find(brokers, broker) != brokers.end();
}

/// A valid ISR has the leader, and each member is a replica and in it once.
bool is_valid_isr(std::vector<BrokerId> isr, const PartitionImage& partition) {
    std::ranges::sort(isr);
    return contains(isr, partition.leader) && std::ranges::adjacent_find(isr) == isr.end() &&
           std::ranges::all_of(isr, [&](BrokerId id) { return contains(partition.replicas, id); });
}

bool is_valid_recovery(const Request::Partition& asked, std::size_t isr_size,
                       const PartitionImage& partition) {
    constexpr auto kRecovered = static_cast<std::int8_t>(LeaderRecovery::recovered);
    constexpr auto kRecovering = static_cast<std::int8_t>(LeaderRecovery::recovering);
    if (asked.leader_recovery_state == kRecovering) {
        return isr_size == 1 && partition.recovery == LeaderRecovery::recovering;
    }
    return asked.leader_recovery_state == kRecovered;
}

/// Handles one AlterPartition request, partition by partition.
class Alteration {
public:
    Alteration(const Request& request, const OperationContext& context)
        : request_(request),
          context_(context),
          brokers_(context.brokers()),
          changes_(brokers_, outcome_.records) {}
    Alteration(const Alteration&) = delete;
    Alteration& operator=(const Alteration&) = delete;

    [[nodiscard]] Outcome<AlterPartitionResult> run();

private:
    void alter(PartitionKey key, const Request::Partition& asked);
    [[nodiscard]] ErrorCode check_existence(PartitionKey key) const;
    [[nodiscard]] ErrorCode check_epochs(const Request::Partition& asked,
                                         const PartitionImage& partition) const;
    [[nodiscard]] ErrorCode check(const Request::Partition& asked,
                                  const std::vector<Request::BrokerState>& members,
                                  const PartitionImage& partition) const;
    [[nodiscard]] bool is_eligible(const Request::BrokerState& member,
                                   const PartitionImage& partition) const;

    const Request& request_;
    const OperationContext& context_;
    BrokersDuringElection brokers_;
    Outcome<AlterPartitionResult> outcome_;
    PartitionChanges changes_;
};

ErrorCode Alteration::check_existence(PartitionKey key) const {
    if (context_.image.find_topic(key.topic) == nullptr) {
        return ErrorCode::unknown_topic_id;
    }
    return changes_.find(key) == nullptr ? ErrorCode::unknown_topic_or_partition : ErrorCode::none;
}

ErrorCode Alteration::check_epochs(const Request::Partition& asked,
                                   const PartitionImage& partition) const {
    if (asked.leader_epoch > partition.leader_epoch ||
        asked.partition_epoch > partition.partition_epoch) {
        return ErrorCode::not_controller;
    }
    if (asked.leader_epoch < partition.leader_epoch) {
        return ErrorCode::fenced_leader_epoch;
    }
    if (request_.broker_id != partition.leader) {
        return ErrorCode::invalid_request;
    }
    const bool is_old = asked.partition_epoch < partition.partition_epoch;
    return is_old && !brokers_.mutants.ignores_partition_epoch ? ErrorCode::invalid_update_version
                                                               : ErrorCode::none;
}

bool Alteration::is_eligible(const Request::BrokerState& member,
                             const PartitionImage& partition) const {
    const BrokerImage* broker = context_.image.find_broker(member.broker_id);
    if (broker == nullptr || brokers_.mutants.admits_ineligible_replicas) {
        return broker != nullptr;
    }
    const bool is_same_run =
        member.broker_epoch == kAnyEpoch || member.broker_epoch == broker->epoch;
    return broker->is_active() && is_same_run && has_online_replica(*broker, partition);
}

ErrorCode Alteration::check(const Request::Partition& asked,
                            const std::vector<Request::BrokerState>& members,
                            const PartitionImage& partition) const {
    if (const ErrorCode error = check_epochs(asked, partition); error != ErrorCode::none) {
        return error;
    }
    if (!is_valid_isr(ids_of(members), partition) ||
        !is_valid_recovery(asked, members.size(), partition)) {
        return ErrorCode::invalid_request;
    }
    const bool all_eligible = std::ranges::all_of(
        members, [&](const auto& member) { return is_eligible(member, partition); });
    return all_eligible ? ErrorCode::none : ErrorCode::ineligible_replica;
}

void Alteration::alter(PartitionKey key, const Request::Partition& asked) {
    AlteredPartition& answer = outcome_.response.partitions.emplace_back();
    answer.key = key;
    answer.error = check_existence(key);
    if (answer.error != ErrorCode::none) {
        return;
    }
    const PartitionImage& partition = *changes_.find(key);
    const std::vector<Request::BrokerState> members = members_of(asked);
    answer.error = check(asked, members, partition);
    if (answer.error != ErrorCode::none) {
        return;
    }
    const auto recovery = static_cast<LeaderRecovery>(asked.leader_recovery_state);
    changes_.apply(key, changes_.change(key).set_isr(ids_of(members)).set_recovery(recovery));
    answer.state = *changes_.find(key);
}

Outcome<AlterPartitionResult> Alteration::run() {
    const auto sender =
        check_broker_epoch(context_.image, request_.broker_id, request_.broker_epoch);
    if (!sender) {
        outcome_.response.refusal = sender.error();
        return std::move(outcome_);
    }
    for (const Request::Topic& topic : request_.topics) {
        for (const Request::Partition& partition : topic.partitions) {
            alter({topic.topic_id, partition.partition_index}, partition);
        }
    }
    return std::move(outcome_);
}

}  // namespace

Outcome<AlterPartitionResult> alter_partition(const Request& request,
                                              const OperationContext& context) {
    return Alteration(request, context).run();
}

}  // namespace hw::controller
