#include "config/settings.h"

#include <catch2/catch.hpp>

#include "protocol/base/random.h"
#include "test/unit/config/support.h"

namespace hw::config {
namespace {

Sentences warnings_of(std::string text, std::vector<std::string> overrides = {}) {
    const LoadedConfig loaded = load(std::move(text), std::move(overrides));
    CHECK(loaded.problems.errors.empty());
    return warnings_of(loaded);
}

TEST_CASE("settings: the error for an invalid value has file, line, key, value and what to do",
          "[config][settings]") {
    CHECK(errors_of("node.id=1\nnum.partitions=0") ==
          Sentences{"test.properties:2: num.partitions=0 must be a whole number from 1 to "
                    "2147483647; correct it, or leave the key out for the default '1'"});
    CHECK(errors_of("auto.create.topics.enable=yes") ==
          Sentences{"test.properties:1: auto.create.topics.enable=yes must be true or false; "
                    "correct it, or leave the key out for the default 'true'"});
    CHECK(errors_of("highwater.memory.limit=1G") ==
          Sentences{"test.properties:1: highwater.memory.limit=1G must be a whole number of at "
                    "least 67108864 (bytes); correct it or leave the key out"});
}

TEST_CASE("settings: the error for an invalid value of --set names --set", "[config][settings]") {
    CHECK(errors_of("", {"num.partitions=none"}) ==
          Sentences{"--set: num.partitions=none must be a whole number from 1 to 2147483647; "
                    "correct it, or leave the key out for the default '1'"});
}

TEST_CASE("settings: a value that Kafka has and Highwater does not support is refused",
          "[config][settings]") {
    CHECK(errors_of("log.cleanup.policy=compact,delete") ==
          Sentences{"test.properties:1: log.cleanup.policy=compact,delete is not supported yet: "
                    "only 'delete' is; correct it, or leave the key out for the default 'delete'"});
    CHECK(errors_of("compression.type=zstd").size() == 1);
    CHECK(errors_of("compression.type=producer").empty());
}

TEST_CASE("settings: a value over the size limit is refused", "[config][settings]") {
    CHECK(errors_of("log.dirs=" + std::string(kMaxValueBytes, 'x')).empty());
    for (const std::string key : {"log.dirs", "listeners"}) {
        const Sentences errors = errors_of(key + "=" + std::string(kMaxValueBytes + 1, 'x'));
        REQUIRE(errors.size() == 1);
        CHECK(
            errors[0].ends_with("... has 65537 bytes, over the limit of 65536 for one value; "
                                "shorten it"));
    }
}

TEST_CASE("settings: a key within two edits of a known one is an error that suggests the known one",
          "[config][settings]") {
    CHECK(errors_of("\nnum.partition=3") ==
          Sentences{"test.properties:2: 'num.partition' is not a known key; did you mean "
                    "'num.partitions'? Correct it or remove it"});
}

TEST_CASE("settings: any other unknown key is a warning", "[config][settings]") {
    CHECK(warnings_of("zookeeper.connect=localhost:2181\nnum.partitions=1") ==
          Sentences{"test.properties:1: 'zookeeper.connect' is not a known key and is ignored"});
}

TEST_CASE("settings: keys of plug-ins and of single listeners are accepted", "[config][settings]") {
    for (const std::string prefix :
         {"rsm.config.", "rlmm.config.", "confluent.", "listener.name.", "config.providers."}) {
        CHECK(warnings_of(prefix + "x=1") ==
              Sentences{"test.properties:1: '" + prefix +
                        "x' belongs to a plug-in or to one listener, and has no effect yet"});
    }
}

TEST_CASE(
    "settings: a topic or group key in a broker's file is an error that names the broker's key",
    "[config][settings]") {
    CHECK(errors_of("retention.ms=-1") ==
          Sentences{"test.properties:1: 'retention.ms' is set on a topic, not in a broker's "
                    "file; for all topics of this broker set 'log.retention.ms'"});
    CHECK(errors_of("consumer.session.timeout.ms=50000") ==
          Sentences{"test.properties:1: 'consumer.session.timeout.ms' is set on a group, not in a "
                    "broker's file; for all groups of this broker set "
                    "'group.consumer.session.timeout.ms'"});
    CHECK(errors_of("producer_byte_rate=1") ==
          Sentences{"test.properties:1: 'producer_byte_rate' is set on a user, a client id or an "
                    "address, not in a broker's file; remove it"});
}

TEST_CASE("settings: a key without effect causes one warning with the reason",
          "[config][settings]") {
    CHECK(warnings_of("log.retention.hours=24\nnum.io.threads=8") ==
          Sentences{"test.properties:1: 'log.retention.hours' has no effect yet",
                    "test.properties:2: 'num.io.threads' has no effect, because Highwater chooses "
                    "it itself"});
}

TEST_CASE("settings: a key that asks for security is refused, because nothing would be protected",
          "[config][settings]") {
    const std::string why =
        " asks for security, and Highwater has no authentication, authorization or encryption yet; "
        "remove it, and listen on 127.0.0.1 or in a network that you trust";
    CHECK(errors_of("node.id=1\nauthorizer.class.name=a.B") ==
          Sentences{"test.properties:2: authorizer.class.name=a.B" + why});
    CHECK(errors_of("", {"sasl.jaas.config=x"}) ==
          Sentences{"--set: sasl.jaas.config=[hidden]" + why});
    CHECK(errors_of("listener.name.a.scram-sha-256.sasl.jaas.config=x") ==
          Sentences{"test.properties:1: 'listener.name.a.scram-sha-256.sasl.jaas.config'" + why});
    for (const std::string setting :
         {"super.users=User:ann", "allow.everyone.if.no.acl.found=true",
          "security.inter.broker.protocol=SSL", "sasl.enabled.mechanisms=PLAIN",
          "sasl.enabled.mechanisms=GSSAPI,PLAIN", "sasl.mechanism.inter.broker.protocol=PLAIN",
          "sasl.mechanism.controller.protocol=PLAIN", "ssl.client.auth=required",
          "ssl.keystore.location=/k", "ssl.truststore.password=x", "principal.builder.class=a.B",
          "listener.name.a.ssl.client.auth=requested", "delegation.token.secret.key=x"}) {
        const LoadedConfig loaded = load(setting);
        INFO(setting);
        CHECK_FALSE(loaded.config);
        REQUIRE(loaded.problems.errors.size() == 1);
        CHECK(loaded.problems.errors[0].ends_with(why));
        CHECK(warnings_of(loaded) == Sentences{});
    }
}

TEST_CASE("settings: a security key that is set to its default causes only a warning",
          "[config][settings]") {
    for (const std::string setting :
         {"authorizer.class.name=", "ssl.client.auth=none", "ssl.keystore.location=",
          "security.inter.broker.protocol=PLAINTEXT", "sasl.enabled.mechanisms= GSSAPI"}) {
        const std::string name = setting.substr(0, setting.find('='));
        CHECK(warnings_of(setting) ==
              Sentences{"test.properties:1: '" + name + "' has no effect yet"});
    }
    CHECK(warnings_of("listener.name.a.ssl.client.auth=none\nlistener.name.a.max.connections=1")
              .size() == 2);
    CHECK(errors_of("ssl.client.auth=must").at(0).find("must be one of none,") !=
          std::string::npos);
}

TEST_CASE("settings: if a key is set twice, the last value counts, with a warning",
          "[config][settings]") {
    const LoadedConfig loaded = load("num.partitions=2\nnode.id=1\nnum.partitions=3");
    REQUIRE(loaded.config);
    CHECK(loaded.config->topic_creation.partitions == 3);
    CHECK(warnings_of(loaded) ==
          Sentences{"test.properties:3: 'num.partitions' is set again; the value from "
                    "test.properties:1 is ignored"});
}

TEST_CASE("settings: --set overrides the file, even an invalid line of it", "[config][settings]") {
    const LoadedConfig loaded =
        load("num.partitions=2\nnode.id=x", {" num.partitions =5", "node.id=7", "log.dirs=/a=b"});
    REQUIRE(loaded.config);
    CHECK(warnings_of(loaded).empty());
    CHECK(loaded.config->topic_creation.partitions == 5);
    CHECK(loaded.config->node.id == BrokerId(7));
    CHECK(loaded.config->storage.log_dirs == Sentences{"/a=b"});
}

TEST_CASE("settings: --set without KEY= is an error that does not repeat the argument",
          "[config][settings]") {
    const Sentences expected{
        "--set: the argument is not KEY=VALUE; write for example --set node.id=1"};
    CHECK(errors_of("", {"secret"}) == expected);
    CHECK(errors_of("", {"=secret"}) == expected);
    CHECK(errors_of("", {""}) == expected);
}

TEST_CASE("settings: errors of the command line are distinguished from errors of the file",
          "[config][settings]") {
    const std::vector<std::string> wrong[] = {
        {"secret"},         {"num.partition=1"}, {"num.partitions=0"}, {"retention.ms=1"},
        {"super.users=me"}, {"log.dirs=/a,/a"},  {"listeners=x"},      {"broker.id=2"}};
    for (const auto& overrides : wrong) {
        const Problems problems = load("node.id=1", overrides).problems;
        INFO(overrides.front());
        CHECK_FALSE(problems.errors.empty());
        CHECK(problems.are_all_from_command_line());
    }
    CHECK_FALSE(load("num.partitions=0").problems.are_all_from_command_line());
    CHECK_FALSE(load("retention.ms=1", {"num.partitions=0"}).problems.are_all_from_command_line());
    CHECK_FALSE(load("=1", {"num.partitions=0"}).problems.are_all_from_command_line());
}

TEST_CASE("settings: an option overrides the file, and --set overrides the option",
          "[config][settings]") {
    BrokerInput input{.file_name = "f",
                      .file_text = "node.id=1\nnum.partitions=2",
                      .overrides = {"node.id=4"},
                      .default_log_dir = "/data",
                      .host_name = "machine",
                      .presets = {{"node.id", "3", "--id"}, {"num.partitions", "5", "--many"}}};
    const LoadedConfig loaded = load_broker_config(input);
    REQUIRE(loaded.config);
    CHECK(warnings_of(loaded) == Sentences{});
    CHECK(loaded.config->node.id == BrokerId(4));
    CHECK(loaded.config->topic_creation.partitions == 5);
    input.presets = {{"num.partitions", "0", "--many"}};
    CHECK(load_broker_config(input).problems.errors.at(0).starts_with(
        "--many: num.partitions=0 must be "));
}

TEST_CASE("settings: the source of each value is known", "[config][settings]") {
    const LoadedConfig loaded = load("num.partitions=2", {"node.id=3"});
    REQUIRE(loaded.config);
    const Settings& settings = loaded.config->settings;
    REQUIRE(settings.find("num.partitions") != nullptr);
    CHECK(settings.find("num.partitions")->origin == Origin::file);
    CHECK(settings.find("num.partitions")->place == "test.properties:1");
    REQUIRE(settings.find("node.id") != nullptr);
    CHECK(settings.find("node.id")->origin == Origin::command_line);
    CHECK(settings.find("log.dirs") == nullptr);
    CHECK(settings.text("log.segment.bytes") == "1073741824");
    CHECK(settings.all().size() == 2);
}

TEST_CASE("settings: no error or warning shows a secret", "[config][settings]") {
    const LoadedConfig loaded = load(
        "ssl.keystore.password=hunter2\n"
        "ssl.keystore.pasword=hunter2\n"
        "sasl.jaas.config=hunter2\n"
        "sasl.jaas.config=hunter2\n"
        "listener.name.x.ssl.key.password=hunter2\n"
        "my.own.password=hunter2\n"
        "delegation.token.secret.kei=hunter2\n",
        {"ssl.key.password=hunter2", "hunter2"});
    CHECK(loaded.problems.errors.size() == 7);
    for (const Sentences* sentences : {&loaded.problems.errors, &loaded.problems.warnings}) {
        for (const std::string& sentence : *sentences) {
            CHECK(sentence.find("hunter2") == std::string::npos);
        }
    }
}

TEST_CASE("settings: all errors are reported at once", "[config][settings]") {
    const Sentences errors = errors_of(
        "listner=x\n"
        "a=\\u12\n"
        "num.partitions=x\n"
        "segment.ms=1\n"
        "broker.heartbeat.interval.ms=3000\n");
    REQUIRE(errors.size() == 5);
    CHECK(errors[0].starts_with("test.properties:2: a \\u is not followed"));
    CHECK(errors[1].starts_with("test.properties:1: 'listner' is not a known key"));
    CHECK(errors[2].starts_with("test.properties:4: 'segment.ms' is set on a topic"));
    CHECK(errors[3].starts_with("test.properties:3: num.partitions=x must be"));
    CHECK(errors[4].starts_with("test.properties:5: broker.heartbeat.interval.ms=3000 must be"));
}

TEST_CASE("settings: random files either load or cause an error", "[config][settings]") {
    constexpr const char* kNames[] = {"node.id",
                                      "listeners",
                                      "advertised.listeners",
                                      "log.dirs",
                                      "process.roles",
                                      "controller.quorum.voters",
                                      "broker.id",
                                      "listener.security.protocol.map",
                                      "controller.listener.names",
                                      "inter.broker.listener.name"};
    constexpr std::string_view kAlphabet = "1@:/,[]APLINTEXbrokec.ht 0-";
    constexpr std::uint64_t kSeed = 8844;
    INFO("seed " << kSeed);
    Random random(kSeed);
    const auto noise = [&] {
        std::string value;
        for (std::uint64_t size = random.below(12); size > 0; --size) {
            value += kAlphabet[random.below(kAlphabet.size())];
        }
        return value;
    };
    int loaded_count = 0;
    for (int round = 0; round < 5'000; ++round) {
        std::string text;
        for (const char* name : kNames) {
            text += random.chance(1, 3) ? std::string(name) + "=" + noise() + "\n" : "";
        }
        const LoadedConfig loaded = load(text);
        loaded_count += loaded.config ? 1 : 0;
        REQUIRE(loaded.config.has_value() == loaded.problems.errors.empty());
    }
    CHECK(loaded_count > 0);
    CHECK(loaded_count < 5'000);
}

TEST_CASE("settings: a file without any known key is not a configuration", "[config][settings]") {
    CHECK(errors_of("# Highwater\n\nA partitioned, replicated log\n") ==
          Sentences{"test.properties: it contains no known key; is it the right file?"});
    CHECK(errors_of("# nothing is set\n") == Sentences{});
    CHECK(errors_of("my.own.key=1\nnum.partitions=1\n") == Sentences{});
    CHECK(warnings_of("num.partitions=1\n\nA partitioned log") ==
          Sentences{"test.properties:3: 'A' is not a known key and is ignored"});
    CHECK(warnings_of("num.partitions=1\nmy.own.key") ==
          Sentences{"test.properties:2: 'my.own.key' is not a known key and is ignored"});
}

}  // namespace
}  // namespace hw::config
