#include "protocol/record/produce_validator.h"

#include <lz4frame.h>
#include <string>
#include <utility>

#include <catch2/catch.hpp>

#include "protocol/record/batch_patch.h"
#include "test/unit/record/fixture.h"

namespace hw::record {
namespace {

using L = BatchLayout;
using wire::ErrorCode;

ProduceRules rules_now() {
    ProduceRules rules;
    rules.now = test::kNow + 10;
    return rules;
}

std::expected<ValidBatch, ProduceError> validate(const Buffer& bytes,
                                                 const ProduceRules& rules = rules_now()) {
    RecordScanner scanner;
    return validate_produce(bytes.view(), rules, scanner);
}

/// The error code, in both modes, of a valid batch of three records with `value` stored at byte
/// `at`.
template <class Field>
ErrorCode code_with(std::size_t at, Field value) {
    Buffer bytes = test::build(test::plain_records(3));
    store_big_endian(bytes.data() + at, value);
    test::repair_crc(bytes.bytes());
    ProduceRules header = rules_now();
    header.validation = ProduceValidation::header;
    const auto valid = validate(bytes);
    const auto by_header = validate(bytes, header);
    CHECK(valid.has_value() == by_header.has_value());
    if (valid) {
        return ErrorCode::none;
    }
    CHECK(valid.error().code == by_header.error().code);
    CHECK_FALSE(valid.error().message.empty());
    return valid.error().code;
}

TEST_CASE("produce: a valid batch in any codec passes and is described", "[record][produce]") {
    auto records = test::plain_records(4);
    records[1].timestamp = test::kNow + 100;
    const std::size_t plain_size = test::build(records).size() - L::kHeaderSize;
    for (const Codec codec : test::kCodecs) {
        CAPTURE(to_string(codec));
        const Buffer bytes = test::build(records, codec);
        const auto valid = validate(bytes);
        REQUIRE(valid);
        CHECK(valid->batch.bytes().data() == bytes.data());
        CHECK(valid->count == 4);
        CHECK(valid->max_timestamp == test::kNow + 100);
        CHECK(valid->max_timestamp_delta == 1);
        CHECK_FALSE(valid->timestamps_differ);
        CHECK(valid->records_size == plain_size);
    }
}

TEST_CASE("produce: exactly one whole batch is required", "[record][produce]") {
    RecordScanner scanner;
    const auto code = [&](ByteView bytes) {
        return validate_produce(bytes, rules_now(), scanner).error().code;
    };
    const Buffer one = test::build(test::plain_records(2));
    std::string two = std::string(as_text(one.view())) + std::string(as_text(one.view()));
    CHECK(code({}) == ErrorCode::invalid_record);
    CHECK(code(as_bytes(two)) == ErrorCode::invalid_record);
    CHECK(code(as_bytes(two).first(one.size() + 1)) == ErrorCode::invalid_record);
    CHECK(code(one.view().first(one.size() - 1)) == ErrorCode::invalid_record);
}

TEST_CASE("produce: each violation of the header has the error code of Kafka",
          "[record][produce]") {
    CHECK(code_with(L::kMagic, std::int8_t{1}) == ErrorCode::invalid_record);
    CHECK(code_with(L::kMagic, std::int8_t{3}) == ErrorCode::corrupt_message);
    CHECK(code_with(L::kLength, std::int32_t{48}) == ErrorCode::corrupt_message);
    CHECK(code_with(L::kLength, std::int32_t{-1}) == ErrorCode::corrupt_message);
    CHECK(code_with(L::kAttributes, std::int16_t{5}) == ErrorCode::unsupported_compression_type);
    CHECK(code_with(L::kBaseOffset, std::int64_t{1}) == ErrorCode::invalid_record);
    CHECK(code_with(L::kCount, std::int32_t{0}) == ErrorCode::invalid_record);
    CHECK(code_with(L::kCount, std::int32_t{4}) == ErrorCode::invalid_record);
    CHECK(code_with(L::kCount, std::int32_t{-3}) == ErrorCode::invalid_record);
    CHECK(code_with(L::kLastOffsetDelta, std::int32_t{3}) == ErrorCode::invalid_record);
    CHECK(code_with(L::kLastOffsetDelta, std::int32_t{-1}) == ErrorCode::invalid_record);
    CHECK(code_with(L::kAttributes, L::kControlBit) == ErrorCode::invalid_record);
    CHECK(code_with(L::kAttributes, L::kDeleteHorizonBit) == ErrorCode::invalid_record);
    CHECK(code_with(L::kAttributes, L::kTransactionalBit) == ErrorCode::invalid_record);
    CHECK(code_with(L::kProducerId, std::int64_t{4}) == ErrorCode::invalid_record);
    CHECK(code_with(L::kProducerEpoch, std::int16_t{4}) == ErrorCode::none);
    CHECK(code_with(L::kBaseSequence, std::int32_t{0}) == ErrorCode::none);
    CHECK(code_with(L::kLeaderEpoch, std::int32_t{9}) == ErrorCode::none);
}

TEST_CASE("produce: a batch without records is refused even if its last offset delta matches",
          "[record][produce]") {
    Buffer bytes = test::batch_of({}, 0);
    CHECK(validate(bytes).error().code == ErrorCode::invalid_record);
    ProduceRules rules = rules_now();
    rules.validation = ProduceValidation::header;
    CHECK(validate(bytes, rules).error().code == ErrorCode::invalid_record);
}

TEST_CASE("produce: the first of several records with the largest timestamp is reported",
          "[record][produce]") {
    auto records = test::plain_records(4);
    records[1].timestamp = records[3].timestamp;
    const Buffer bytes = test::build(records);
    const auto valid = validate(bytes);
    REQUIRE(valid);
    CHECK(valid->max_timestamp_delta == 1);
}

TEST_CASE("produce: a producer id needs a sequence and an epoch of 0 or more",
          "[record][produce]") {
    BatchOptions options;
    options.producer_id = ProducerId{0};
    options.producer_epoch = ProducerEpoch{0};
    options.base_sequence = Sequence{0};
    options.transactional = true;
    CHECK(validate(test::build(test::plain_records(2), options)));
    options.base_sequence = kNoSequence;
    CHECK(validate(test::build(test::plain_records(2), options)).error().code ==
          ErrorCode::invalid_record);
    options.base_sequence = Sequence{0};
    options.producer_epoch = kNoProducerEpoch;
    CHECK(validate(test::build(test::plain_records(2), options)).error().code ==
          ErrorCode::invalid_record);
}

TEST_CASE("produce: a batch with a wrong CRC is a corrupt message", "[record][produce]") {
    Buffer bytes = test::build(test::plain_records(3));
    bytes.data()[bytes.size() - 1] ^= std::byte{1};
    CHECK(validate(bytes).error().code == ErrorCode::corrupt_message);
}

TEST_CASE("produce: a batch of max.message.bytes passes, a larger one does not",
          "[record][produce]") {
    const Buffer bytes = test::build(test::plain_records(3));
    ProduceRules rules = rules_now();
    rules.max_message_bytes = static_cast<std::int32_t>(bytes.size());
    CHECK(validate(bytes, rules));
    --rules.max_message_bytes;
    const auto refused = validate(bytes, rules);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::message_too_large);
    CHECK_THAT(refused.error().message,
               Catch::Contains("max.message.bytes (" + std::to_string(bytes.size() - 1) + ")"));
}

TEST_CASE("produce: zstd is refused if the version of the request does not have it",
          "[record][produce]") {
    ProduceRules rules = rules_now();
    rules.zstd_allowed = false;
    CHECK(validate(test::build(test::plain_records(1), Codec::zstd), rules).error().code ==
          ErrorCode::unsupported_compression_type);
    CHECK(validate(test::build(test::plain_records(1), Codec::lz4), rules));
}

TEST_CASE("produce: offset deltas that do not count up from 0 are refused in every codec",
          "[record][produce]") {
    auto records = test::plain_records(3);
    records[1].offset_delta = 2;
    records[2].offset_delta = 3;
    for (const Codec codec : test::kCodecs) {
        CAPTURE(to_string(codec));
        Buffer bytes = test::build(records, codec);
        store_big_endian(bytes.data() + L::kLastOffsetDelta, std::int32_t{2});
        test::repair_crc(bytes.bytes());
        const auto refused = validate(bytes);
        REQUIRE_FALSE(refused);
        CHECK(refused.error().code == ErrorCode::invalid_record);
        CHECK_THAT(refused.error().message, Catch::Contains("record 1 has offset delta 2"));
    }
}

TEST_CASE("produce: a compacted topic refuses records without a key, and names them",
          "[record][produce]") {
    auto records = test::plain_records(5);
    records[1].key.reset();
    records[3].key.reset();
    ProduceRules rules = rules_now();
    for (const Codec codec : test::kCodecs) {
        CAPTURE(to_string(codec));
        const Buffer bytes = test::build(records, codec);
        CHECK(validate(bytes, rules));
        rules.compacted = true;
        for (const auto mode : {ProduceValidation::full, ProduceValidation::header}) {
            rules.validation = mode;
            const auto refused = validate(bytes, rules);
            REQUIRE_FALSE(refused);
            CHECK(refused.error().code == ErrorCode::invalid_record);
            REQUIRE(refused.error().records.size() == 2);
            CHECK(refused.error().records[0].index == 1);
            CHECK(refused.error().records[1].index == 3);
            CHECK_THAT(refused.error().message, Catch::Contains("2 of 5 records"));
        }
        rules = rules_now();
    }
    records[1].key = "";
    records[3].key = "k";
    rules.compacted = true;
    CHECK(validate(test::build(records), rules));
}

TEST_CASE("produce: timestamps at the ends of the window pass, those outside do not",
          "[record][produce]") {
    ProduceRules rules = rules_now();
    rules.timestamp_window = {.before_max = 1000, .after_max = 500};
    const auto error_of = [&](Timestamp timestamp) {
        auto records = test::plain_records(3);
        records[2].timestamp = timestamp;
        const auto valid = validate(test::build(records), rules);
        return valid ? ProduceError() : valid.error();
    };
    CHECK(error_of(rules.now - 1000).code == ErrorCode::none);
    CHECK(error_of(rules.now + 500).code == ErrorCode::none);
    CHECK(error_of(kNoTimestamp).code == ErrorCode::none);
    for (const Timestamp timestamp : {rules.now - 1001, rules.now + 501}) {
        const ProduceError error = error_of(timestamp);
        CHECK(error.code == ErrorCode::invalid_timestamp);
        REQUIRE(error.records.size() == 1);
        CHECK(error.records[0].index == 2);
        CHECK_THAT(error.records[0].message, Catch::Contains("message.timestamp.after.max.ms"));
    }
}

TEST_CASE("produce: by default timestamps may be of any past time, and up to an hour in the future",
          "[record][produce]") {
    auto records = test::plain_records(2);
    records[1].timestamp = Timestamp{0};
    CHECK(validate(test::build(records)));
    records[1].timestamp = Timestamp{INT64_MIN / 2};
    CHECK(validate(test::build(records)));
    records[1].timestamp = rules_now().now + 3'600'000;
    CHECK(validate(test::build(records)));
    records[1].timestamp = rules_now().now + 3'600'001;
    CHECK(validate(test::build(records)).error().code == ErrorCode::invalid_timestamp);
}

TEST_CASE(
    "produce: a bad timestamp takes precedence over a null key, and up to 64 errors are listed",
    "[record][produce]") {
    auto records = test::plain_records(100);
    for (auto& record : records) {
        record.key.reset();
    }
    records[0].key = "k";
    records[99].key = "k";
    records[99].timestamp = rules_now().now + 10'000'000;
    ProduceRules rules = rules_now();
    rules.compacted = true;
    const auto refused = validate(test::build(records), rules);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::invalid_timestamp);
    CHECK(refused.error().records.size() == 64);
    CHECK_THAT(refused.error().message, Catch::Contains("99 of 100 records"));
    std::swap(records[0].timestamp, records[99].timestamp);
    CHECK(validate(test::build(records), rules).error().code == ErrorCode::invalid_timestamp);
    rules.record_errors = 0;
    CHECK(validate(test::build(records), rules).error().records.empty());
}

TEST_CASE("produce: a wrong max timestamp is not refused but marked for correction",
          "[record][produce]") {
    Buffer bytes = test::build(test::plain_records(3), Codec::gzip);
    store_big_endian(bytes.data() + L::kMaxTimestamp, test::kNow.value() + 777);
    test::repair_crc(bytes.bytes());
    const auto valid = validate(bytes);
    REQUIRE(valid);
    CHECK(valid->timestamps_differ);
    CHECK(valid->max_timestamp == test::kNow + 2);
    set_timestamps(bytes.bytes(), TimestampType::create_time, valid->max_timestamp);
    CHECK_FALSE(validate(bytes)->timestamps_differ);
}

TEST_CASE("produce: with log append time any timestamp passes, and the current time is to be set",
          "[record][produce]") {
    auto records = test::plain_records(2);
    records[1].timestamp = rules_now().now + 10'000'000;
    ProduceRules rules = rules_now();
    rules.timestamp_type = TimestampType::log_append_time;
    const auto valid = validate(test::build(records), rules);
    REQUIRE(valid);
    CHECK(valid->timestamps_differ);
    CHECK(valid->max_timestamp == rules.now);
}

TEST_CASE("produce: a client batch with log append time is accepted with its own timestamps",
          "[record][produce]") {
    ProduceRules rules = rules_now();
    rules.validation = GENERATE(ProduceValidation::full, ProduceValidation::header);
    auto records = test::plain_records(3);
    Buffer bytes = test::build(records, Codec::gzip);
    set_timestamps(bytes.bytes(), TimestampType::log_append_time, test::kNow + 2);
    const auto valid = validate(bytes, rules);
    REQUIRE(valid);
    CHECK(valid->timestamps_differ);
    CHECK(valid->max_timestamp == test::kNow + 2);
    SECTION("with create time in its header it needs no correction") {
        set_timestamps(bytes.bytes(), TimestampType::create_time, valid->max_timestamp);
        CHECK_FALSE(validate(bytes, rules)->timestamps_differ);
        CHECK(test::read_all(test::parsed(bytes.view())) == records);
    }
    SECTION("it is refused if the topic uses log append time") {
        rules.timestamp_type = TimestampType::log_append_time;
        CHECK(validate(bytes, rules).error().code == ErrorCode::invalid_timestamp);
    }
    SECTION("it is refused without a timestamp") {
        set_timestamps(bytes.bytes(), TimestampType::log_append_time, kNoTimestamp);
        CHECK(validate(bytes, rules).error().code == ErrorCode::invalid_timestamp);
    }
}

TEST_CASE(
    "produce: log append time in the header does not hide a record outside of the time window",
    "[record][produce]") {
    auto records = test::plain_records(2);
    records[1].timestamp = rules_now().now + 10'000'000;
    Buffer bytes = test::build(records);
    set_timestamps(bytes.bytes(), TimestampType::log_append_time, test::kNow);
    CHECK(validate(bytes).error().code == ErrorCode::invalid_timestamp);
}

TEST_CASE("produce: header validation trusts the records but not the header's timestamp",
          "[record][produce]") {
    ProduceRules rules = rules_now();
    rules.validation = ProduceValidation::header;
    const Buffer broken = test::batch_of(as_bytes("no records"), 2);
    CHECK(validate(broken).error().code == ErrorCode::invalid_record);
    const auto valid = validate(broken, rules);
    REQUIRE(valid);
    CHECK(valid->count == 2);
    CHECK(valid->max_timestamp == test::kNow);
    CHECK(valid->max_timestamp_delta == 1);
    CHECK_FALSE(valid->timestamps_differ);
    auto records = test::plain_records(2);
    records[1].timestamp = rules.now + 10'000'000;
    CHECK(validate(test::build(records), rules).error().code == ErrorCode::invalid_timestamp);
}

TEST_CASE("produce: data that cannot be decompressed is an invalid record", "[record][produce]") {
    for (const Codec codec : {Codec::gzip, Codec::snappy, Codec::lz4, Codec::zstd}) {
        CAPTURE(to_string(codec));
        CHECK(validate(test::batch_of(as_bytes("no such data, no, no"), 1, codec)).error().code ==
              ErrorCode::invalid_record);
        CHECK(validate(test::batch_of({}, 1, codec)).error().code == ErrorCode::invalid_record);
    }
}

TEST_CASE("produce: a decompression bomb is a message too large", "[record][produce]") {
    auto records = test::plain_records(2);
    records[1].value = std::string(std::size_t{17} << 20, '\0');
    CHECK(validate(test::build(records, Codec::zstd)).error().code == ErrorCode::message_too_large);
}

TEST_CASE("produce: lz4 frames with linked blocks are refused, because Java cannot read them",
          "[record][produce]") {
    const Buffer plain = test::build(test::plain_records(3));
    const ByteView records = plain.view().subspan(L::kHeaderSize);
    for (const bool linked : {false, true}) {
        LZ4F_preferences_t preferences{};
        preferences.frameInfo.blockMode = linked ? LZ4F_blockLinked : LZ4F_blockIndependent;
        // The streaming calls below keep this mode; LZ4F_compressFrame would make a single block
        // independent.
        preferences.frameInfo.blockSizeID = LZ4F_max64KB;
        std::string text(as_text(records));
        Buffer frame(LZ4F_compressFrameBound(200'000, &preferences));
        LZ4F_cctx* context = nullptr;
        LZ4F_createCompressionContext(&context, LZ4F_VERSION);
        std::size_t size = LZ4F_compressBegin(context, frame.data(), frame.size(), &preferences);
        size += LZ4F_compressUpdate(context, frame.data() + size, frame.size() - size, text.data(),
                                    text.size(), nullptr);
        size += LZ4F_compressEnd(context, frame.data() + size, frame.size() - size, nullptr);
        LZ4F_freeCompressionContext(context);
        const Buffer bytes = test::batch_of(frame.view().first(size), 3, Codec::lz4);
        const auto valid = validate(bytes);
        REQUIRE(valid.has_value() == !linked);
        if (linked) {
            CHECK(valid.error().code == ErrorCode::invalid_record);
            CHECK_THAT(valid.error().message, Catch::Contains("linked blocks"));
        }
    }
}

}  // namespace
}  // namespace hw::record
