#include "config/key_table.h"

#include <set>
#include <sstream>

#include <catch2/catch.hpp>

#include "config/synonyms.h"
#include "config/value.h"
#include "test/unit/config/support.h"

namespace hw::config {
namespace {

constexpr Scope kScopes[] = {Scope::broker, Scope::topic, Scope::group, Scope::client_metrics,
                             Scope::quota};

Scope scope_named(const std::string& name) {
    if (name == "topic") {
        return Scope::topic;
    }
    if (name == "group") {
        return Scope::group;
    }
    if (name == "client_metrics") {
        return Scope::client_metrics;
    }
    return name == "quota" ? Scope::quota : Scope::broker;
}

const Key& key_named(Scope scope, std::string_view name) {
    const Key* key = find_key(scope, name);
    INFO(name);
    REQUIRE(key != nullptr);
    return *key;
}

TEST_CASE("key table: every key of Kafka 4.4 is known", "[config][table]") {
    std::istringstream lines(read_file(HW_TEST_DATA "/key_names.txt"));
    std::string line;
    std::getline(lines, line);
    int known = 0;
    std::string scope;
    for (std::string name; lines >> scope >> name; ++known) {
        INFO(scope << " " << name);
        CHECK(find_key(scope_named(scope), name) != nullptr);
    }
    CHECK(known == 413);
}

TEST_CASE("key table: the keys of a scope have distinct names, and each has a description",
          "[config][table]") {
    for (const Scope scope : kScopes) {
        std::set<std::string_view> names;
        for (const Key* key : keys_of(scope)) {
            INFO(key->name);
            CHECK(names.insert(key->name).second);
            CHECK(key->doc.ends_with('.'));
            CHECK(key->doc.size() > 10);
        }
        CHECK_FALSE(names.empty());
    }
}

TEST_CASE("key table: each default is valid for its key and supported", "[config][table]") {
    for (const Scope scope : kScopes) {
        for (const Key* key : keys_of(scope)) {
            INFO(key->name);
            CHECK((!key->default_value || is_valid(*key, *key->default_value)));
            CHECK((!key->default_value || is_offered(*key, *key->default_value)));
        }
    }
}

TEST_CASE("key table: each rule accepts its minimum and maximum, and nothing beyond them",
          "[config][table]") {
    for (const Scope scope : kScopes) {
        for (const Key* key : keys_of(scope)) {
            INFO(key->name);
            const Rule& rule = key->rule;
            if (rule.min != std::numeric_limits<std::int64_t>::min()) {
                CHECK(is_valid(*key, std::to_string(rule.min)));
                CHECK((!is_valid(*key, std::to_string(rule.min - 1)) || rule.also == rule.min - 1));
            }
            if (rule.max != std::numeric_limits<std::int64_t>::max()) {
                CHECK(is_valid(*key, std::to_string(rule.max)));
                CHECK_FALSE(is_valid(*key, std::to_string(rule.max + 1)));
            }
        }
    }
}

struct Expected {
    Scope scope;
    std::string_view name;
    Type type;
    std::string_view default_value;
    std::string_view accepted;  ///< the smallest number, or another value at the edge of the rule
    std::string_view refused;
};

TEST_CASE("key table: important keys have the documented type, default and bounds",
          "[config][table]") {
    constexpr Scope kBroker = Scope::broker;
    constexpr Scope kTopic = Scope::topic;
    const Expected all[] = {
        {kBroker, "broker.session.timeout.ms", Type::int32, "3000", "1", "0"},
        {kBroker, "broker.heartbeat.interval.ms", Type::int32, "500", "1", "0"},
        {kBroker, "replica.lag.time.max.ms", Type::int64, "10000", "0", "x"},
        {kBroker, "replica.lag.max.messages", Type::int64, "-1", "-1", "0"},
        {kBroker, "controller.quorum.fetch.timeout.ms", Type::int32, "1000", "0", "-1"},
        {kBroker, "controller.quorum.election.timeout.ms", Type::int32, "500", "0", "-1"},
        {kBroker, "auto.create.topics.enable", Type::boolean, "true", "FALSE", "1"},
        {kBroker, "num.partitions", Type::int32, "1", "1", "0"},
        {kBroker, "message.max.bytes", Type::int32, "1048588", "0", "-1"},
        {kBroker, "socket.request.max.bytes", Type::int32, "104857600", "1", "0"},
        {kBroker, "connections.max.idle.ms", Type::int64, "600000", "-1", "1.5"},
        {kBroker, "producer.id.expiration.ms", Type::int32, "86400000", "1", "0"},
        {kBroker, "log.retention.hours", Type::int32, "168", "-1", "0"},
        {kBroker, "highwater.durability.default", Type::string, "disk", "memory", "Disk"},
        {kBroker, "highwater.produce.validation", Type::string, "full", "header", "none"},
        {kBroker, "highwater.disk.stall.ms", Type::int64, "10000", "1000", "999"},
        {kTopic, "segment.bytes", Type::int32, "1073741824", "1048576", "1048575"},
        {kTopic, "segment.ms", Type::int64, "604800000", "1", "0"},
        {kTopic, "retention.ms", Type::int64, "604800000", "-1", "-2"},
        {kTopic, "max.message.bytes", Type::int32, "1048588", "0", "-1"},
        {kTopic, "index.interval.bytes", Type::int32, "4096", "0", "-1"},
        {kTopic, "segment.index.bytes", Type::int32, "10485760", "4", "3"},
        {kTopic, "min.insync.replicas", Type::int32, "1", "1", "0"},
        {kTopic, "min.cleanable.dirty.ratio", Type::float64, "0.5", "0", "-0.1"},
        {kTopic, "compression.gzip.level", Type::int32, "-1", "1", "0"},
        {kTopic, "flush.messages", Type::int64, "9223372036854775807", "1", "0"},
        {kTopic, "message.timestamp.after.max.ms", Type::int64, "3600000", "0", "-1"},
        {kTopic, "highwater.durability", Type::string, "disk", "memory", "tape"},
    };
    for (const Expected& expected : all) {
        const Key& key = key_named(expected.scope, expected.name);
        CHECK(key.type == expected.type);
        CHECK(key.default_value == expected.default_value);
        CHECK(is_valid(key, expected.accepted));
        CHECK_FALSE(is_valid(key, expected.refused));
    }
}

TEST_CASE("key table: keys with a derived default have none in the table", "[config][table]") {
    for (const std::string_view name :
         {"default.replication.factor", "min.insync.replicas", "highwater.memory.limit", "log.dirs",
          "offsets.topic.replication.factor", "node.id", "listeners"}) {
        CHECK_FALSE(key_named(Scope::broker, name).default_value.has_value());
    }
}

TEST_CASE("key table: passwords and secret keys are sensitive", "[config][table]") {
    for (const std::string_view name :
         {"ssl.keystore.password", "ssl.key.password", "ssl.keystore.key", "sasl.jaas.config",
          "ssl.truststore.password", "delegation.token.secret.key"}) {
        CHECK(key_named(Scope::broker, name).is_sensitive());
    }
    CHECK_FALSE(key_named(Scope::broker, "ssl.keystore.location").is_sensitive());
}

TEST_CASE("key table: a name within two edits of a key finds this key", "[config][table]") {
    CHECK(nearest_key(Scope::broker, "num.partition")->name == "num.partitions");
    CHECK(nearest_key(Scope::broker, "num.partitoins")->name == "num.partitions");
    CHECK(nearest_key(Scope::broker, "nom.partitionss")->name == "num.partitions");
    CHECK(nearest_key(Scope::broker, "log.dir")->name == "log.dir");
    CHECK(nearest_key(Scope::broker, "nom.partitionsss") == nullptr);
    CHECK(nearest_key(Scope::topic, "retention.mss")->name == "retention.ms");
    CHECK(nearest_key(Scope::topic, "num.partitions") == nullptr);
    CHECK(nearest_key(Scope::broker, "") == nullptr);
    CHECK(nearest_key(Scope::broker, std::string(100'000, 'a')) == nullptr);
}

TEST_CASE(
    "key table: a listener's own key is found after the prefixes of listener and SASL mechanism",
    "[config][table]") {
    const Key& key = key_named(Scope::broker, "sasl.jaas.config");
    CHECK(key_of_listener("listener.name.inside.sasl.jaas.config") == &key);
    CHECK(key_of_listener("listener.name.inside.plain.sasl.jaas.config") == &key);
    for (const std::string_view name :
         {"sasl.jaas.config", "listener.name.sasl", "listener.name.", "listener.name.a.b.", ""}) {
        CHECK(key_of_listener(name) == nullptr);
    }
}

TEST_CASE("key table: no broker key is within two edits of a key of another scope",
          "[config][table]") {
    for (const Scope scope : {Scope::topic, Scope::group, Scope::client_metrics, Scope::quota}) {
        for (const Key* key : keys_of(scope)) {
            const Key* nearest = nearest_key(Scope::broker, key->name);
            INFO(key->name);
            CHECK((nearest == nullptr || nearest->name == key->name));
        }
    }
}

TEST_CASE("synonyms: each synonym is a broker key with the same default as its key",
          "[config][table]") {
    const Scope scope = GENERATE(Scope::topic, Scope::group);
    std::size_t with_synonyms = 0;
    for (const Key* key : keys_of(scope)) {
        for (const Synonym& synonym : synonyms_of(key->name)) {
            INFO(key->name << " " << synonym.broker_key);
            const Key& broker_key = key_named(Scope::broker, synonym.broker_key);
            CHECK(key_with_synonym(scope, broker_key.name) == key->name);
            if (!broker_key.default_value) {
                continue;
            }
            if (synonym.factor == 1) {
                CHECK(broker_key.default_value == key->default_value);
            } else {
                CHECK(*parse_integer(*broker_key.default_value) * synonym.factor ==
                      *parse_integer(*key->default_value));
            }
        }
        with_synonyms += synonyms_of(key->name).empty() ? 0 : 1;
    }
    CHECK(with_synonyms == (scope == Scope::topic ? 31 : 13));
    CHECK(synonyms_of("retention.ms").size() == 3);
    CHECK(synonyms_of("remote.storage.enable").empty());
    CHECK(key_with_synonym(Scope::topic, "num.partitions").empty());
    CHECK(key_with_synonym(Scope::topic, "group.consumer.session.timeout.ms").empty());
}

}  // namespace
}  // namespace hw::config
