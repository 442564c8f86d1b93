#include "broker/node.h"

#include <algorithm>
#include <utility>

#include <fmt/ranges.h>

#include "broker/config_time.h"
#include "broker/configured_controllers.h"
#include "broker/replicas/topic_options.h"
#include "broker/storage_opening.h"
#include "controller/image/features.h"

namespace hw::broker {

namespace {

std::optional<Duration> balance_interval(const config::ElectionConfig& election) {
    if (!election.balance_interval.has_value()) {
        return {};
    }
    return duration_of(*election.balance_interval);
}

/// A timeout of the quorum. Kafka allows 0, with which elections would never pause.
Duration quorum_timeout(std::chrono::milliseconds span) {
    constexpr std::chrono::milliseconds kShortest{10};
    return duration_of(std::max(span, kShortest));
}

/// A controller must also accept a client's largest request inside an Envelope.
HostLimits with_room_for_envelope(HostLimits limits) {
    constexpr std::int32_t kMaxEnvelope = 128 * 1024;
    std::int32_t& max_bytes = limits.connection.request_max_bytes;
    max_bytes = std::min(max_bytes, INT32_MAX - kMaxEnvelope) + kMaxEnvelope;
    return limits;
}

ConsumerGroup::Rules consumer_rules(const config::ConsumerGroupConfig& groups,
                                    const ConsumerMutants& mutants) {
    const Duration interval = duration_of(groups.heartbeat_interval);
    return {.session_timeout = duration_of(groups.session),
            .heartbeat_interval = interval,
            .reconciling_interval = std::min(interval, duration_of(groups.heartbeat_interval_min)),
            .max_size = static_cast<std::size_t>(groups.size_max),
            .assignors = groups.assignors,
            .mutants = mutants};
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
      feature_warning_(log_.named("metadata")),
      incarnation_(new_incarnation(ports_.entropy)),
      config_rules_(config_.settings),
      large_frames_(std::make_shared<LargeFrameLimit>(
          limits.memory / 2, static_cast<std::size_t>(config_.connections.request_max_bytes))),
      hang_watch_({ports_.control, ports_.clock, ports_.disk, log_.named("storage")},
                  config_.storage.directories()),
      logs_(ports_.disk, ports_.control, ports_.clock, ports_.entropy, log_.named("storage")),
      connections_(limits.connections_max),
      control_flushes_(ports_.control),
      connector_({ports_.control, ports_.clock, ports_.network}, config_.node.id,
                 configured_controllers(config_), [this] { return connect_own_controller(); }),
      session_channel_(ports_.control, ports_.clock, "broker", connector_.to_active()),
      request_channel_(ports_.control, ports_.clock, "forwarder", connector_.to_active(),
                       kMaxSilence),
      id_channel_(ports_.control, ports_.clock, "producer-ids", connector_.to_active()),
      isr_channel_(ports_.control, ports_.clock, "isr", connector_.to_active()),
      directory_channel_(ports_.control, ports_.clock, "directories", connector_.to_active()),
      metadata_channel_(ports_.control, ports_.clock, "observer", connector_.to_asked()),
      cluster_id_search_({ports_.control, ports_.clock, log_.named("metadata")},
                         connector_.locator(), metadata_channel_),
      gateway_({ports_.control, ports_.clock, ports_.entropy, log_.named("forwarding")},
               connector_.locator(), request_channel_),
      producer_ids_(
          ports_.control, ports_.clock, id_channel_,
          [this] { return BrokerIdentity(config_.node.id, agent_->epoch()); },
          log_.named("producers")),
      topic_creator_(ports_.control, ports_.clock, request_channel_, config_.groups.offsets_topic,
                     log_.named("topics")),
      isr_updater_({.shard = ports_.control,
                    .clock = ports_.clock,
                    .log = log_.named("replicas"),
                    .controller = isr_channel_,
                    .self = config_.node.id,
                    .broker_epoch = [this] { return agent_->epoch(); }}),
      group_memory_(limits.groups, ports_.clock, log_.named("groups")),
      groups_(
          {ports_.control, ports_.worker == nullptr ? ports_.control : *ports_.worker, ports_.clock,
           log_.named("groups"), ports_.coordinator_mutants, [this] { return metadata(); }},
          {.memory = &group_memory_,
           .offset_metadata_max =
               static_cast<std::size_t>(std::max(config_.groups.offset_metadata_max, 0)),
           .classic = {.initial_delay = duration_of(config_.groups.initial_delay),
                       .max_size = static_cast<std::size_t>(config_.groups.size_max),
                       .mutants = ports_.group_mutants},
           .consumer = consumer_rules(config_.groups.consumer, ports_.consumer_mutants),
           .settings = &config_.settings}),
      shards_(data_ports(), ports_.data),
      cluster_peers_(shards_.fetchers(), ports_.control, isr_updater_) {
    connector_.follow_active(session_channel_);
    connector_.follow_active(request_channel_);
    connector_.follow_active(id_channel_);
    connector_.follow_active(isr_channel_);
    connector_.follow_active(directory_channel_);
    connector_.on_active([this] {
        gateway_.on_controller_change();
        isr_updater_.on_controller_change();
        if (agent_ != nullptr) {
            agent_->on_controller_change();
            assigner_->on_controller_change();
        }
    });
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
    if (config_.node.roles.is_broker) {
        start_broker(std::move(*opened));
    }
    const auto joined = co_await wait_until_ready();
    if (joined && config_.node.roles.is_broker) {
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
    if (opened->metadata) {
        start_controller(std::move(*opened->metadata));
    }
    if (controller_ != nullptr && !ended_ && config_.quorum.voters.size() <= 1) {
        // The only voter elects itself soon. Until then it would refuse every request.
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
    const std::vector<ControllerAddress> known = configured_controllers(config_);
    if (!roles.is_controller) {
        return {};
    }
    const auto self = std::ranges::find(known, config_.node.id, &ControllerAddress::id);
    if (self == known.end()) {
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
    std::vector<replication::Voter> voters;
    for (const ControllerAddress& known : configured_controllers(config_)) {
        const bool is_self = known.id == config_.node.id;
        voters.push_back({.key = {.id = known.id,
                                  .directory = is_self ? metadata.directory->id() : DirectoryId()},
                          .endpoint = is_self ? controller_listener().advertised : known.endpoint});
    }
    return replication::VoterSet(std::move(voters));
}

std::vector<BrokerId> Node::other_voters() const {
    std::vector<BrokerId> others;
    for (const ControllerAddress& known : configured_controllers(config_)) {
        if (known.id != config_.node.id) {
            others.push_back(known.id);
        }
    }
    return others;
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
            .replica_log = log_.named("replicas"),
            .authorizer = authorizer_,
            .quotas = quotas_,
            .limits = host_limits(),
            .fetch_session_slots = config_.connections.fetch_session_slots,
            .entropy = ports_.entropy,
            .network = ports_.network,
            .fetching = {.fetching = {.self = config_.node.id,
                                      .partition_max_bytes = config_.replication.fetch_max_bytes,
                                      .response_max_bytes =
                                          config_.replication.fetch_response_max_bytes,
                                      .max_wait = config_.replication.fetch_wait_max,
                                      .answer_limit = config_.replication.socket_timeout},
                         .listener = config_.network.inter_broker_listener_name},
            .services = {.settings = config_.settings,
                         .gateway = gateway_,
                         .producer_ids = producer_ids_,
                         .topic_creator = topic_creator_,
                         .creates_topics = config_.topic_creation.is_automatic,
                         .groups = {.commit_timeout = duration_of(config_.groups.commit_timeout),
                                    .session_min = duration_of(config_.groups.session_min),
                                    .session_max = duration_of(config_.groups.session_max)},
                         .entropy = ports_.entropy}};
}

replication::LagLimits Node::lag_limits() const {
    return {.time_max = duration_of(config_.replication.lag_time_max),
            .messages_max = config_.replication.lag_messages_max};
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
    replication::VoterSet quorum = voters(metadata);
    ControllerServerOptions options{
        .cluster_id = cluster_id_,
        .controller = {.num_partitions = config_.topic_creation.partitions,
                       .replication_factor = config_.topic_creation.replication_factor,
                       .other_voters = other_voters(),
                       .session_timeout = duration_of(config_.node.broker_session_timeout),
                       .unclean_leader_election = config_.election.is_unclean,
                       .leader_balance_interval = balance_interval(config_.election),
                       .initial_features = metadata.initial_features,
                       .mutants = ports_.controller_mutants},
        .raft = {.self = {.id = config_.node.id, .directory = metadata.directory->id()},
                 .voters = std::move(quorum),
                 .election_timeout = quorum_timeout(config_.quorum.election_timeout),
                 .fetch_timeout = quorum_timeout(config_.quorum.fetch_timeout),
                 .mutants = ports_.raft_mutants},
        .listener = controller_listener().name,
        .limits = with_room_for_envelope(host_limits())};
    const ControllerServer::Ports ports{.shard = ports_.control,
                                        .clock = ports_.clock,
                                        .entropy = ports_.entropy,
                                        .disk = ports_.disk,
                                        .log = log_,
                                        .config_rules = config_rules_,
                                        .authorizer = authorizer_,
                                        .quotas = quotas_,
                                        .settings = config_.settings,
                                        .network = ports_.network};
    controller_ =
        std::make_unique<ControllerServer>(ports, std::move(options), std::move(metadata));
    const ControllerRegistrar::Ports registering{ports_.control, ports_.clock,
                                                 log_.named("controller")};
    registrar_ = std::make_unique<ControllerRegistrar>(
        registering,
        controller::ControllerImage{.id = config_.node.id,
                                    .incarnation = incarnation_,
                                    .endpoints = endpoints(ListenerRole::controller),
                                    .features = controller::supported_features()},
        session_channel_);
    controller_->on_image([this](const auto& image) { on_controller_image(*image); });
    controller_->start([this](const Error& reason) { end(reason); });
    accept(ListenerRole::controller, {&controller_->host()});
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

Result<std::unique_ptr<Transport>> Node::connect_own_controller() {
    if (controller_ == nullptr) {
        return fail(ErrorKind::closed, "the controller of this node has not started");
    }
    return controller_->connect(controller_listener());
}

void Node::on_controller_image(const controller::MetadataImage& image) {
    knows_leader_ = image.controller() != kNoBroker;
    connector_.locator().on_leader(image.controller(), controller_->epoch(), std::nullopt);
    registrar_->on_metadata(image);
    feature_warning_.on_image(image);
    session_changed_.set();
}

void Node::on_applied(Offset offset) {
    check_failures_can_be_told();
    topic_creator_.on_image(applier_->image());
    const controller::MetadataImage& image = *applier_->image();
    feature_warning_.on_image(image);
    agent_->on_applied(offset, image.has_leaving_broker());
    if (has_left_ && image.topic_table().led_by(config_.node.id).empty()) {
        shards_.take_requests();  // their answers send the clients to the new leaders
    }
    shards_.set_broker_epoch(agent_->epoch());
    is_shown_alive_ = image.find_live_broker(config_.node.id) != nullptr;
    session_changed_.set();
}

void Node::on_session(bool in_session) {
    in_session_ = in_session;
    shards_.set_broker_epoch(agent_->epoch());
    isr_watch_->on_session();
    session_changed_.set();
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
        co_return fail(ErrorKind::closed, "stopped before this node was part of the cluster");
    }
    co_return Result<void>();
}

bool Node::is_ready() const {
    const config::Roles& roles = config_.node.roles;
    return (!roles.is_controller || knows_leader_) &&
           (!roles.is_broker || (in_session_ && is_shown_alive_));
}

std::string Node::waits_for() const {
    if (controller_ != nullptr && !knows_leader_) {
        std::vector<std::string> voters;
        for (const ControllerAddress& known : configured_controllers(config_)) {
            voters.push_back(fmt::format("{}@{}", known.id, to_string(known.endpoint)));
        }
        return fmt::format("the metadata quorum has no leader; it needs {} of its {} voters: {}",
                           voters.size() / 2 + 1, voters.size(), fmt::join(voters, ", "));
    }
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

std::vector<ListenerInfo> Node::listeners() const {
    std::vector<ListenerInfo> all;
    for (const BoundListener& bound : bound_) {
        all.push_back(bound.info);
    }
    return all;
}

}  // namespace hw::broker
