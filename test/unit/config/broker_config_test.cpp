#include "config/broker_config.h"

#include <algorithm>

#include <catch2/catch.hpp>

#include "test/unit/config/support.h"

namespace hw::config {
namespace {

using std::chrono::milliseconds;

BrokerConfig config_of(const std::string& text) {
    LoadedConfig loaded = load(text);
    CHECK(loaded.problems.errors == Sentences{});
    REQUIRE(loaded.config);
    return std::move(*loaded.config);
}

TEST_CASE(
    "broker config: an empty file gives a single node, broker and controller, with the defaults",
    "[config][broker]") {
    const LoadedConfig loaded = load("");
    REQUIRE(loaded.config);
    CHECK(warnings_of(loaded).empty());
    const BrokerConfig& config = *loaded.config;
    CHECK(config.node.id == BrokerId(1));
    CHECK(config.node.roles.is_broker);
    CHECK(config.node.roles.is_controller);
    CHECK(config.node.broker_session_timeout == milliseconds(3000));
    CHECK(config.node.broker_heartbeat_interval == milliseconds(500));
    CHECK(config.connections.request_max_bytes == 104'857'600);
    CHECK(config.connections.idle_max == milliseconds(600'000));
    CHECK(config.storage.log_dirs == Sentences{"/data"});
    CHECK(config.storage.metadata_log_dir == "/data");
    CHECK(config.storage.disk_stall == milliseconds(10'000));
    CHECK(config.topic_creation.partitions == 1);
    CHECK_FALSE(config.topic_creation.replication_factor.has_value());
    CHECK(config.topic_creation.is_automatic);
    CHECK(config.produce.validation == ProduceValidation::full);
    CHECK(config.produce.producer_id_expiration == milliseconds(86'400'000));
    CHECK_FALSE(config.memory_limit.has_value());
}

TEST_CASE("broker config: each value is taken from its key", "[config][broker]") {
    const BrokerConfig config = config_of(
        "process.roles=controller\n"
        "node.id=5\n"
        "broker.session.timeout.ms=9000\n"
        "broker.heartbeat.interval.ms=2000\n"
        "socket.request.max.bytes=1000\n"
        "connections.max.idle.ms=-1\n"
        "log.dirs=/a, /b\n"
        "log.dir=/c\n"
        "metadata.log.dir=/m\n"
        "highwater.disk.stall.ms=2000\n"
        "num.partitions=6\n"
        "default.replication.factor=3\n"
        "auto.create.topics.enable=False\n"
        "highwater.produce.validation=header\n"
        "producer.id.expiration.ms=60000\n"
        "highwater.memory.limit=67108864\n");
    CHECK(config.node.id == BrokerId(5));
    CHECK_FALSE(config.node.roles.is_broker);
    CHECK(config.node.broker_session_timeout == milliseconds(9000));
    CHECK(config.node.broker_heartbeat_interval == milliseconds(2000));
    CHECK(config.connections.request_max_bytes == 1000);
    CHECK_FALSE(config.connections.idle_max.has_value());
    CHECK(config.storage.log_dirs == Sentences{"/a", "/b"});
    CHECK(config.storage.metadata_log_dir == "/m");
    CHECK(config.storage.disk_stall == milliseconds(2000));
    CHECK(config.topic_creation.partitions == 6);
    CHECK(config.topic_creation.replication_factor == std::int16_t{3});
    CHECK_FALSE(config.topic_creation.is_automatic);
    CHECK(config.produce.validation == ProduceValidation::header);
    CHECK(config.produce.producer_id_expiration == milliseconds(60'000));
    CHECK(config.memory_limit == 67'108'864);
}

TEST_CASE("broker config: a process has at least one role", "[config][broker]") {
    CHECK(errors_of("process.roles=") ==
          Sentences{"test.properties:1: process.roles= must name at least one role: broker, "
                    "controller or both"});
    CHECK(errors_of("process.roles=brokr") ==
          Sentences{"test.properties:1: process.roles=brokr must be a list of broker, controller; "
                    "correct it, or leave the key out for the default 'broker,controller'"});
}

TEST_CASE("broker config: broker.id is another name of node.id", "[config][broker]") {
    CHECK(config_of("broker.id=7").node.id == BrokerId(7));
    CHECK(config_of("broker.id=7\nnode.id=7").node.id == BrokerId(7));
    CHECK(config_of("broker.id=-1").node.id == BrokerId(1));
    CHECK(errors_of("broker.id=7\nnode.id=8") ==
          Sentences{"test.properties:1: broker.id=7 is the old name of node.id and differs from "
                    "node.id=8; remove broker.id"});
}

TEST_CASE("broker config: node.id must be set if voters or bootstrap servers are set",
          "[config][broker]") {
    const std::string wrong =
        "node.id is not set: it must be set when controller.quorum.voters or "
        "controller.quorum.bootstrap.servers is set; give each node its own number, for example "
        "node.id=1";
    CHECK(errors_of("controller.quorum.voters=1@a:9093") == Sentences{wrong});
    CHECK(errors_of("controller.quorum.bootstrap.servers=a:9093") == Sentences{wrong});
    CHECK(errors_of("controller.quorum.voters=1@a:9093\nbroker.id=1").empty());
}

TEST_CASE("broker config: an invalid node.id causes no second error about the voters",
          "[config][broker]") {
    CHECK(errors_of("node.id=x\ncontroller.quorum.voters=2@a:9093") ==
          Sentences{"test.properties:1: node.id=x must be a whole number from 0 to 2147483647; "
                    "correct it or leave the key out"});
}

TEST_CASE("broker config: the heartbeat interval must be shorter than the session timeout",
          "[config][broker]") {
    CHECK(errors_of("broker.heartbeat.interval.ms=2999").empty());
    CHECK(errors_of("broker.heartbeat.interval.ms=3000") ==
          Sentences{"test.properties:1: broker.heartbeat.interval.ms=3000 must be less than "
                    "broker.session.timeout.ms (3000), or every broker is fenced; lower this key "
                    "or raise that one"});
}

TEST_CASE("broker config: metadata.log.dir may be one of log.dirs, but not lie inside one",
          "[config][broker]") {
    const BrokerConfig config = config_of("log.dirs=/a,/b\nmetadata.log.dir=/b/.");
    CHECK(config.storage.metadata_log_dir == "/b");
    CHECK(config.storage.directories() == Sentences{"/a", "/b"});
    CHECK(
        errors_of("log.dirs=/a\nmetadata.log.dir=/a/meta") ==
        Sentences{"test.properties:2: metadata.log.dir=/a/meta has '/a/meta', which lies in '/a'; "
                  "choose a directory outside of it"});
}

TEST_CASE("broker config: for a file that is not text no other error of the file is reported",
          "[config][broker]") {
    const LoadedConfig loaded = load(std::string("PK\0\0", 4), {"nmu.partitions=3"});
    CHECK_FALSE(loaded.config);
    CHECK(loaded.problems.errors.front() ==
          "test.properties:1: the file is not text: byte 3 is zero. Is it the right file?");
    CHECK(loaded.problems.errors.size() == 2);  // the second is about --set
    CHECK(warnings_of(loaded).empty());
}

TEST_CASE(
    "broker config: log.dirs names at least one directory, none twice and none inside another",
    "[config][broker]") {
    CHECK(config_of("log.dir=/x").storage.log_dirs == Sentences{"/x"});
    CHECK(errors_of("log.dirs=/a,/b,/a") ==
          Sentences{"test.properties:1: log.dirs=/a,/b,/a names the directory /a twice, as '/a' "
                    "and '/a'; keep one of them"});
    for (const std::string other : {"d0/", "d0/.", "./d0", ".//d0/./"}) {
        CHECK(errors_of("log.dirs=d0," + other) ==
              Sentences{"test.properties:1: log.dirs=d0," + other +
                        " names the directory d0 twice, as 'd0' and '" + other +
                        "'; keep one of them"});
    }
    CHECK(errors_of("log.dirs=/a/b/,/a") ==
          Sentences{"test.properties:1: log.dirs=/a/b/,/a has '/a/b/', which lies in '/a'; choose "
                    "a directory outside of it"});
    CHECK(config_of("log.dirs=/a,/ab,/a.b").storage.log_dirs.size() == 3);
    const std::string rule =
        "must name a data directory; write for example log.dirs=/var/lib/highwater";
    CHECK(errors_of("log.dirs=") == Sentences{"test.properties:1: log.dirs= " + rule});
    CHECK(errors_of("log.dirs=/a,,/b") == Sentences{"test.properties:1: log.dirs=/a,,/b " + rule});
    const LoadedConfig nowhere = load_broker_config({.file_name = "test.properties",
                                                     .file_text = "",
                                                     .overrides = {},
                                                     .default_log_dir = "",
                                                     .host_name = "machine"});
    CHECK(nowhere.problems.errors == Sentences{"log.dirs is not set: it " + rule});
}

TEST_CASE("broker config: each sample is valid and every line of it has an effect",
          "[config][broker]") {
    struct Sample {
        const char* name;
        std::size_t keys;
    };
    const auto [name, keys] =
        GENERATE(values<Sample>({{"server", 15}, {"node1", 7}, {"node2", 7}, {"node3", 7}}));
    CAPTURE(name);
    const LoadedConfig loaded = load(read_file(fmt::format(HW_SAMPLES "/{}.properties", name)));
    CHECK(loaded.problems.errors == Sentences{});
    CHECK(warnings_of(loaded) == Sentences{});
    REQUIRE(loaded.config);
    CHECK(loaded.config->settings.all().size() == keys);
}

TEST_CASE("broker config: the server.properties of Kafka 4's distribution is valid",
          "[config][broker]") {
    const std::string stock =
        "process.roles=broker,controller\n"
        "node.id=1\n"
        "controller.quorum.bootstrap.servers=localhost:9093\n"
        "listeners=PLAINTEXT://:9092,CONTROLLER://:9093\n"
        "inter.broker.listener.name=PLAINTEXT\n"
        "advertised.listeners=PLAINTEXT://localhost:9092,CONTROLLER://localhost:9093\n"
        "controller.listener.names=CONTROLLER\n"
        "listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SSL:SSL,"
        "SASL_PLAINTEXT:SASL_PLAINTEXT,SASL_SSL:SASL_SSL\n"
        "num.network.threads=3\n"
        "num.io.threads=8\n"
        "socket.send.buffer.bytes=102400\n"
        "socket.receive.buffer.bytes=102400\n"
        "socket.request.max.bytes=104857600\n"
        "log.dirs=/tmp/kraft-combined-logs\n"
        "num.partitions=1\n"
        "num.recovery.threads.per.data.dir=1\n"
        "offsets.topic.replication.factor=1\n"
        "share.coordinator.state.topic.replication.factor=1\n"
        "share.coordinator.state.topic.min.isr=1\n"
        "transaction.state.log.replication.factor=1\n"
        "transaction.state.log.min.isr=1\n"
        "log.retention.hours=168\n"
        "log.segment.bytes=1073741824\n"
        "log.retention.check.interval.ms=300000\n";
    const LoadedConfig loaded = load(stock);
    CHECK(loaded.problems.errors == Sentences{});
    REQUIRE(loaded.config);
    CHECK(warnings_of(loaded).size() == 11);
    for (const std::string& warning : warnings_of(loaded)) {
        INFO(warning);
        CHECK(warning.find("' has no effect") != std::string::npos);
    }
    CHECK(loaded.config->network.advertised.front().address == Address{"localhost", 9092});
    CHECK(loaded.config->quorum.bootstrap_servers.front() == Address{"localhost", 9093});
}

}  // namespace
}  // namespace hw::config
