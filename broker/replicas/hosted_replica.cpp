#include "broker/replicas/hosted_replica.h"

#include <utility>

#include "broker/replicas/flush_queue.h"

namespace hw::broker {

using replication::PartitionReplica;

HostedReplica::HostedReplica(const Services& services, controller::PartitionKey key,
                             std::shared_ptr<const replication::PartitionOptions> options)
    : Guard(services.clock, services.defer,
            replication::ReplicaContext{.self = services.self,
                                        .host = this,
                                        .clock = &services.clock,
                                        .options = std::move(options),
                                        .lag = services.lag,
                                        .mutants = services.mutants,
                                        .follower_mutants = services.follower_mutants}),
      services_(services),
      key_(key) {}

void HostedReplica::set_directory(storage::LogDirectory& directory, storage::LogId log) {
    directory_ = &directory;
    log_ = log;
}

void HostedReplica::set_listener(std::shared_ptr<replication::ReplicaListener> listener) {
    listener_ = listener;
    enter_unrefused(services_.home,
                    [listener = std::move(listener)](PartitionReplica& replica, Shard&) mutable {
                        replica.set_listener(std::move(listener));
                    });
}

storage::LogContext HostedReplica::log_context(storage::Disk& disk, Logger logger,
                                               storage::LogOptions options) {
    storage::LogContext context{
        &disk, logger, options, {}, {}, services_.log_mutants, services_.producer_limit};
    // A late write ends on the shard that began it. This function does not know that shard, and
    // needs one to enter the guard, so it posts to `home` and enters from there.
    context.enter = [weak = weak_from_this(), home = &services_.home](auto work) {
        home->post([weak, work = std::move(work)]() mutable {
            if (const auto guard = weak.lock()) {
                std::static_pointer_cast<HostedReplica>(guard)->run_at_home(std::move(work));
            }
        });
    };
    context.on_failure = [this](const Error& reason) { report_failure(reason); };
    return context;
}

void HostedReplica::report_failure(const Error& reason) {
    if (reason.kind != ErrorKind::corrupt) {
        directory_->report_failure(reason);
        return;
    }
    services_.home.post([replica = self(), reason] {
        if (replica->services_.on_damage) {
            replica->services_.on_damage(replica->key_, reason);
        }
    });
}

void HostedReplica::run_at_home(std::move_only_function<void()> work) {
    enter_unrefused(services_.home,
                    [work = std::move(work)](PartitionReplica&, Shard&) mutable { work(); });
}

void HostedReplica::ask_flush() {
    if (!std::exchange(flush_queued_, true)) {
        services_.flush_queues[here_->index()]->add(self());
    }
}

void HostedReplica::flush(Shard& from) {
    enter_unrefused(from, [this](PartitionReplica& replica, Shard&) {
        flush_queued_ = false;
        replica.flush();
    });
}

void HostedReplica::ask_sync(storage::SyncUrgency urgency, std::uint64_t unsynced_bytes) {
    directory_->request_sync(log_, urgency, unsynced_bytes);
}

void HostedReplica::ask_fetch(BrokerId leader) {
    services_.peers->may_fetch(self(), leader);
}

void HostedReplica::ask_isr(replication::IsrProposal proposal) {
    services_.peers->change_isr(self(), std::move(proposal));
}

void HostedReplica::ask_truncation(storage::TruncationJob job, bool loses_committed) {
    services_.home.post([replica = self(), job = std::move(job), loses_committed]() mutable {
        replica->truncate(std::move(job), loses_committed);
    });
}

void HostedReplica::truncate(storage::TruncationJob job, bool loses_committed) {
    if (loses_committed) {
        services_.log.warning(
            "{}: records from offset {} on are removed although they were committed: the leader "
            "does not have them. This happens after an unclean leader election",
            job.folder, job.new_end);
    }
    auto done = [replica = self()](storage::TruncationJob ended, const Result<void>& outcome) {
        replica->enter_unrefused(
            replica->services_.home,
            [ended = std::move(ended), outcome](PartitionReplica& inside, Shard&) mutable {
                inside.on_truncated(std::move(ended), outcome);
            });
    };
    directory_->truncate(log_, std::move(job), std::move(done));
}

void HostedReplica::begin_sync(TakeJob take) {
    enter_unrefused(services_.home,
                    [take = std::move(take)](PartitionReplica& replica, Shard&) mutable {
                        take(replica.begin_sync());
                    });
}

void HostedReplica::end_sync(const storage::SyncTicket& ticket, const Result<void>& outcome) {
    enter_unrefused(services_.home, [ticket, outcome](PartitionReplica& replica, Shard&) {
        replica.on_synced(ticket, outcome);
    });
}

void HostedReplica::end_snapshot(storage::SnapshotJob job, const Result<void>& outcome) {
    enter_unrefused(services_.home,
                    [job = std::move(job), outcome](PartitionReplica& replica, Shard&) {
                        replica.on_snapshot_written(job, outcome);
                    });
}

void HostedReplica::on_offline(const Error& reason) {
    enter_unrefused(services_.home, [reason](PartitionReplica& replica, Shard&) {
        replica.on_directory_failed(reason);
    });
}

}  // namespace hw::broker
