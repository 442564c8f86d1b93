#include "broker/dev_cluster.h"

#include <optional>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "broker/node_limits.h"
#include "storage/meta_properties.h"
#include "storage/small_file.h"
#include "test/support/log_lines.h"
#include "test/unit/node/member.h"

namespace hw::broker {
namespace {

constexpr const char* kVoters = "1@127.0.0.1:9093,2@127.0.0.1:9095,3@127.0.0.1:9097";

DevOptions options_of(std::optional<std::size_t> nodes) {
    return {.listen = {"127.0.0.1", 9092},
            .controller_listen = {"127.0.0.1", 9093},
            .data_dir = "/dev",
            .nodes = nodes,
            .overrides = {}};
}

/// A machine on which `dev` runs.
struct Machine {
    Result<DevCluster> plan(std::optional<std::size_t> nodes) {
        return plan_dev_cluster(disk, options_of(nodes));
    }
    std::size_t count(std::optional<std::size_t> nodes) {
        const auto cluster = plan(nodes);
        REQUIRE(cluster.has_value());
        return cluster->nodes.size();
    }
    std::vector<config::BrokerConfig> configs() {
        const auto cluster = plan(3);
        REQUIRE(cluster.has_value());
        std::vector<config::BrokerConfig> configs;
        for (std::size_t index = 0; index < 3; ++index) {
            config::BrokerInput input;
            input.presets = dev_presets(*cluster, index);
            auto loaded = config::load_broker_config(input);
            REQUIRE(loaded.config.has_value());
            configs.push_back(std::move(*loaded.config));
        }
        return configs;
    }
    Result<void> format() {
        return format_dev_nodes(disk, world.entropy, Timestamp(1'767'225'600'000), configs(),
                                Logger(lines, "dev"));
    }
    std::string cluster_of(const std::string& directory) {
        const auto found = storage::load_meta_properties(disk, directory);
        REQUIRE(found.has_value());
        return *found ? (*found)->cluster_id : "";
    }
    void put(const std::string& directory, const std::string& name, std::string_view text) {
        REQUIRE(disk.make_directories(directory));
        REQUIRE(storage::replace_small_file(disk, directory, name, text));
    }
    void make_data_of_one_node() {
        put("/dev", storage::kMetaPropertiesFile,
            storage::format_meta_properties({"cluster", BrokerId(1), {}}));
    }

    World world{1};
    sim::SimDisk disk{world.scheduler, 1};
    test::LogLines lines;
};

std::string refusal(const auto& outcome) {
    REQUIRE_FALSE(outcome.has_value());
    CHECK(outcome.error().kind == ErrorKind::invalid);
    return outcome.error().message;
}

TEST_CASE("dev: three nodes by default, on the ports of node 1 plus 2 and 4", "[node][dev]") {
    Machine machine;
    const auto cluster = machine.plan({});
    REQUIRE(cluster.has_value());
    CHECK(cluster->remark.empty());
    REQUIRE(cluster->nodes.size() == 3);
    CHECK(cluster->nodes[0].listen == config::Address{"127.0.0.1", 9092});
    CHECK(cluster->nodes[2].listen == config::Address{"127.0.0.1", 9096});
    CHECK(cluster->nodes[2].controller_listen == config::Address{"127.0.0.1", 9097});
    const auto configs = machine.configs();
    for (std::size_t index = 0; index < 3; ++index) {
        const config::BrokerConfig& config = configs[index];
        CHECK(config.node.id == BrokerId(static_cast<std::int32_t>(index) + 1));
        CHECK(config.storage.log_dirs ==
              std::vector<std::string>{"/dev/node" + std::to_string(index + 1)});
        CHECK(config.settings.text("controller.quorum.voters") == kVoters);
    }
}

TEST_CASE("dev: controllers that listen on all interfaces are reached by loopback", "[node][dev]") {
    DevOptions options = options_of(3);
    options.controller_listen.host = GENERATE("", "0.0.0.0", "::");
    Machine machine;
    const auto cluster = plan_dev_cluster(machine.disk, options);
    REQUIRE(cluster.has_value());
    CHECK(dev_presets(*cluster, 1).back().value == kVoters);
}

TEST_CASE("dev: the data of one node stays that of one node, with a remark", "[node][dev]") {
    Machine machine;
    machine.make_data_of_one_node();
    const auto cluster = machine.plan({});
    REQUIRE(cluster.has_value());
    REQUIRE(cluster->nodes.size() == 1);
    CHECK(cluster->nodes[0].data_dir == "/dev");
    CHECK(cluster->remark.starts_with("the data in /dev is of one node, so one node runs"));
    CHECK(machine.plan(1)->remark.empty());
    CHECK(refusal(machine.plan(3)) ==
          "--nodes 3: the data in /dev is of one node, and the number of nodes cannot be changed. "
          "Leave out --nodes, choose another --data-dir, or delete the data with --fresh");
}

TEST_CASE("dev: logs without meta.properties are data of one node, too", "[node][dev]") {
    Machine machine;
    REQUIRE(machine.disk.make_directories("/dev/__cluster_metadata-0"));
    CHECK(machine.count({}) == 1);
}

TEST_CASE("dev: the data of three nodes does not run as one node", "[node][dev]") {
    Machine machine;
    REQUIRE(machine.format());
    CHECK(machine.count({}) == 3);
    CHECK(refusal(machine.plan(1)).starts_with("--nodes 1: the data in /dev is of 3 nodes"));
    DevOptions fresh = options_of(1);
    fresh.old_data = ExistingData::wiped;
    CHECK(plan_dev_cluster(machine.disk, fresh)->nodes.size() == 1);
}

TEST_CASE("dev: ports beyond 65535 and ports that two nodes would share are refused",
          "[node][dev]") {
    Machine machine;
    DevOptions options = options_of(3);
    options.listen.port = 65531;
    CHECK(plan_dev_cluster(machine.disk, options).has_value());
    options.listen.port = 65532;
    CHECK(
        refusal(plan_dev_cluster(machine.disk, options)) ==
        "--listen 127.0.0.1:65532: node 3 would need port 65536, but 65535 is the highest. Choose "
        "a lower port, or run one node (--nodes 1)");
    options.nodes = 1;
    CHECK(plan_dev_cluster(machine.disk, options).has_value());
    options = options_of(3);
    options.controller_listen.port = 9096;
    CHECK(refusal(plan_dev_cluster(machine.disk, options))
              .starts_with("--listen and --controller-listen: node 3 would listen for clients on "
                           "127.0.0.1:9096, where the controller of node 1 listens"));
    options.controller_listen = {"127.0.0.2", 9096};
    CHECK(plan_dev_cluster(machine.disk, options).has_value());
}

TEST_CASE("dev: port 0 stays any free port on each node", "[node][dev]") {
    Machine machine;
    DevOptions options = options_of(3);
    options.listen.port = 0;
    options.controller_listen.port = 0;
    const auto cluster = plan_dev_cluster(machine.disk, options);
    REQUIRE(cluster.has_value());
    CHECK(cluster->nodes[2].listen.port == 0);
    CHECK(cluster->nodes[2].controller_listen.port == 0);
}

TEST_CASE("dev: a key that differs between nodes can be set for one node only", "[node][dev]") {
    Machine machine;
    DevOptions options = options_of({});
    options.overrides = {"num.partitions=3", "log.dirs=/x"};
    CHECK(refusal(plan_dev_cluster(machine.disk, options)) ==
          "--set log.dirs=/x: each of the 3 nodes has its own value of log.dirs, so it can be set "
          "for one node only: add --nodes 1");
    options.nodes = 1;
    CHECK(plan_dev_cluster(machine.disk, options).has_value());
}

TEST_CASE("dev: data that one node has elsewhere, by log.dirs, does not depend on --data-dir",
          "[node][dev]") {
    Machine machine;
    REQUIRE(machine.format());
    DevOptions options = options_of(1);
    options.overrides = {"log.dirs=/x"};
    CHECK(plan_dev_cluster(machine.disk, options)->nodes.size() == 1);
}

TEST_CASE("dev: new directories of three nodes are formatted for one cluster", "[node][dev]") {
    Machine machine;
    REQUIRE(machine.format());
    const std::string cluster = machine.cluster_of("/dev/node1");
    CHECK(machine.cluster_of("/dev/node2") == cluster);
    CHECK(machine.cluster_of("/dev/node3") == cluster);
    CHECK(machine.lines.have("this is a new cluster, " + cluster));
    REQUIRE(machine.format());
    CHECK(machine.cluster_of("/dev/node1") == cluster);
    CHECK(machine.lines.count("this is a new cluster") == 1);
}

TEST_CASE("dev: a format that a crash interrupted goes on with the same cluster", "[node][dev]") {
    Machine machine;
    REQUIRE(machine.format());
    const std::string cluster = machine.cluster_of("/dev/node1");
    REQUIRE(machine.disk.remove_file("/dev/node3/meta.properties"));
    REQUIRE(machine.format());
    CHECK(machine.cluster_of("/dev/node3") == cluster);
}

TEST_CASE("dev: a node that lost its data is not formatted again, because it forgot its vote",
          "[node][dev]") {
    Machine machine;
    REQUIRE(machine.format());
    machine.put("/dev/node1/__cluster_metadata-0", "quorum-state",
                R"({"leaderId":1,"leaderEpoch":1,"votedId":1,"appliedOffset":0,)"
                R"("currentVoters":[{"voterId":1},{"voterId":2},{"voterId":3}],"data_version":0})");
    REQUIRE(machine.disk.remove_tree("/dev/node3"));
    CHECK(refusal(machine.format()) ==
          "/dev/node3 has no data, but /dev/node1 has: put its data back, or delete the data of "
          "all nodes with --fresh");
    CHECK_FALSE(machine.disk.exists("/dev/node3").value());
}

TEST_CASE("dev: --fresh deletes the data of three nodes, and that of one", "[node][dev]") {
    Machine machine;
    REQUIRE(machine.format());
    machine.put("/dev", "letter", "dear");
    REQUIRE(wipe_dev_data(machine.disk, "/dev"));
    CHECK(machine.disk.list("/dev").value().size() == 1);  // the letter
    CHECK(wipe_dev_data(machine.disk, "/dev")
              .error()
              .message.starts_with("/dev has no meta.properties, so it is not a data directory"));
    REQUIRE(machine.disk.remove_file("/dev/letter"));
    machine.make_data_of_one_node();
    REQUIRE(wipe_dev_data(machine.disk, "/dev"));
    CHECK(machine.count({}) == 3);
}

TEST_CASE("dev: --fresh keeps the data of nodes that run", "[node][dev]") {
    Machine machine;
    REQUIRE(machine.format());
    const auto lock = machine.disk.lock("/dev/node1/.lock");
    REQUIRE(lock.has_value());
    CHECK(wipe_dev_data(machine.disk, "/dev").error().kind == ErrorKind::busy);
    CHECK_FALSE(machine.cluster_of("/dev/node1").empty());
    CHECK_FALSE(machine.cluster_of("/dev/node3").empty());
}

TEST_CASE("dev: nodes of one process share its memory limit and its open files", "[node][dev]") {
    Machine machine;
    const config::BrokerConfig config = machine.configs()[0];
    const auto limits = [&](std::size_t nodes) {
        return limits_of_node({.open_files = 3000, .memory = 24'000'000, .nodes = nodes}, config);
    };
    CHECK(limits(1)->memory == 24'000'000 / 4 / 8 * 6);
    CHECK(limits(1)->groups == 24'000'000 / 4 / 8);
    CHECK(limits(3)->memory == limits(1)->memory / 3);
    CHECK(limits(3)->producers_max == limits(1)->producers_max / 3);
    CHECK(limits(1)->connections_max == 1350);
    CHECK(limits(3)->connections_max == 450);
    CHECK(limits(3)->logs_max == 225);
    CHECK(limits_of_node({.open_files = 384, .memory = 1 << 20, .nodes = 3}, config));
    CHECK(
        limits_of_node({.open_files = 383, .memory = 1 << 20, .nodes = 3}, config)
            .error()
            .message.starts_with("the limit of open files is 383, but 3 nodes need at least 384"));
}

}  // namespace
}  // namespace hw::broker
