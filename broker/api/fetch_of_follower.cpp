// The part of FetchJob that serves followers.

#include <fmt/format.h>

#include "broker/api/fetch_job.h"

namespace hw::broker {

using replication::DelayedFetch;
using replication::FetchRead;
using replication::PartitionReplica;
using wire::ErrorCode;

bool FetchJob::may_follow() const {
    return who_.listener->serves_brokers && who_.allows(Operation::cluster_action, kCluster);
}

std::expected<void, wire::Refusal> FetchJob::check_follower(const Request::Partition& asked) const {
    if (!may_follow()) {
        return std::unexpected(
            wire::Refusal{ErrorCode::cluster_authorization_failed,
                          fmt::format("listener {} does not serve followers; brokers use {}",
                                      who_.listener->name, "inter.broker.listener.name")});
    }
    const controller::BrokerImage* broker = services_.image->find_broker(follower_);
    if (broker != nullptr && follower_epoch_ == broker->epoch) {
        return {};
    }
    // A follower that knows the leader's epoch may know more than this broker. It asks again, and
    // is not believed before the metadata say the same.
    const bool is_newer = broker == nullptr || follower_epoch_ > broker->epoch;
    const bool may_be_new = is_newer && asked.current_leader_epoch != kNoLeaderEpoch;
    return std::unexpected(wire::Refusal{
        may_be_new ? ErrorCode::unknown_leader_epoch : ErrorCode::not_leader_or_follower,
        broker == nullptr ? fmt::format("broker {} is not registered", follower_)
                          : fmt::format("broker {} is registered with epoch {}; the request has {}",
                                        follower_, broker->epoch, follower_epoch_)});
}

void FetchJob::note_wait() const {
    if (ConnectionReads* const reads = connection_reads()) {
        std::erase_if(reads->waits, [](const auto& wait) { return wait.expired(); });
        reads->waits.push_back(wait_->reference());
    }
}

void FetchJob::end_earlier_waits() const {
    ConnectionReads* const reads = connection_reads();
    if (reads == nullptr) {
        return;
    }
    for (const auto& wait : reads->waits) {
        const auto waiting = wait.lock();
        if (waiting != nullptr && waiting == wait_.get()) {
            break;  // later ones need not hurry
        }
        DelayedFetch::finish(wait);
    }
}

void FetchJob::look_at_follower() {
    const controller::BrokerImage* broker = services_.image->find_broker(follower_);
    follower_may_join_ =
        broker != nullptr && broker->is_active() && broker->epoch == follower_epoch_;
}

void FetchJob::plan(PartitionReplica& replica, const Request::Partition& asked,
                    const FetchRead& wanted) {
    if (!is_of_follower()) {
        plan_ = replica.plan_read(asked.current_leader_epoch, wanted, cursor_);
        return;
    }
    plan_ = replica.plan_follower_read({.broker = follower_,
                                        .broker_epoch = follower_epoch_,
                                        .offset = asked.fetch_offset,
                                        .log_start_offset = asked.log_start_offset,
                                        .may_join_isr = follower_may_join_,
                                        .at = services_.clock.now()},
                                       asked.current_leader_epoch, wanted, cursor_);
    const bool out_of_range = !plan_ && plan_.error().code == ErrorCode::offset_out_of_range;
    log_start_offset_ = out_of_range ? replica.log()->log_start_offset() : kNoOffset;
}

}  // namespace hw::broker
