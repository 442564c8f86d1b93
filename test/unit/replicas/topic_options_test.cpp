#include "broker/replicas/topic_options.h"

#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "test/support/log_lines.h"
#include "test/unit/config/support.h"

namespace hw::broker {
namespace {

struct Fixture {
    config::TopicConfig config() const {
        return topic_config_of(image, "orders", settings, Logger(log, "test"));
    }
    void set(controller::ConfigValues values) {
        image.set_configs({controller::ConfigResourceType::topic, "orders"}, std::move(values));
    }

    controller::MetadataImage image{"cluster"};
    config::Settings settings = config::settings_of("log.segment.bytes=2097152");
    mutable test::LogLines log;
};

TEST_CASE("topic options: a setting of the topic overrides that of the broker", "[replicas]") {
    Fixture fixture;
    CHECK(log_options_of(fixture.config()).segment_bytes == 2097152);
    fixture.set({{"segment.bytes", "3145728"}});
    CHECK(log_options_of(fixture.config()).segment_bytes == 3145728);
    CHECK(fixture.log.lines.empty());
}

TEST_CASE("topic options: an invalid stored value counts as not set and is logged", "[replicas]") {
    Fixture fixture;
    fixture.set({{"segment.bytes", "many"}, {"segment.ms", "60000"}, {"of.the.future", "1"}});
    const storage::LogOptions options = log_options_of(fixture.config());
    CHECK(options.segment_bytes == 2097152);
    CHECK(options.segment_ms == 60000);
    REQUIRE(fixture.log.lines.size() == 1);
    CHECK(fixture.log.lines.front() ==
          "topic 'orders': segment.bytes=many must be a whole number from 1048576 to 2147483647 "
          "(bytes); the default is used until it is set again");
}

TEST_CASE("topic options: an internal topic is durable on disk whatever the default says",
          "[replicas]") {
    Fixture fixture;
    fixture.settings = config::settings_of("highwater.durability.default=memory");
    CHECK(fixture.config().durability == config::Durability::memory);
    const auto internal = topic_config_of(fixture.image, "__consumer_offsets", fixture.settings,
                                          Logger(fixture.log, "test"));
    CHECK(internal.durability == config::Durability::disk);
}

TEST_CASE("topic options: each key of a log reaches its options", "[replicas]") {
    Fixture fixture;
    fixture.set({{"segment.bytes", "3145728"},
                 {"segment.ms", "60000"},
                 {"index.interval.bytes", "512"},
                 {"segment.index.bytes", "8192"}});
    const storage::LogOptions options = log_options_of(fixture.config());
    CHECK(options.segment_bytes == 3145728);
    CHECK(options.segment_ms == 60000);
    CHECK(options.index_interval_bytes == 512);
    CHECK(options.segment_index_bytes == 8192);
}

TEST_CASE("topic options: each key of a partition reaches its options", "[replicas]") {
    Fixture fixture;
    fixture.set({{"highwater.durability", "memory"},
                 {"min.insync.replicas", "4"},
                 {"flush.messages", "7"},
                 {"max.message.bytes", "1000"},
                 {"cleanup.policy", "delete,compact"},
                 {"message.timestamp.type", "LogAppendTime"},
                 {"message.timestamp.before.max.ms", "20"},
                 {"message.timestamp.after.max.ms", "30"}});
    const auto options =
        partition_options_of(fixture.config(), 5, config::ProduceValidation::header);
    CHECK(options.durability == replication::Durability::memory);
    CHECK(options.min_insync_replicas == 4);
    CHECK(options.flush_messages == 7);
    CHECK(options.produce.validation == record::ProduceValidation::header);
    CHECK(options.produce.max_message_bytes == 1000);
    CHECK(options.produce.timestamp_type == record::TimestampType::log_append_time);
    CHECK(options.produce.timestamp_window.before_max == 20);
    CHECK(options.produce.timestamp_window.after_max == 30);
    CHECK(options.produce.compacted);
}

TEST_CASE("topic options: a topic without settings is durable, and its records are checked",
          "[replicas]") {
    Fixture fixture;
    const auto options = partition_options_of(fixture.config(), 3, config::ProduceValidation::full);
    CHECK(options.durability == replication::Durability::disk);
    CHECK(options.min_insync_replicas == 2);
    CHECK(options.flush_messages == INT64_MAX);
    CHECK(options.produce.validation == record::ProduceValidation::full);
    CHECK(options.produce.timestamp_type == record::TimestampType::create_time);
    CHECK_FALSE(options.produce.compacted);
    CHECK(partition_options_of(fixture.config(), 2, config::ProduceValidation::full)
              .min_insync_replicas == 1);
}

}  // namespace
}  // namespace hw::broker
