#include "broker/replicas/isr_updater.h"

#include <algorithm>
#include <utility>

namespace hw::broker {

using replication::IsrAnswer;
using replication::IsrMember;
using replication::IsrOutcome;
using replication::IsrProposal;
using replication::PartitionReplica;
using schema::AlterPartitionRequest;
using schema::AlterPartitionResponse;
using wire::ErrorCode;

IsrOutcome isr_outcome(ErrorCode code) {
    switch (code) {
        case ErrorCode::none:
            return IsrOutcome::accepted;
        case ErrorCode::ineligible_replica:
        case ErrorCode::invalid_request:
        case ErrorCode::operation_not_attempted:
            return IsrOutcome::refused;
        case ErrorCode::fenced_leader_epoch:
        case ErrorCode::invalid_update_version:
        case ErrorCode::new_leader_elected:
            return IsrOutcome::outdated;
        default:
            return IsrOutcome::unknown;
    }
}

void IsrUpdater::propose(ReplicaPtr replica, IsrProposal proposal) {
    const Key key = replica->key();
    waiting_.insert_or_assign(key, Proposed{std::move(replica), std::move(proposal)});
    changed_.set();
}

void IsrUpdater::begin_stop() {
    stopping_ = true;
    changed_.set();
    pause_over_.set();
}

Task<> IsrUpdater::run() {
    Duration pause = kFirstPause;
    while (!stopping_) {
        if (waiting_.empty()) {
            co_await ports_.shard.wait(changed_, kNever);
            continue;
        }
        Batch batch = next_batch();
        const auto reply = co_await send(batch);
        if (reply && (*reply)->error_code == ErrorCode::none) {
            report(batch, *reply);
            pause = kFirstPause;
        }
        if (batch.empty()) {
            continue;
        }
        const std::string trouble =
            reply ? fmt::format("{}", (*reply)->error_code) : reply.error().message;
        ports_.log.debug("the controller has not answered {} changes of ISRs: {}", batch.size(),
                         trouble);
        co_await ports_.shard.wait(pause_over_, ports_.clock.now() + pause);
        pause = std::min(pause * 2, kLastPause);
        for (const auto& [key, proposed] : batch) {
            report(proposed, {proposed.proposal, IsrOutcome::unknown, {}});
        }
    }
}

IsrUpdater::Batch IsrUpdater::next_batch() {
    Batch batch;
    while (!waiting_.empty() && batch.size() < kMaxPartitions) {
        batch.insert(waiting_.extract(waiting_.begin()));
    }
    return batch;
}

Task<Result<IsrUpdater::Reply>> IsrUpdater::send(const Batch& batch) {
    const BrokerEpoch own_epoch = ports_.broker_epoch();
    std::vector<std::vector<AlterPartitionRequest::BrokerState>> members;
    std::vector<AlterPartitionRequest::Partition> partitions;
    std::vector<AlterPartitionRequest::Topic> topics;
    members.reserve(batch.size());
    partitions.reserve(batch.size());
    std::size_t first = 0;  // of the partitions of the newest topic
    for (const auto& [key, proposed] : batch) {
        auto& isr = members.emplace_back();
        for (const IsrMember& member : proposed.proposal.isr) {
            isr.push_back(
                {.broker_id = member.broker,
                 .broker_epoch = member.broker == ports_.self ? own_epoch : member.epoch});
        }
        if (topics.empty() || topics.back().topic_id != key.topic) {
            topics.push_back({.topic_id = key.topic});
            first = partitions.size();
        }
        partitions.push_back({.partition_index = key.index,
                              .leader_epoch = proposed.proposal.leader_epoch,
                              .new_isr_with_epochs = isr,
                              .partition_epoch = proposed.proposal.partition_epoch});
        topics.back().partitions =
            std::span<const AlterPartitionRequest::Partition>(partitions).subspan(first);
    }
    AlterPartitionRequest request;
    request.broker_id = ports_.self;
    request.broker_epoch = own_epoch;
    request.topics = topics;
    constexpr ApiVersion kVersion{3};
    auto reply = co_await replication::call<AlterPartitionResponse>(
        ports_.controller, request, kVersion, ports_.clock.now() + kAnswerLimit);
    co_return reply;
}

void IsrUpdater::report(Batch& batch, const Reply& reply) {
    for (const AlterPartitionResponse::Topic& topic : reply->topics) {
        for (const AlterPartitionResponse::Partition& partition : topic.partitions) {
            const IsrOutcome outcome = isr_outcome(partition.error_code);
            const auto found = batch.find(Key(topic.topic_id, partition.partition_index));
            if (found == batch.end() || outcome == IsrOutcome::unknown) {
                continue;
            }
            report(found->second, {.proposal = found->second.proposal,
                                   .outcome = outcome,
                                   .facts = {.leader_epoch = partition.leader_epoch,
                                             .partition_epoch = partition.partition_epoch,
                                             .replicas = {},
                                             .isr = {partition.isr.begin(), partition.isr.end()}}});
            batch.erase(found);
        }
    }
}

void IsrUpdater::report(const Proposed& proposed, IsrAnswer answer) {
    proposed.replica->enter_unrefused(
        ports_.shard, [answer = std::move(answer)](PartitionReplica& inside, Shard&) {
            inside.on_isr_answer(answer);
        });
}

}  // namespace hw::broker
