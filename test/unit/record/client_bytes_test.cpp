#include <string>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "protocol/record/produce_validator.h"
#include "protocol/record/xerial.h"
#include "test/unit/record/fixture.h"

namespace hw::record {
namespace {

/// The records in the batches that kafka-python and the Java client wrote for test/golden.
std::vector<test::OwnedRecord> client_records() {
    std::vector<test::OwnedRecord> records;
    for (std::int32_t i = 0; i < 40; ++i) {
        test::OwnedRecord record;
        record.offset_delta = i;
        record.timestamp = test::kNow + i * 10;
        if (i % 5 != 0) {
            record.key = fmt::format("key-{}", i);
        }
        if (i % 7 != 3) {
            record.value = fmt::format("value {} ", i);
            for (int j = 0; j < i % 20; ++j) {
                *record.value += "abc";
            }
        }
        if (i % 4 == 0) {
            record.headers = {{"h", "v"}, {"n", std::nullopt}};
        }
        records.push_back(record);
    }
    return records;
}

TEST_CASE("clients: batches of kafka-python and Java in every codec are readable and valid",
          "[record][clients]") {
    RecordScanner scanner;
    ProduceRules rules;
    rules.now = test::kNow;
    for (const char* client : {"kafka-python", "java"}) {
        for (const Codec codec : test::kCodecs) {
            CAPTURE(client, to_string(codec));
            const std::string bytes =
                test::golden(fmt::format("kafka/{}-{}.batch", client, to_string(codec)));
            const BatchView batch = test::parsed(as_bytes(bytes));
            CHECK(batch.codec() == codec);
            CHECK(test::read_all(batch) == client_records());
            const auto valid = validate_produce(as_bytes(bytes), rules, scanner);
            REQUIRE(valid);
            CHECK(valid->count == 40);
            CHECK_FALSE(valid->timestamps_differ);
            CHECK(valid->max_timestamp == test::kNow + 390);
            CHECK(valid->max_timestamp_delta == 39);
        }
    }
}

TEST_CASE("clients: librdkafka writes snappy without framing, the others with xerial framing",
          "[record][clients]") {
    const auto is_framed = [](const char* name) {
        const std::string bytes = test::golden(name);
        return Xerial::is_framed(test::parsed(as_bytes(bytes)).records());
    };
    CHECK_FALSE(is_framed("kafka/codec-snappy.log"));
    CHECK(is_framed("kafka/java-snappy.batch"));
    CHECK(is_framed("kafka/kafka-python-snappy.batch"));
}

TEST_CASE("clients: batches of librdkafka in every codec are valid", "[record][clients]") {
    RecordScanner scanner;
    ProduceRules rules;
    rules.now = Timestamp{1'795'394'117'083};
    for (const Codec codec : test::kCodecs) {
        CAPTURE(to_string(codec));
        const std::string bytes = test::golden(fmt::format("kafka/codec-{}.log", to_string(codec)));
        const auto valid = validate_produce(as_bytes(bytes), rules, scanner);
        REQUIRE(valid);
        CHECK(valid->count == 300);
        CHECK_FALSE(valid->timestamps_differ);
    }
}

}  // namespace
}  // namespace hw::record
