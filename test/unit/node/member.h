#pragma once

#include <array>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "broker/net/peer_channel.h"
#include "broker/node.h"
#include "protocol/record/batch_builder.h"
#include "protocol/schema/api/api_versions.h"
#include "protocol/schema/api/create_topics.h"
#include "protocol/schema/api/delete_topics.h"
#include "protocol/schema/api/metadata.h"
#include "protocol/schema/api/produce.h"
#include "test/sim/sim_disk.h"
#include "test/unit/node/world.h"

namespace hw::broker {

/// A node with a control shard and two data shards, and a client of it. Its disk may come from an
/// earlier Member.
struct Member {
    static constexpr std::size_t kMaxProducers = 2;

    Member(World& of, std::uint32_t id, sim::SimDisk& with_disk, std::uint16_t port = 0,
           const std::vector<std::string>& settings = {})
        : world(of),
          control(of.scheduler, id, 2),
          first(of.scheduler, id, 0),
          second(of.scheduler, id, 1),
          coin(of.scheduler.random()),
          node(config_of(id, port, settings), {.producers_max = kMaxProducers},
               {.clock = of.clock,
                .entropy = of.entropy,
                .network = of.network,
                .disk = with_disk,
                .log = of.log,
                .control = control,
                .data = {&first, &second},
                .defer = &coin}) {}
    /// Ends as a process does: waiting coroutines are destroyed before what they wait for.
    ~Member() {
        for (sim::SimShard* shard : {&control, &first, &second}) {
            shard->drop();
        }
    }
    Member(const Member&) = delete;
    Member& operator=(const Member&) = delete;

    Task<> start() {
        Result<void> outcome = co_await node.start();
        started = std::move(outcome);
        done = true;
    }
    Task<> leave() {
        co_await node.leave();
        left = true;
    }
    Task<> stop() {
        co_await channel.stop();
        co_await stop_before_client();
    }
    Task<> stop_before_client() {
        co_await node.stop();
        stopped = true;
    }
    Task<> ask() {
        const TimePoint deadline = world.clock.now() + std::chrono::seconds(10);
        schema::MetadataRequest request;
        request.topics = wire::Array<schema::MetadataRequest::Topic>::null();
        const auto answer = co_await replication::call<schema::MetadataResponse>(
            channel, request, ApiVersion(12), deadline);
        if (answer) {
            cluster = (*answer)->cluster_id;
            brokers.clear();
            for (const auto& each : (*answer)->brokers) {
                brokers.insert(each.node_id);
            }
            controller = (*answer)->controller_id;
            broker = (*answer)->brokers.empty() ? kNoBroker : (*answer)->brokers[0].node_id;
            topics.clear();
            leaders.clear();
            in_sync.clear();
            for (const auto& topic : (*answer)->topics) {
                for (const auto& partition : topic.partitions) {
                    leaders.insert(partition.leader_id);
                }
                const BrokerId leader = topic.partitions[0].leader_id;
                led_by[std::string(topic.name)] = leader;
                const auto& isr = topic.partitions[0].isr_nodes;
                in_sync[std::string(topic.name)] = {isr.begin(), isr.end()};
                const bool has_leader = leader != kNoBroker && leader == broker;
                topics.push_back(std::string(topic.name) + (has_leader ? " led" : " not led"));
            }
            asked = true;
        }
    }
    Task<> create(std::string name, std::string config_value = {}, std::int32_t partitions = 3) {
        schema::CreateTopicsRequest::Topic topic;
        topic.name = name;
        const schema::CreateTopicsRequest::Config config{.name = "x", .value = config_value};
        if (!config_value.empty()) {
            topic.configs = {&config, 1};
        }
        topic.num_partitions = partitions;
        topic.replication_factor = 1;
        const std::array all{topic};
        schema::CreateTopicsRequest request;
        request.topics = all;
        request.timeout_ms = Millis(10'000);
        co_await send(request);
    }
    /// Creates `count` topics with one partition each.
    Task<> create_many(std::size_t count) {
        std::vector<std::string> names;
        std::vector<schema::CreateTopicsRequest::Topic> all;
        for (std::size_t number = 0; number < count; ++number) {
            names.push_back(fmt::format("topic-{}", number));
        }
        for (const std::string& name : names) {
            all.push_back({.name = name, .num_partitions = 1, .replication_factor = 1});
        }
        schema::CreateTopicsRequest request;
        request.topics = all;
        request.timeout_ms = Millis(10'000);
        co_await send(request);
    }
    /// Notes the error of the last topic, if the answer is that to the newest request.
    Task<> send(schema::CreateTopicsRequest request) {
        const int number = ++creations_sent;
        created.reset();
        const TimePoint deadline = world.clock.now() + std::chrono::seconds(20);
        const auto answer = co_await replication::call<schema::CreateTopicsResponse>(
            channel, request, ApiVersion(7), deadline);
        if (answer && number == creations_sent) {
            const auto& last = (*answer)->topics[request.topics.size() - 1];
            created = last.error_code;
            create_message = last.error_message;
        }
    }
    /// Sends one record to partition 0; if there is a producer id, with sequence 0. Only the answer
    /// to the newest record is noted: an earlier one may come when nobody waits for it any more.
    Task<> produce(std::string topic, std::int16_t acks = 1, ProducerId producer = kNoProducerId,
                   std::string value = "value") {
        const int number = ++records_sent;
        record::BatchOptions options;
        if (producer != kNoProducerId) {
            options.producer_id = producer;
            options.producer_epoch = ProducerEpoch(0);
            options.base_sequence = Sequence(0);
        }
        record::BatchBuilder builder(options);
        builder.add({{}, as_bytes(value), {}, world.clock.wall_now()});
        record::Compressor compressor;
        const auto batch = builder.finish(compressor);
        const std::array records{batch->view()};
        const std::array partitions{
            schema::ProduceRequest::Partition{.index = PartitionIndex(0), .records = records}};
        const std::array produced_topics{
            schema::ProduceRequest::Topic{.name = topic, .partition_data = partitions}};
        schema::ProduceRequest request;
        request.acks = acks;
        request.timeout_ms = Millis(10'000);
        request.topic_data = produced_topics;
        const TimePoint deadline = world.clock.now() + std::chrono::seconds(10);
        const auto answer = co_await replication::call<schema::ProduceResponse>(
            channel, request, ApiVersion(9), deadline);
        if (answer && number == records_sent) {
            produced = (*answer)->responses[0].partition_responses[0].error_code;
        }
    }
    Task<> remove(std::string topic) {
        const std::array names{std::string_view(topic)};
        schema::DeleteTopicsRequest request;
        request.topic_names = names;
        const TimePoint deadline = world.clock.now() + std::chrono::seconds(10);
        const auto answer = co_await replication::call<schema::DeleteTopicsResponse>(
            channel, request, ApiVersion(4), deadline);
        if (answer) {
            removed = (*answer)->responses[0].error_code;
        }
    }
    Task<> ask_features(ApiVersion version) {
        schema::ApiVersionsRequest request;
        request.client_software_name = "test";
        request.client_software_version = "1";
        const TimePoint deadline = world.clock.now() + std::chrono::seconds(10);
        const auto answer = co_await replication::call<schema::ApiVersionsResponse>(
            channel, request, version, deadline);
        REQUIRE(answer.has_value());
        for (const auto& feature : (*answer)->supported_features) {
            features.push_back(
                fmt::format("{} {}-{}", feature.name, feature.min_version, feature.max_version));
        }
        for (const auto& feature : (*answer)->finalized_features) {
            features.push_back(fmt::format("{} at {}", feature.name, feature.max_version_level));
        }
        asked = true;
    }
    /// Runs `task` on the control shard until `until` is true.
    void run(Task<> task, const bool& until) {
        control.spawn(std::move(task));
        REQUIRE(world.run_until([&until] { return until; }));
    }
    std::vector<std::string> ask_topics() {
        asked = false;
        run(ask(), asked);
        return topics;
    }

    World& world;
    sim::SimShard control;
    sim::SimShard first;
    sim::SimShard second;
    Coin coin;
    Node node;
    PeerChannel channel{control, world.clock, "client", [this](TimePoint deadline) {
                            const Endpoint address = node.listeners().front().bound;
                            return world.network.connect(control, address, deadline);
                        }};
    Result<void> started;
    bool done = false;
    bool left = false;
    bool stopped = false;
    std::string cluster;
    BrokerId broker = kNoBroker;
    BrokerId controller = kNoBroker;  ///< the active one
    std::set<BrokerId> brokers;
    std::set<BrokerId> leaders;                         ///< of all partitions
    std::map<std::string, BrokerId> led_by;             ///< of partition 0 of each topic
    std::map<std::string, std::set<BrokerId>> in_sync;  ///< likewise
    std::vector<std::string> topics;
    std::vector<std::string> features;
    bool asked = false;
    std::optional<wire::ErrorCode> created;
    std::string create_message;
    int creations_sent = 0;
    int records_sent = 0;
    std::optional<wire::ErrorCode> produced;
    std::optional<wire::ErrorCode> removed;
};

}  // namespace hw::broker
