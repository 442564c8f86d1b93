#pragma once

#include <array>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "broker/format.h"
#include "broker/node.h"
#include "test/unit/node/member.h"

namespace hw::broker {

inline constexpr BrokerId kFirst{1};
inline constexpr BrokerId kSecond{2};
inline constexpr BrokerId kThird{3};
inline constexpr std::array kAll{kFirst, kSecond, kThird};

inline const std::vector<std::string> kController{
    "listeners=PLAINTEXT://localhost:0,CONTROLLER://localhost:9093",
    "controller.quorum.voters=1@localhost:9093"};
inline const std::vector<std::string> kBroker{"process.roles=broker",
                                              "listeners=PLAINTEXT://localhost:0",
                                              "controller.quorum.voters=1@localhost:9093"};

/// The settings of node `id` in a quorum of three.
inline std::vector<std::string> voter_settings(BrokerId id, const std::string& roles) {
    const bool is_broker = roles != "controller";
    const std::string own = fmt::format("CONTROLLER://localhost:909{}", id);
    return {"process.roles=" + roles,
            "listeners=" + (is_broker ? "PLAINTEXT://localhost:0," + own : own),
            "controller.quorum.voters=1@localhost:9091,2@localhost:9092,3@localhost:9093"};
}

/// Three nodes in one process, each with a disk.
struct Cluster {
    /// Node 1 is controller and broker, nodes 2 and 3 are brokers.
    explicit Cluster(std::uint64_t seed) : Cluster(seed, {kController, kBroker, kBroker}) {}
    Cluster(std::uint64_t seed, std::vector<std::vector<std::string>> with)
        : world(seed), settings(std::move(with)) {
        for (sim::NodeTag id = 1; id <= settings.size(); ++id) {
            disks.push_back(std::make_unique<sim::SimDisk>(world.scheduler, id));
        }
        nodes.resize(disks.size());
    }
    ~Cluster() {
        for (std::size_t i = nodes.size(); i > 0; --i) {
            kill(BrokerId(static_cast<std::int32_t>(i)));
        }
    }
    Cluster(const Cluster&) = delete;
    Cluster& operator=(const Cluster&) = delete;

    Member& node(BrokerId id) { return *nodes[static_cast<std::size_t>(id.value() - 1)]; }

    /// Starts a process, without waiting.
    void start(BrokerId id) { start(id, settings[static_cast<std::size_t>(id.value() - 1)]); }
    void start(BrokerId id, const std::vector<std::string>& with) {
        const auto index = static_cast<std::size_t>(id.value() - 1);
        nodes[index] = std::make_unique<Member>(world, static_cast<std::uint32_t>(id.value()),
                                                *disks[index], std::uint16_t{0}, with);
        nodes[index]->control.spawn(nodes[index]->start());
    }
    void wait_started(BrokerId id) {
        REQUIRE(world.run_until([&] { return node(id).done; }));
        const std::string error = node(id).started ? "" : node(id).started.error().message;
        REQUIRE(error.empty());
    }
    void start_all() {
        for (const BrokerId id : {kFirst, kSecond, kThird}) {
            start(id);
        }
        for (const BrokerId id : {kFirst, kSecond, kThird}) {
            wait_started(id);
        }
        wait_brokers(kFirst, {kFirst, kSecond, kThird});
    }
    void stop(BrokerId id) { node(id).run(node(id).stop(), node(id).stopped); }
    /// Ends a process without a stop.
    void kill(BrokerId id) {
        disks[static_cast<std::size_t>(id.value() - 1)]->process_kill();
        world.network.cut(static_cast<sim::NodeTag>(id.value()));
        end(id);
    }
    /// Ends a process, and loses what its disk has not synced.
    void lose_power(BrokerId id) {
        disks[static_cast<std::size_t>(id.value() - 1)]->power_loss();
        world.network.cut_power(static_cast<sim::NodeTag>(id.value()));
        end(id);
    }
    void end(BrokerId id) { nodes[static_cast<std::size_t>(id.value() - 1)].reset(); }
    /// Cuts the network between a node and all others.
    void isolate(BrokerId id) {
        const auto tag = static_cast<sim::NodeTag>(id.value());
        for (sim::NodeTag other = 1; other <= nodes.size(); ++other) {
            if (other != tag) {
                world.network.block(tag, other);
                world.network.block(other, tag);
            }
        }
    }
    /// Waits until clients of `at` see exactly these brokers, or leaders of all partitions.
    void wait_brokers(BrokerId at, const std::set<BrokerId>& wanted) {
        wait_metadata(at, &Member::brokers, wanted);
    }
    void wait_leaders(BrokerId at, const std::set<BrokerId>& wanted) {
        wait_metadata(at, &Member::leaders, wanted);
    }
    void wait_metadata(BrokerId at, std::set<BrokerId> Member::* seen,
                       const std::set<BrokerId>& wanted) {
        REQUIRE(world.run_until([&] {
            (void)node(at).ask_topics();
            return node(at).*seen == wanted;
        }));
    }
    void create(BrokerId through, const std::string& topic) {
        Member& member = node(through);
        member.created.reset();
        member.control.spawn(member.create(topic));
        REQUIRE(world.run_until([&] { return member.created.has_value(); }));
        INFO(member.create_message);
        REQUIRE(*member.created == wire::ErrorCode::none);
    }
    /// Sends a creation, and kills the controller after `delay`.
    void create_and_kill(BrokerId through, const std::string& topic, Duration delay) {
        Member& member = node(through);
        member.control.spawn(member.create(topic));
        world.run_for(delay);
        kill(kFirst);
    }
    /// Waits for the answer to a creation.
    wire::ErrorCode created(BrokerId through) {
        Member& member = node(through);
        REQUIRE(world.run_until([&] { return member.created.has_value(); }));
        return *member.created;
    }
    /// Produces to partition 0 at `at`; returns whether that was acknowledged.
    bool produces(BrokerId at, const std::string& topic) {
        Member& member = node(at);
        member.produced.reset();
        member.control.spawn(member.produce(topic, -1));
        return world.run_until([&] { return member.produced.has_value(); }) &&
               *member.produced == wire::ErrorCode::none;
    }

    /// Formats the disk of a node, as each of several voters needs.
    void format(BrokerId id) {
        const auto index = static_cast<std::size_t>(id.value() - 1);
        const auto config = config_of(static_cast<std::uint32_t>(id.value()), 0, settings[index]);
        REQUIRE(format_directories(
            *disks[index], world.entropy, config,
            {.cluster_id = "cluster", .now = Timestamp(0), .tell = [](const std::string&) {}}));
    }

    World world;
    std::vector<std::vector<std::string>> settings;  ///< of each node
    std::vector<std::unique_ptr<sim::SimDisk>> disks;
    std::vector<std::unique_ptr<Member>> nodes;
};

}  // namespace hw::broker
