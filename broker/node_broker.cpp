// The broker part of a node: made and started once the storage is open.

#include <algorithm>
#include <memory>
#include <utility>

#include "broker/config_time.h"
#include "broker/node.h"
#include "controller/image/features.h"

namespace hw::broker {

void Node::start_broker(storage::OpenedLogs opened) {
    MetadataApplier::Ports applying{
        .disk = ports_.disk,
        .logs = logs_,
        .log = log_.named("replicas"),
        .config = config_,
        .incarnation = incarnation_,
        .replicas = {.self = config_.node.id,
                     .clock = ports_.clock,
                     .log = log_.named("replicas"),
                     .home = ports_.control,
                     .flush_queues = shards_.flush_queues(control_flushes_),
                     .defer = ports_.defer,
                     .mutants = ports_.mutants,
                     .log_mutants = ports_.log_mutants,
                     .producer_limit = &producer_limit_,
                     .peers = &cluster_peers_,
                     .lag = lag_limits(),
                     .follower_mutants = ports_.follower_mutants},
        .listeners = &groups_,
        .shards = shards_.views(),
        .tell_applied = [this](Offset offset) { on_applied(offset); }};
    applier_ = std::make_unique<MetadataApplier>(std::move(applying), std::move(opened));
    assigner_ = std::make_unique<ReplicaAssigner>(
        ReplicaAssigner::Ports{.shard = ports_.control,
                               .clock = ports_.clock,
                               .log = log_.named("replicas"),
                               .controller = directory_channel_,
                               .self = config_.node.id,
                               .broker_epoch = [this] { return agent_->epoch(); }},
        *applier_);
    const MetadataFollower::Ports following{ports_.control,         ports_.clock,
                                            log_.named("metadata"), connector_.locator(),
                                            metadata_channel_,      controller_ == nullptr};
    follower_ =
        std::make_unique<MetadataFollower>(following, config_.node.id, cluster_id_, *assigner_);
    make_background_work();
    const LifecycleOptions lifecycle{
        .session_timeout = duration_of(config_.node.broker_session_timeout),
        .heartbeat_interval = duration_of(config_.node.broker_heartbeat_interval),
        .directory_failure_limit = duration_of(config_.storage.directory_failure_timeout)};
    const BrokerAgent::Ports acting{ports_.control, ports_.clock, log_.named("broker")};
    agent_ =
        std::make_unique<BrokerAgent>(acting, lifecycle, broker_facts(), session_channel_, *this);
    isr_watch_ = std::make_unique<IsrWatch>(
        ports_.control, ports_.clock, *applier_, [this] { return agent_->session_end(); },
        lifecycle.session_timeout);
    follower_->start([this](const Error& reason) { end(reason); });
    assigner_->start();
    agent_->start();
    watch_directories();
    checkpointer_->start();
    producer_expiry_->start();
    isr_updater_.start();
    isr_watch_->start();
    offset_cleaner_->start();
}

/// What is done from time to time for all replicas.
void Node::make_background_work() {
    checkpointer_ = std::make_unique<Checkpointer>(
        Checkpointer::Ports{ports_.control, ports_.clock, logs_, *applier_});
    producer_expiry_ = std::make_unique<ProducerExpiry>(
        ProducerExpiry::Ports{ports_.control, ports_.clock, *applier_, producer_limit_,
                              log_.named("replicas")},
        config_.produce.producer_id_expiration, config_.produce.producer_expiry_interval);
    offset_cleaner_ = std::make_unique<OffsetCleaner>(
        OffsetCleaner::Ports{.shard = ports_.control,
                             .clock = ports_.clock,
                             .log = log_.named("groups"),
                             .groups = groups_,
                             .log_ends = {ports_.control, ports_.clock, ports_.network,
                                          config_.network.inter_broker_listener_name},
                             .image = [this] { return applier_->image(); }},
        OffsetCleaner::Options{.retention = config_.groups.retention,
                               .interval = duration_of(config_.groups.retention_check_interval)});
}

BrokerFacts Node::broker_facts() const {
    BrokerFacts facts{.id = config_.node.id,
                      .cluster_id = cluster_id_,
                      .incarnation = incarnation_,
                      .endpoints = endpoints(ListenerRole::broker),
                      .features = controller::supported_features(),
                      .rack = config_.settings.text("broker.rack").value_or(""),
                      .log_dirs = {},
                      .previous_epoch = logs_.clean_broker_epoch().value_or(BrokerEpoch(-1))};
    for (const auto& directory : logs_.directories()) {
        if (std::ranges::count(config_.storage.log_dirs, directory->path()) > 0 &&
            !directory->failure()) {
            facts.log_dirs.push_back(directory->id());
        }
    }
    return facts;
}

}  // namespace hw::broker
