#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "controller/image/image_loader.h"
#include "protocol/record/batch_cursor.h"
#include "protocol/record/record.h"
#include "test/unit/controller/world.h"

namespace hw::controller {
namespace {

using testing::text_of;

std::string file(const std::string& name) {
    std::ifstream stream(std::string(HW_GOLDEN) + "/" + name, std::ios::binary);
    REQUIRE(stream);
    return {std::istreambuf_iterator<char>(stream), {}};
}

/// Loads a batch that Kafka wrote.
void load(ImageLoader& loader, const record::BatchView& batch) {
    Arena arena(1 << 20);
    std::vector<schema::VersionedMetadataRecord> records;
    record::RecordCursor cursor(batch, batch.records());
    while (const auto entry = cursor.next()) {
        if (!batch.is_control()) {
            const auto decoded = schema::decode_metadata_record(*entry->value, arena);
            REQUIRE(decoded);
            records.push_back(*decoded);
        }
    }
    REQUIRE(cursor.status());
    const auto loaded = loader.load({.base_offset = batch.base_offset(),
                                     .last_offset = batch.last_offset(),
                                     .epoch = batch.leader_epoch(),
                                     .records = records});
    INFO((loaded ? std::string() : loaded.error().message));
    REQUIRE(loaded);
}

/// The image after all batches that end below `end_offset`.
MetadataImage image_of(const std::string& bytes, Offset end_offset) {
    ImageLoader loader{MetadataImage("c")};
    record::BatchCursor batches(as_bytes(bytes));
    while (const auto batch = batches.next()) {
        if (batch->last_offset() < end_offset) {
            load(loader, *batch);
        }
    }
    REQUIRE(batches.status());
    return *loader.image();
}

/// The image as text, without the data that a snapshot does not keep: offset and epoch of the log,
/// and offsets of registrations.
std::string content_of(MetadataImage image) {
    image.set_position(kNoOffset, kNoLeaderEpoch);
    const auto brokers = image.brokers();
    for (const auto& [id, broker] : brokers) {
        BrokerImage timeless = broker;
        timeless.catch_up_to = kNoOffset;
        image.put(timeless);
    }
    return text_of(image);
}

TEST_CASE("kafka log: a metadata log that Kafka wrote is replayed to its end",
          "[controller][golden]") {
    const MetadataImage image = image_of(file("cluster_metadata.log"), Offset(INT64_MAX));
    CHECK(image.last_offset() == Offset(202));
    CHECK(image.feature_level(kMetadataVersionFeature) == 30);
    CHECK(image.feature_level("transaction.version") == 2);
    const BrokerImage* broker = image.find_broker(BrokerId(1));
    REQUIRE(broker != nullptr);
    CHECK(broker->epoch == BrokerEpoch(11));
    CHECK(broker->catch_up_to == Offset(201));
    CHECK(broker->fenced);
    CHECK(broker->in_controlled_shutdown);
    CHECK(broker->rack == "RACK1");
    CHECK(image.controllers().contains(BrokerId(1)));
    CHECK(image.next_producer_id() >= ProducerId(1000));
    CHECK(image.find_topic("filler3") == nullptr);
    CHECK(image.find_topic("codec-none")->partitions.size() == 2);
    CHECK(image.find_topic("__consumer_offsets")->internal);
    const ConfigValues* rolled = image.find_configs({ConfigResourceType::topic, "rolled"});
    REQUIRE(rolled != nullptr);
    CHECK(rolled->at("segment.bytes") == "1048576");
    const PartitionImage* last = image.find_topic("codec-lz4")->partitions.find(PartitionIndex(0));
    CHECK(text_of(*last) == "replicas 1 isr  leader -1 epoch 1/1");
    CHECK(last->elr == std::vector{BrokerId(1)});
}

TEST_CASE("kafka log: Kafka's snapshot and its log up to the snapshot give the same image",
          "[controller][golden]") {
    const MetadataImage log = image_of(file("cluster_metadata.log"), Offset(30));
    const MetadataImage snapshot = image_of(file("cluster_metadata.checkpoint"), Offset(INT64_MAX));
    CHECK(log.last_offset() == Offset(29));
    CHECK(content_of(log) == content_of(snapshot));
}

}  // namespace
}  // namespace hw::controller
