#include "config/topic_config.h"

#include <catch2/catch.hpp>

#include "config/key_table.h"
#include "test/unit/config/support.h"

namespace hw::config {
namespace {

using std::chrono::milliseconds;

TopicConfig topic_of(const Overrides& overrides, const std::string& broker = "") {
    const auto config = make_topic_config(overrides, settings_of(broker));
    REQUIRE(config);
    return *config;
}

std::string refusal(std::string_view name, std::string_view value) {
    const auto checked = check_topic_setting(name, value);
    return checked ? "accepted" : checked.error().message;
}

TEST_CASE("topic config: a topic without settings has the defaults", "[config][topic]") {
    const TopicConfig topic = topic_of({});
    CHECK(topic.segment_bytes_max == 1 << 30);
    CHECK(topic.segment_age_max == milliseconds(604'800'000));
    CHECK(topic.segment_jitter_max == milliseconds(0));
    CHECK(topic.index_bytes_max == 10'485'760);
    CHECK(topic.index_interval_bytes == 4096);
    CHECK(topic.flush_records == std::numeric_limits<std::int64_t>::max());
    CHECK(topic.flush_age_max == milliseconds::max());
    CHECK(topic.file_delete_delay == milliseconds(60'000));
    CHECK(topic.batch_bytes_max == 1'048'588);
    CHECK(topic.timestamp_type == TimestampType::create_time);
    CHECK(topic.timestamp_before_max == milliseconds::max());
    CHECK(topic.timestamp_after_max == milliseconds(3'600'000));
    CHECK(topic.durability == Durability::disk);
}

TEST_CASE("topic config: each value is taken from the topic's key", "[config][topic]") {
    const TopicConfig topic = topic_of({{"segment.bytes", "1048576"},
                                        {"segment.ms", "1"},
                                        {"segment.jitter.ms", "2"},
                                        {"segment.index.bytes", "4"},
                                        {"index.interval.bytes", "5"},
                                        {"flush.messages", "6"},
                                        {"flush.ms", "7"},
                                        {"file.delete.delay.ms", "8"},
                                        {"max.message.bytes", " 9 "},
                                        {"min.insync.replicas", "3"},
                                        {"message.timestamp.type", "LogAppendTime"},
                                        {"message.timestamp.before.max.ms", "10"},
                                        {"message.timestamp.after.max.ms", "11"},
                                        {"highwater.durability", "memory"}});
    CHECK(topic.segment_bytes_max == 1'048'576);
    CHECK(topic.segment_age_max == milliseconds(1));
    CHECK(topic.segment_jitter_max == milliseconds(2));
    CHECK(topic.index_bytes_max == 4);
    CHECK(topic.index_interval_bytes == 5);
    CHECK(topic.flush_records == 6);
    CHECK(topic.flush_age_max == milliseconds(7));
    CHECK(topic.file_delete_delay == milliseconds(8));
    CHECK(topic.batch_bytes_max == 9);
    CHECK(topic.min_insync_replicas(5) == 3);
    CHECK(topic.timestamp_type == TimestampType::log_append_time);
    CHECK(topic.timestamp_before_max == milliseconds(10));
    CHECK(topic.timestamp_after_max == milliseconds(11));
    CHECK(topic.durability == Durability::memory);
}

TEST_CASE("topic config: the broker's keys give the topic's defaults", "[config][topic]") {
    const std::string broker =
        "message.max.bytes=2000\n"
        "log.roll.hours=2\n"
        "log.flush.scheduler.interval.ms=50\n"
        "min.insync.replicas=1\n"
        "highwater.durability.default=memory\n";
    const TopicConfig topic = topic_of({{"max.message.bytes", "100"}}, broker);
    CHECK(topic.batch_bytes_max == 100);
    CHECK(topic.segment_age_max == milliseconds(7'200'000));
    CHECK(topic.flush_age_max == milliseconds(50));
    CHECK(topic.min_insync_replicas(3) == 1);
    CHECK(topic.durability == Durability::memory);
}

TEST_CASE("topic config: of two synonyms the more specific one counts", "[config][topic]") {
    CHECK(topic_of({}, "log.roll.hours=2\nlog.roll.ms=5").segment_age_max == milliseconds(5));
    CHECK(
        topic_of({}, "log.flush.scheduler.interval.ms=2\nlog.flush.interval.ms=3").flush_age_max ==
        milliseconds(3));
    CHECK(topic_of({}, "log.roll.hours=2147483647").segment_age_max ==
          milliseconds(2147483647LL * 3'600'000));
}

TEST_CASE(
    "topic config: by default two replicas must be in sync, or one if there are fewer than three",
    "[config][topic]") {
    const TopicConfig derived = topic_of({});
    CHECK(derived.min_insync_replicas(1) == 1);
    CHECK(derived.min_insync_replicas(2) == 1);
    CHECK(derived.min_insync_replicas(3) == 2);
    CHECK(derived.min_insync_replicas(5) == 2);
}

TEST_CASE("topic config: an invalid override is an error, an unknown one is ignored",
          "[config][topic]") {
    const auto broken = make_topic_config({{"segment.ms", "0"}}, settings_of(""));
    REQUIRE_FALSE(broken);
    CHECK(broken.error().message ==
          "segment.ms=0 must be a whole number of at least 1 (milliseconds)");
    CHECK(make_topic_config({{"some.later.key", "x"}, {"retention.ms", "5"}}, settings_of("")));
}

TEST_CASE("topic setting: a supported key accepts the values of its rule", "[config][topic]") {
    CHECK(check_topic_setting("segment.bytes", "1048576"));
    CHECK(check_topic_setting("highwater.durability", "memory"));
    const auto broken = check_topic_setting("segment.bytes", "1048575");
    REQUIRE_FALSE(broken);
    CHECK(broken.error().kind == ErrorKind::invalid);
    CHECK(broken.error().message ==
          "segment.bytes=1048575 must be a whole number from 1048576 to 2147483647 (bytes)");
}

TEST_CASE("topic setting: a key without effect accepts only its default", "[config][topic]") {
    CHECK(check_topic_setting("segment.jitter.ms", "0"));
    CHECK(check_topic_setting("segment.jitter.ms", " 0"));
    CHECK(check_topic_setting("preallocate", "FALSE"));
    const auto refused = check_topic_setting("segment.jitter.ms", "1000");
    REQUIRE_FALSE(refused);
    CHECK(refused.error().kind == ErrorKind::unsupported);
    CHECK(
        refused.error().message ==
        "segment.jitter.ms=1000 is not supported yet: only the default '0' is; leave the key out");
    CHECK(refusal("segment.jitter.ms", "x") ==
          "segment.jitter.ms=x must be a whole number of at least 0 (milliseconds)");
}

TEST_CASE("topic setting: retention may be set, with a warning unless it is forever",
          "[config][topic]") {
    for (const std::string name : {"retention.ms", "retention.bytes"}) {
        CHECK(refusal(name, "1000") == "accepted");
        CHECK(warning_for_setting(name, " 1000") ==
              name + "=1000: this version removes nothing yet; the topic keeps every record");
        CHECK(refusal(name, "-1") == "accepted");
        CHECK(warning_for_setting(name, "-1").empty());
    }
    CHECK(refusal("delete.retention.ms", "5") == "accepted");
    CHECK(warning_for_setting("delete.retention.ms", "5").empty());
    CHECK(refusal("min.cleanable.dirty.ratio", "0.1") == "accepted");
    CHECK(refusal("retention.ms", "x") ==
          "retention.ms=x must be a whole number of at least -1 (milliseconds)");
}

TEST_CASE("topic setting: an unsupported value is refused", "[config][topic]") {
    CHECK(refusal("cleanup.policy", "delete") == "accepted");
    CHECK(refusal("cleanup.policy", "") ==
          "cleanup.policy= is not supported yet: only 'delete,compact' is");
    CHECK(refusal("compression.type", "gzip") ==
          "compression.type=gzip is not supported yet: only 'producer' is");
    CHECK(refusal("compression.type", "zip") ==
          "compression.type=zip must be one of producer, uncompressed, gzip, snappy, lz4, zstd");
}

TEST_CASE("topic setting: compaction may be set, with a warning", "[config][topic]") {
    const std::string caution = ": this version compacts nothing yet; the topic keeps every record";
    for (const std::string policy : {"compact", "compact,delete", "delete, compact"}) {
        CHECK(refusal("cleanup.policy", policy) == "accepted");
        CHECK(warning_for_setting("cleanup.policy", policy) ==
              "cleanup.policy=" + policy + caution);
        CHECK(topic_of({{"cleanup.policy", policy}}).is_compacted);
    }
    CHECK(refusal("cleanup.policy", "compacted") ==
          "cleanup.policy=compacted must be a list of delete, compact");
    CHECK(warning_for_setting("cleanup.policy", "delete").empty());
    CHECK(warning_for_setting("compact", "compact").empty());
    CHECK_FALSE(topic_of({}).is_compacted);
}

TEST_CASE("topic setting: each key accepts the default that is shown for it", "[config][topic]") {
    for (const Key* key : keys_of(Scope::topic)) {
        INFO(key->name);
        REQUIRE(key->default_value.has_value());
        CHECK(check_topic_setting(key->name, *key->default_value));
    }
}

TEST_CASE("topic setting: an unknown name is refused, with a hint if there is one",
          "[config][topic]") {
    CHECK(refusal("dummy.doesntexist", "x") == "'dummy.doesntexist' is not a topic key");
    CHECK(refusal("retention.mss", "5") ==
          "'retention.mss' is not a topic key; did you mean 'retention.ms'?");
    CHECK(refusal("log.retention.hours", "5") ==
          "'log.retention.hours' is a broker key; the topic key with that meaning is "
          "'retention.ms'");
    CHECK(check_topic_setting("num.partitions", "1").error().kind == ErrorKind::not_found);
}

TEST_CASE("topic change: durability may be lowered, not raised", "[config][topic]") {
    const TopicConfig disk = topic_of({});
    const TopicConfig memory = topic_of({{"highwater.durability", "memory"}});
    CHECK(check_topic_change(disk, memory));
    CHECK(check_topic_change(disk, disk));
    CHECK(check_topic_change(memory, memory));
    const auto raised = check_topic_change(memory, disk);
    REQUIRE_FALSE(raised);
    CHECK(raised.error().message ==
          "highwater.durability cannot change from memory to disk: records of this topic were "
          "acknowledged before they were on disk; make a new topic with highwater.durability=disk "
          "and copy them");
}

}  // namespace
}  // namespace hw::config
