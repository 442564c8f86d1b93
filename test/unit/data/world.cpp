#include "test/unit/data/world.h"

#include "broker/api/describe_lag.h"
#include "broker/api/describe_replicas.h"
#include "broker/api/fetch.h"
#include "broker/api/handlers.h"
#include "broker/api/list_offsets.h"
#include "broker/api/metadata.h"
#include "broker/api/offset_for_leader_epoch.h"
#include "broker/api/produce.h"
#include "broker/net/local_transport.h"
#include "controller/image/features.h"
#include "storage/log_loader.h"
#include "test/unit/config/support.h"
#include "test/unit/data/requests.h"

namespace hw::broker {
namespace {

constexpr sim::NodeTag kServer = 1;
constexpr sim::NodeTag kClients = 2;

class NoLines final : public LogSink {
public:
    void write(LogLevel /*level*/, std::string_view /*component*/,
               std::string_view /*line*/) override {}
    [[nodiscard]] bool enabled(LogLevel /*level*/) const override { return false; }
};

NoLines no_lines;

controller::BrokerImage broker(BrokerId id) {
    controller::BrokerImage image;
    image.id = id;
    image.epoch = BrokerEpoch(100) + id.value();
    image.fenced = false;
    image.endpoints["PLAINTEXT"] = {
        {fmt::format("host{}", id), static_cast<std::uint16_t>(9000 + id.value())}, 0};
    return image;
}

}  // namespace

DataShard::DataShard(const Ports& ports, std::size_t index, const HostLimits& limits)
    : shard(ports.scheduler, kServer, index),
      delayed(shard, ports.clock),
      services{{.node_id = kSelf,
                .shard = shard,
                .clock = ports.clock,
                .image = nullptr,
                .replicas = {}},
               delayed},
      host(shard, ports.clock, dispatcher, limits, Logger(ports.log, "net")),
      flush_queue(shard) {
    dispatcher.add(schema::ApiKey::produce, std::make_unique<ProduceHandler>(services));
    dispatcher.add(schema::ApiKey::fetch, std::make_unique<FetchHandler>(
                                              services, ReplicaSelector::rack_aware,
                                              replication::session_options_of_shard(4, index, 2)));
    dispatcher.add(schema::ApiKey::list_offsets, std::make_unique<ListOffsetsHandler>(services));
    dispatcher.add(schema::ApiKey::offset_for_leader_epoch,
                   std::make_unique<OffsetForLeaderEpochHandler>(services));
    dispatcher.add(schema::ApiKey::describe_lag, std::make_unique<DescribeLagHandler>(services));
    dispatcher.add(schema::ApiKey::describe_replicas,
                   std::make_unique<DescribeReplicasHandler>(services));
    dispatcher.add(schema::ApiKey::metadata, std::make_unique<MetadataHandler>(services, nullptr));
    const GroupRules groups{.commit_timeout = std::chrono::seconds(5),
                            .session_min = std::chrono::seconds(6),
                            .session_max = std::chrono::minutes(30)};
    add_group_handlers(dispatcher, services, groups, ports.entropy);
    delayed.start();
    host.start();
}

World::World(std::uint64_t seed, const HostLimits& limits)
    : scheduler(seed),
      disk(scheduler, kServer),
      clock(scheduler),
      entropy(scheduler.random()),
      coin(scheduler.random()),
      home(scheduler, kServer, 2),
      away(scheduler, kClients, 0),
      shards{std::make_unique<DataShard>(DataShard::Ports{scheduler, clock, no_lines, entropy}, 0,
                                         limits),
             std::make_unique<DataShard>(DataShard::Ports{scheduler, clock, no_lines, entropy}, 1,
                                         limits)},
      home_queue(home),
      directory(disk, home, clock, {"/data", DirectoryId(Uuid{1, 1})}, Logger(no_lines, "data")),
      replica_services{
          .self = kSelf,
          .clock = clock,
          .log = Logger(no_lines, "replicas"),
          .home = home,
          .flush_queues = {&shards[0]->flush_queue, &shards[1]->flush_queue, &home_queue},
          .defer = &coin,
          .peers = &peers},
      settings(config::settings_of("group.consumer.min.session.timeout.ms=6000")),
      groups({home, home, clock, Logger(no_lines, "groups"), {}, [this] { return image; }},
             {.classic = {.initial_delay = std::chrono::seconds(3), .max_size = 100},
              .consumer = {.session_timeout = std::chrono::seconds(45),
                           .heartbeat_interval = std::chrono::seconds(1),
                           .reconciling_interval = std::chrono::milliseconds(500),
                           .max_size = 100,
                           .assignors = {"uniform", "range"}},
              .settings = &settings}) {
    auto first = std::make_shared<controller::MetadataImage>("cluster");
    first->put(broker(kSelf));
    first->put(broker(kOther));
    first->set_feature(controller::kGroupVersionFeature, 1);
    image = first;
    for (const auto& shard : shards) {
        shard->services.image = image;
    }
    directory.start();
}

World::~World() {
    bool stopped = false;
    home.spawn(stop(stopped));
    CHECK(run_until([&] { return stopped; }));
    for (const auto& shard : shards) {
        CHECK(shard->delayed.size() == 0);
        CHECK(shard->host.size() == 0);
    }
    home.drop();
    away.drop();
}

Task<> World::stop_shard(DataShard& shard, bool& stopped) {
    co_await shard.host.stop();
    co_await shard.delayed.stop();
    stopped = true;
}

Task<> World::stop(bool& stopped) {
    bool ended = false;
    for (const auto& shard : shards) {
        shard->shard.spawn(stop_shard(*shard, ended));
        while (!std::exchange(ended, false)) {
            Signal nobody;
            co_await home.wait(nobody, clock.now() + std::chrono::milliseconds(1));
        }
    }
    co_await groups.stop();
    co_await directory.stop();
    stopped = true;
}

void World::forbid(Operation operation, const Resource& resource) {
    for (const auto& shard : shards) {
        shard->authorizer.forbid(operation, resource);
    }
}

TopicId World::id_of(const std::string& topic) const {
    return image->find_topic(topic)->id;
}

ReplicaPtr World::replica(const std::string& topic) {
    return shards[0]->services.replicas.find({id_of(topic), PartitionIndex(0)})->replica;
}

void World::set_rack(BrokerId broker, std::string rack) {
    auto next = std::make_shared<controller::MetadataImage>(*image);
    controller::BrokerImage changed = *next->find_broker(broker);
    changed.rack = std::move(rack);
    next->put(std::move(changed));
    publish(next);
}

void World::publish(std::shared_ptr<const controller::MetadataImage> next) {
    image = std::move(next);
    for (const auto& shard : shards) {
        shard->services.image = image;
    }
}

void World::publish(const PartitionSpec& spec) {
    controller::PartitionImage partition;
    partition.leader = spec.leader;
    partition.leader_epoch = LeaderEpoch(5);
    partition.replicas = spec.replicas;
    partition.isr = spec.isr;
    controller::TopicImage topic;
    topic.id = TopicId(Uuid{7, image->topics().size() + 1});
    topic.name = spec.topic;
    topic.internal = spec.internal;
    topic.partitions.put(PartitionIndex(0), partition);
    auto next = std::make_shared<controller::MetadataImage>(*image);
    next->put(std::move(topic));
    publish(next);
}

void World::add(const PartitionSpec& spec) {
    publish(spec);
    host(spec);
}

void World::host(const PartitionSpec& spec) {
    const ReplicaPtr replica = open(spec);
    const auto options = std::make_shared<const replication::PartitionOptions>(spec.options);
    for (const auto& shard : shards) {
        shard->services.replicas.put({id_of(spec.topic), PartitionIndex(0)}, {replica, options});
    }
}

ReplicaPtr World::open(const PartitionSpec& spec) {
    const std::string folder = "/data/" + spec.topic + "-0";
    REQUIRE(disk.make_directories(folder).has_value());
    const Logger logger(no_lines, "log");
    auto contents = storage::load_log(
        {&disk, folder, {}, storage::Shutdown::unclean, Offset(0), Offset(0), logger});
    REQUIRE(contents.has_value());
    const auto replica = std::make_shared<HostedReplica>(
        replica_services, controller::PartitionKey(id_of(spec.topic), PartitionIndex(0)),
        std::make_shared<const replication::PartitionOptions>(spec.options));
    if (auto made = groups.make_listener(replica, {spec.topic, PartitionIndex(0)})) {
        replica->set_listener(std::move(made));
    }
    bool open = false;
    replica->enter_unrefused(home, [&](replication::PartitionReplica& inside, Shard&) {
        replica->set_directory(directory,
                               directory.add({spec.topic, PartitionIndex(0)}, replica, Offset(0)));
        inside.open(std::make_unique<storage::Log>(replica->log_context(disk, logger, {}),
                                                   std::move(*contents)),
                    Offset(0));
        const replication::PartitionFacts facts{LeaderEpoch(5), PartitionEpoch(1), spec.replicas,
                                                spec.isr};
        spec.leader == kSelf ? inside.become_leader(facts)
                             : inside.become_follower(facts, spec.leader);
        open = true;
    });
    REQUIRE(run_until([&] { return open; }));
    return replica;
}

void World::enter(const std::string& topic,
                  std::function<void(replication::PartitionReplica&)> work) {
    bool done = false;
    replica(topic)->enter_unrefused(home, [&](replication::PartitionReplica& inside, Shard&) {
        work(inside);
        done = true;
    });
    REQUIRE(run_until([&] { return done; }));
}

void World::occupy(const std::string& topic) {
    coin.side = Coin::Side::always;
    // So much work that `home` still holds the guard when the client's request arrives.
    for (std::size_t i = 0; i < 8 * Guarded<replication::PartitionReplica>::kWorkPerTurn; ++i) {
        replica(topic)->enter_unrefused(home, [](replication::PartitionReplica&, Shard&) {});
    }
}

std::size_t World::fetch_waits(const std::string& topic) {
    std::size_t count = 0;
    enter(topic, [&](replication::PartitionReplica& inside) { count = inside.waits().fetches(); });
    return count;
}

Client& World::connect(std::size_t shard) {
    LocalPair pair = make_local_pair(away, shards.at(shard)->shard, {"client", 1});
    shards.at(shard)->host.adopt(std::move(pair.second), listener, [] {});
    return *clients.emplace_back(std::make_unique<Client>(scheduler, std::move(pair.first)));
}

void World::append(const BatchShape& shape, const std::string& topic) {
    const Buffer batch = make_batch(shape);
    const ProduceOne produce(batch.view(), {topic});
    const auto& answer = connect().ask<schema::ProduceResponse>(produce.request, 9);
    REQUIRE(answer.responses[0].partition_responses[0].error_code == wire::ErrorCode::none);
}

bool World::run_until(const std::function<bool()>& done) {
    return scheduler.run_until(done, scheduler.now() + std::chrono::minutes(20));
}

void World::run_for(Duration span) {
    // Without an event at the end, the one after it would be run, too.
    bool is_over = false;
    const auto wait = [](Shard& shard, TimePoint end, bool& over) -> Task<> {
        Signal never;
        co_await shard.wait(never, end);
        over = true;
    };
    const TimePoint end = scheduler.now() + span;
    home.spawn(wait(home, end, is_over));
    CHECK(scheduler.run_until([&] { return is_over; }, end + std::chrono::seconds(1)));
}

}  // namespace hw::broker
