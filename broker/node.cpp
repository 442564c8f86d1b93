#include "broker/node.h"

#include <algorithm>
#include <utility>

#include "broker/configured_controllers.h"
#include "broker/replicas/topic_options.h"
#include "broker/storage_opening.h"
#include "controller/image/features.h"

namespace hw::broker {

namespace {

Duration duration_of(std::chrono::milliseconds span) {
    constexpr std::chrono::milliseconds kLongest = std::chrono::hours(24 * 365);
    return std::min(span, kLongest);
}

/// A controller must also accept a client's largest request inside an Envelope.
HostLimits with_room_for_envelope(HostLimits limits) {
    constexpr std::int32_t kMaxEnvelope = 128 * 1024;
    std::int32_t& max_bytes = limits.connection.request_max_bytes;
    max_bytes = std::min(max_bytes, INT32_MAX - kMaxEnvelope) + kMaxEnvelope;
    return limits;
}

IncarnationId new_incarnation(Entropy& entropy) {
    return IncarnationId(random_uuid(entropy));
}

}  // namespace

Node::Node(config::BrokerConfig config, const NodeLimits& limits, NodePorts ports)
    : config_(std::move(config)),
      limits_(limits),
      ports_(std::move(ports)),
      producer_limit_(limits.producers_max),
      log_(ports_.log, "node"),
      incarnation_(new_incarnation(ports_.entropy)),
      topic_rules_(config_.settings),
      large_frames_(std::make_shared<LargeFrameLimit>(
          limits.memory / 2, static_cast<std::size_t>(config_.connections.request_max_bytes))),
      hang_watch_({ports_.control, ports_.clock, ports_.disk, log_.named("storage")},
                  config_.storage.directories()),
      logs_(ports_.disk, ports_.control, ports_.clock, ports_.entropy, log_.named("storage")),
      connections_(limits.connections_max),
      control_waiting_(ports_.control, ports_.clock),
      control_services_{{.node_id = config_.node.id,
                         .shard = ports_.control,
                         .clock = ports_.clock,
                         .image = nullptr,
                         .replicas = {},
                         .in_session = false},
                        control_waiting_},
      control_flushes_(ports_.control),
      connector_({ports_.control, ports_.clock, ports_.network}, config_.node.id,
                 configured_controllers(config_), [this] { return connect_own_controller(); }),
      session_channel_(ports_.control, ports_.clock, "broker", connector_.to_active()),
      request_channel_(ports_.control, ports_.clock, "forwarder", connector_.to_active(),
                       kMaxSilence),
      id_channel_(ports_.control, ports_.clock, "producer-ids", connector_.to_active()),
      metadata_channel_(ports_.control, ports_.clock, "observer", connector_.to_asked()),
      cluster_id_search_({ports_.control, ports_.clock, log_.named("metadata")},
                         connector_.locator(), metadata_channel_),
      gateway_({ports_.control, ports_.clock, ports_.entropy, log_.named("forwarding")},
               connector_.locator(), request_channel_),
      producer_ids_(
          ports_.control, ports_.clock, id_channel_,
          [this] { return BrokerIdentity(config_.node.id, agent_->epoch()); },
          log_.named("producers")),
      topic_creator_(ports_.control, ports_.clock, request_channel_, log_.named("topics")),
      shards_(data_ports(), ports_.data) {
    connector_.follow_active(session_channel_);
    connector_.follow_active(request_channel_);
    connector_.follow_active(id_channel_);
    connector_.on_active([this] { gateway_.on_controller_change(); });
}

Node::~Node() = default;

Task<Result<void>> Node::start() {
    if (auto checked = check_roles(); !checked) {
        co_return checked;
    }
    auto bound = bind_listeners(ports_.network, ports_.control, config_);
    if (!bound) {
        co_return std::unexpected(bound.error());
    }
    bound_ = std::move(*bound);
    auto opened = co_await open_storage();
    if (!opened) {
        co_return std::unexpected(opened.error());
    }
    start_broker(std::move(*opened));
    const auto joined = co_await wait_until_ready();
    if (joined) {
        shards_.start();
        accept(ListenerRole::broker, shards_.hosts());
    }
    co_return joined;
}

Task<Result<storage::OpenedLogs>> Node::open_storage() {
    StorageOpening opening({ports_.disk, ports_.control, ports_.entropy, log_.named("storage"),
                            logs_, limits_.logs_max, [this] { return cluster_id_search_.run(); }},
                           config_,
                           [this](const std::string& topic) { return log_options(topic); });
    auto opened = co_await opening.open();
    if (!opened) {
        start_cancelled_ = opened.error().kind == ErrorKind::closed && cancel_wanted_;
        co_return std::unexpected(opened.error());
    }
    cluster_id_ = std::move(opened->cluster_id);
    control_services_.image = std::make_shared<const controller::MetadataImage>(cluster_id_);
    if (opened->metadata) {
        start_controller(std::move(*opened->metadata));
    }
    if (controller_ != nullptr && !ended_) {
        // Before the quorum has a leader, the controller would refuse every request.
        co_await controller_->wait_for_leader(ports_.clock.now() + kStartLimit);
    }
    co_return std::move(opened->logs);
}

void Node::cancel_start() {
    cancel_wanted_ = true;
    cluster_id_search_.cancel();
    session_changed_.set();
}

Result<void> Node::check_roles() const {
    const config::Roles& roles = config_.node.roles;
    if (!roles.is_broker) {
        return fail(ErrorKind::unsupported,
                    "this version has no node that is only a controller: set "
                    "process.roles=broker,controller");
    }
    const std::vector<ControllerAddress> known = configured_controllers(config_);
    if (known.size() > 1 && (roles.is_controller || !config_.quorum.voters.empty())) {
        return fail(ErrorKind::unsupported,
                    "this version supports one controller, but controller.quorum.voters or "
                    "controller.quorum.bootstrap.servers names {}: name only one",
                    known.size());
    }
    if (roles.is_controller && known[0].id != config_.node.id) {
        return fail(ErrorKind::unsupported,
                    "controller.quorum.bootstrap.servers names {}, which is not a controller "
                    "listener of this node, and this version cannot add a controller to the quorum "
                    "of another node. If it is this node's own address, set "
                    "controller.quorum.voters={}@{}; to join that cluster as a broker, set "
                    "process.roles=broker",
                    to_string(known[0].endpoint), config_.node.id, to_string(known[0].endpoint));
    }
    return {};
}

storage::LogOptions Node::log_options(const std::string& topic) const {
    const controller::MetadataImage nothing_yet(cluster_id_);
    const bool is_known = applier_ != nullptr && applier_->image() != nullptr;
    return log_options_of(topic_config_of(is_known ? *applier_->image() : nothing_yet, topic,
                                          config_.settings, log_));
}

replication::VoterSet Node::voters(const MetadataLog& metadata) const {
    return replication::VoterSet(
        {{.key = {.id = config_.node.id, .directory = metadata.directory->id()},
          .endpoint = controller_listener().advertised}});
}

const ListenerInfo& Node::controller_listener() const {
    const auto found = std::ranges::find_if(bound_, [](const BoundListener& bound) {
        return bound.info.role == ListenerRole::controller;
    });
    HW_ASSERT(found != bound_.end());
    return found->info;
}

DataShards::Ports Node::data_ports() {
    return {.node_id = config_.node.id,
            .clock = ports_.clock,
            .control = ports_.control,
            .log = Logger(ports_.log, "net"),
            .authorizer = authorizer_,
            .quotas = quotas_,
            .limits = host_limits(),
            .services = {
                .settings = config_.settings,
                .gateway = gateway_,
                .producer_ids = producer_ids_,
                .topic_creator = config_.topic_creation.is_automatic ? &topic_creator_ : nullptr}};
}

HostLimits Node::host_limits() const {
    HostLimits limits;
    // One more for the control shard, which serves the controller's listeners.
    limits.memory = memory_of_shard(limits_.memory, ports_.data.size() + 1, large_frames_);
    limits.connection.request_max_bytes = config_.connections.request_max_bytes;
    limits.connection.idle_max =
        config_.connections.idle_max ? duration_of(*config_.connections.idle_max) : Duration::max();
    return limits;
}

void Node::start_controller(MetadataLog metadata) {
    ControllerServerOptions options{
        .cluster_id = cluster_id_,
        .controller = {.num_partitions = config_.topic_creation.partitions,
                       .replication_factor = config_.topic_creation.replication_factor,
                       .max_replication_factor = 1,  // brokers have no followers yet
                       .session_timeout = duration_of(config_.node.broker_session_timeout),
                       .initial_metadata_version = metadata.initial_version},
        .raft = {.self = {.id = config_.node.id, .directory = metadata.directory->id()},
                 .voters = voters(metadata),
                 .election_timeout = config_.quorum.election_timeout},
        .limits = with_room_for_envelope(host_limits())};
    const ControllerServer::Ports ports{.shard = ports_.control,
                                        .clock = ports_.clock,
                                        .entropy = ports_.entropy,
                                        .disk = ports_.disk,
                                        .log = log_,
                                        .topic_configs = topic_rules_,
                                        .authorizer = authorizer_,
                                        .quotas = quotas_,
                                        .settings = config_.settings};
    controller_ = std::make_unique<ControllerServer>(ports, std::move(options), std::move(metadata),
                                                     control_services_);
    controller_->start([this](const Error& reason) { end(reason); });
    accept(ListenerRole::controller, {&controller_->host()});
}

void Node::start_broker(storage::OpenedLogs opened) {
    std::vector<ShardView*> views = shards_.views();
    views.push_back(&control_services_);
    MetadataApplier::Ports applying{
        .disk = ports_.disk,
        .logs = logs_,
        .log = log_.named("replicas"),
        .config = config_,
        .replicas = {.self = config_.node.id,
                     .clock = ports_.clock,
                     .home = ports_.control,
                     .flush_queues = shards_.flush_queues(control_flushes_),
                     .defer = ports_.defer,
                     .mutants = ports_.mutants,
                     .log_mutants = ports_.log_mutants,
                     .producer_limit = &producer_limit_},
        .shards = std::move(views),
        .tell_applied = [this](Offset offset) { on_applied(offset); }};
    applier_ = std::make_unique<MetadataApplier>(std::move(applying), std::move(opened));
    const MetadataFollower::Ports following{ports_.control,         ports_.clock,
                                            log_.named("metadata"), connector_.locator(),
                                            metadata_channel_,      controller_ == nullptr};
    follower_ =
        std::make_unique<MetadataFollower>(following, config_.node.id, cluster_id_, *applier_);
    const LifecycleOptions lifecycle{
        .session_timeout = duration_of(config_.node.broker_session_timeout),
        .heartbeat_interval = duration_of(config_.node.broker_heartbeat_interval)};
    const BrokerAgent::Ports acting{ports_.control, ports_.clock, log_.named("broker")};
    agent_ =
        std::make_unique<BrokerAgent>(acting, lifecycle, broker_facts(), session_channel_, *this);
    if (controller_ != nullptr) {
        const ControllerRegistrar::Ports registering{ports_.control, ports_.clock,
                                                     log_.named("controller")};
        registrar_ = std::make_unique<ControllerRegistrar>(
            registering,
            controller::ControllerImage{.id = config_.node.id,
                                        .incarnation = incarnation_,
                                        .endpoints = endpoints(ListenerRole::controller),
                                        .features = controller::supported_features()},
            session_channel_);
    }
    checkpointer_ = std::make_unique<Checkpointer>(
        Checkpointer::Ports{ports_.control, ports_.clock, logs_, *applier_});
    producer_expiry_ = std::make_unique<ProducerExpiry>(
        ProducerExpiry::Ports{ports_.control, ports_.clock, *applier_, producer_limit_,
                              log_.named("replicas")},
        config_.produce.producer_id_expiration, config_.produce.producer_expiry_interval);
    follower_->start([this](const Error& reason) { end(reason); });
    agent_->start();
    checkpointer_->start();
    producer_expiry_->start();
}

controller::NodeEndpoints Node::endpoints(ListenerRole role) const {
    controller::NodeEndpoints endpoints;
    for (const ListenerInfo& info : listeners()) {
        if (info.role == role) {
            const auto protocol = config_.network.protocols.at(info.name);
            endpoints.emplace(info.name, controller::NodeEndpoint{
                                             info.advertised, static_cast<std::int16_t>(protocol)});
        }
    }
    return endpoints;
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
        if (std::ranges::count(config_.storage.log_dirs, directory->path()) > 0) {
            facts.log_dirs.push_back(directory->id());
        }
    }
    return facts;
}

Result<std::unique_ptr<Transport>> Node::connect_own_controller() {
    if (controller_ == nullptr) {
        return fail(ErrorKind::closed, "the controller of this node has not started");
    }
    return controller_->connect(controller_listener());
}

void Node::on_applied(Offset offset) {
    if (registrar_ != nullptr) {
        registrar_->on_metadata(*applier_->image());
    }
    topic_creator_.on_image(applier_->image());
    agent_->on_applied(offset);
    is_shown_alive_ = applier_->image()->find_live_broker(config_.node.id) != nullptr;
    session_changed_.set();
}

void Node::on_session(bool in_session) {
    in_session_ = in_session;
    shards_.set_in_session(in_session);
    session_changed_.set();
}

void Node::end(const Error& reason) {
    if (ended_) {
        return;
    }
    ended_ = with_repair_advice(with_advice(reason));
    session_changed_.set();
    if (tell_end_) {
        tell_end_(*ended_);
    }
}

Task<Result<void>> Node::wait_until_ready() {
    const auto waits = [this] { return !is_ready() && !ended_ && !cancel_wanted_; };
    while (waits()) {
        const Woken woken =
            co_await ports_.control.wait(session_changed_, ports_.clock.now() + kReportInterval);
        if (woken == Woken::deadline && waits()) {
            log_.info("still starting: {}", waits_for());
        }
    }
    if (ended_) {
        co_return std::unexpected(*ended_);
    }
    if (!is_ready()) {
        start_cancelled_ = true;
        co_return fail(ErrorKind::closed, "stopped before the controller unfenced this broker");
    }
    co_return Result<void>();
}

std::string Node::waits_for() const {
    if (!connector_.locator().is_answering()) {
        return fmt::format("no active controller answers; the next one to ask is {}",
                           to_string(connector_.locator().to_ask()));
    }
    const MetadataApplier::Progress& progress = applier_->progress();
    if (progress.done < progress.all) {
        return fmt::format("{} of {} partitions are opened", progress.done, progress.all);
    }
    return fmt::format("{} has not unfenced this broker",
                       to_string(*connector_.locator().active()));
}

void Node::accept(ListenerRole role, const std::vector<ConnectionManager*>& hosts) {
    for (BoundListener& bound : bound_) {
        if (bound.info.role != role) {
            continue;
        }
        AcceptorServices services{.shard = ports_.control,
                                  .clock = ports_.clock,
                                  .hosts = hosts,
                                  .count = connections_,
                                  .log = log_.named("net")};
        acceptors_.push_back(
            std::make_unique<Acceptor>(std::move(services), std::move(bound.listener), bound.info));
        acceptors_.back()->start();
        log_.info("listening on {} ({})", to_string(bound.info.bound), bound.info.name);
    }
}

Task<> Node::stop() {
    hang_watch_.start();
    co_await stop_in_order();
    co_await hang_watch_.stop();
}

Task<> Node::stop_in_order() {
    co_await stop_accepting();
    if (in_session_ && !ended_) {
        // Otherwise producers would not learn that their batches are in the log.
        co_await shards_.drain(ports_.clock.now() + kDrainLimit);
        co_await agent_->leave();
    }
    co_await stop_serving();
    co_await stop_following();
    co_await close_logs();
}

Task<> Node::stop_accepting() {
    for (const auto& acceptor : acceptors_) {
        co_await acceptor->stop();
    }
}

Task<> Node::stop_serving() {
    co_await shards_.stop();
    // Closed connections have posted work here that lowers the acceptors' count of connections; let
    // it run.
    Signal settled;
    ports_.control.post([&settled] { settled.set(); });
    co_await ports_.control.wait(settled, kNever);
}

Task<> Node::stop_following() {
    if (follower_ != nullptr) {
        follower_->begin_stop();
        applier_->begin_stop();
    }
    producer_ids_.begin_stop();
    topic_creator_.begin_stop();
    gateway_.begin_stop();
    connector_.end_waits();
    co_await session_channel_.stop();
    co_await request_channel_.stop();
    co_await id_channel_.stop();
    co_await metadata_channel_.stop();
    co_await gateway_.stop();
    co_await producer_ids_.stop();
    co_await topic_creator_.stop();
    if (applier_ == nullptr) {
        co_return;
    }
    co_await follower_->stop();
    co_await agent_->stop();
    if (registrar_ != nullptr) {
        co_await registrar_->stop();
    }
    co_await checkpointer_->stop();
    co_await producer_expiry_->stop();
}

Task<> Node::close_logs() {
    std::vector<storage::ClosingLog> closing;
    if (applier_ != nullptr) {
        co_await applier_->stop(closing);
    }
    if (controller_ != nullptr) {
        co_await controller_->stop();
        closing.push_back(controller_->closing_log());
    }
    const BrokerEpoch epoch = agent_ == nullptr ? BrokerEpoch(-1) : agent_->epoch();
    const auto closed = co_await logs_.close(std::move(closing), epoch);
    if (!closed && !ended_) {
        ended_ = Error{closed.error().kind,
                       fmt::format("the data was not closed cleanly; the next start checks it: {}",
                                   closed.error().message)};
    }
    // The last writes release their requests by posts to the shards; let these run.
    co_await shards_.settle();
}

std::vector<ListenerInfo> Node::listeners() const {
    std::vector<ListenerInfo> all;
    for (const BoundListener& bound : bound_) {
        all.push_back(bound.info);
    }
    return all;
}

}  // namespace hw::broker
