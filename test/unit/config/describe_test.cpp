#include "config/describe.h"

#include <algorithm>

#include <catch2/catch.hpp>

#include "config/key_table.h"
#include "test/unit/config/support.h"

namespace hw::config {
namespace {

DescribedKey row_of(const std::vector<DescribedKey>& rows, std::string_view name) {
    const auto found = std::ranges::find_if(
        rows, [name](const DescribedKey& row) { return row.key->name == name; });
    REQUIRE(found != rows.end());
    return *found;
}

DescribedKey topic_row(std::string_view name, const Overrides& overrides,
                       const std::string& broker = "", std::int32_t replicas = 1) {
    return row_of(describe_topic(overrides, settings_of(broker), replicas), name);
}

/// "name=value:source" for each synonym; the one that takes effect is the first.
Sentences synonyms_of(const DescribedKey& row) {
    Sentences texts;
    for (const DescribedSynonym& synonym : row.synonyms) {
        texts.push_back(std::string(synonym.name) + "=" + synonym.value.value_or("hidden") + ":" +
                        std::to_string(static_cast<int>(synonym.source)));
    }
    return texts;
}

std::size_t count_keys_in_use(Scope scope) {
    return static_cast<std::size_t>(
        std::ranges::count(keys_of(scope), Use::in_use, [](const Key* key) { return key->use; }));
}

TEST_CASE("describe: a topic shows each topic key once, whether the key has an effect or not",
          "[config][describe]") {
    const auto rows = describe_topic({}, settings_of(""), 1);
    CHECK(rows.size() == keys_of(Scope::topic).size());
    for (const DescribedKey& row : rows) {
        INFO(row.key->name);
        CHECK(row.source == Source::default_value);
        CHECK(row.value == row.key->default_value);
        CHECK_FALSE(row.is_read_only);
    }
}

TEST_CASE("describe: a topic key's default is listed under the name of its broker key",
          "[config][describe]") {
    const DescribedKey row = topic_row("segment.bytes", {});
    CHECK(row.value == "1073741824");
    CHECK(synonyms_of(row) == Sentences{"log.segment.bytes=1073741824:5"});
}

TEST_CASE("describe: the topic's own value overrides the broker's, which overrides the default",
          "[config][describe]") {
    const DescribedKey own =
        topic_row("max.message.bytes", {{"max.message.bytes", "10"}}, "message.max.bytes=20");
    CHECK(own.value == "10");
    CHECK(own.source == Source::topic);
    CHECK(synonyms_of(own) == Sentences{"max.message.bytes=10:1", "message.max.bytes=20:4",
                                        "message.max.bytes=1048588:5"});
    const DescribedKey brokers = topic_row("max.message.bytes", {}, "message.max.bytes=20");
    CHECK(brokers.value == "20");
    CHECK(brokers.source == Source::static_broker);
}

TEST_CASE("describe: a value has the unit of the topic key, a synonym the unit of its broker key",
          "[config][describe]") {
    const DescribedKey hours = topic_row("retention.ms", {}, "log.retention.hours=2");
    CHECK(hours.value == "7200000");
    CHECK(synonyms_of(hours) == Sentences{"log.retention.hours=2:4"});
    const DescribedKey minutes =
        topic_row("retention.ms", {}, "log.retention.hours=2\nlog.retention.minutes=1");
    CHECK(minutes.value == "60000");
    CHECK(topic_row("retention.ms", {}, "log.retention.hours=-1").value == "-1");
}

TEST_CASE("describe: min.insync.replicas has a default that depends on the number of replicas",
          "[config][describe]") {
    const DescribedKey three = topic_row("min.insync.replicas", {}, "", 3);
    CHECK(three.value == "2");
    CHECK(three.source == Source::default_value);
    CHECK(synonyms_of(three) == Sentences{"min.insync.replicas=2:5"});
    CHECK(topic_row("min.insync.replicas", {}, "min.insync.replicas=1", 3).value == "1");
}

TEST_CASE("describe: a topic shows Kafka keys without effect, with value, source and synonyms",
          "[config][describe]") {
    const DescribedKey retention = topic_row("retention.ms", {{"retention.ms", "604800000"}});
    CHECK(retention.source == Source::topic);
    CHECK(synonyms_of(retention) == Sentences{"retention.ms=604800000:1"});
    const DescribedKey bytes = topic_row("retention.bytes", {});
    CHECK(bytes.value == "-1");
    CHECK(bytes.source == Source::default_value);
    CHECK(synonyms_of(bytes) == Sentences{"log.retention.bytes=-1:5"});
    const DescribedKey unclean =
        topic_row("unclean.leader.election.enable", {}, "unclean.leader.election.enable=false");
    CHECK(unclean.source == Source::static_broker);
    CHECK(synonyms_of(unclean) == Sentences{"unclean.leader.election.enable=false:4",
                                            "unclean.leader.election.enable=false:5"});
    CHECK(topic_row("flush.ms", {}).value == "9223372036854775807");
    CHECK(synonyms_of(topic_row("remote.storage.enable", {})).empty());
}

TEST_CASE("describe: a group shows each group key, and the broker's value if it has none",
          "[config][describe]") {
    const Settings broker = settings_of("group.consumer.session.timeout.ms=50000");
    const auto rows = describe_group({{"consumer.heartbeat.interval.ms", "2000"}}, broker);
    CHECK(rows.size() == keys_of(Scope::group).size());
    const DescribedKey own = row_of(rows, "consumer.heartbeat.interval.ms");
    CHECK(own.value == "2000");
    CHECK(own.source == Source::group);
    CHECK_FALSE(own.is_read_only);
    CHECK(synonyms_of(own) == Sentences{"consumer.heartbeat.interval.ms=2000:8",
                                        "group.consumer.heartbeat.interval.ms=1000:5"});
    const DescribedKey brokers = row_of(rows, "consumer.session.timeout.ms");
    CHECK(brokers.value == "50000");
    CHECK(brokers.source == Source::static_broker);
    CHECK(row_of(rows, "share.isolation.level").value == "read_uncommitted");
    CHECK_FALSE(row_of(rows, "streams.assignor.name").value.has_value());
}

TEST_CASE("describe: a broker key without effect is shown only if it is set",
          "[config][describe]") {
    CHECK(describe_broker(settings_of("log.retention.hours=2")).size() ==
          count_keys_in_use(Scope::broker) + 1);
}

TEST_CASE("describe: a broker shows each key that has an effect once, with its source",
          "[config][describe]") {
    const auto rows = describe_broker(settings_of("num.partitions=4"));
    CHECK(rows.size() == count_keys_in_use(Scope::broker));
    const DescribedKey set = row_of(rows, "num.partitions");
    CHECK(set.value == "4");
    CHECK(set.source == Source::static_broker);
    CHECK(set.is_read_only);
    CHECK(synonyms_of(set) == Sentences{"num.partitions=4:4", "num.partitions=1:5"});
    const DescribedKey unset = row_of(rows, "message.max.bytes");
    CHECK(unset.source == Source::default_value);
    CHECK_FALSE(unset.is_read_only);
    CHECK_FALSE(row_of(rows, "log.dirs").value.has_value());
}

TEST_CASE("describe: a sensitive value is never shown", "[config][describe]") {
    const auto rows = describe_broker(settings_of("ssl.keystore.password=hunter2"));
    const DescribedKey row = row_of(rows, "ssl.keystore.password");
    CHECK_FALSE(row.value.has_value());
    CHECK(row.source == Source::static_broker);
    CHECK(synonyms_of(row) == Sentences{"ssl.keystore.password=hidden:4"});
}

}  // namespace
}  // namespace hw::config
