#include "protocol/record/batch.h"

#include <catch2/catch.hpp>

#include "protocol/record/batch_patch.h"
#include "test/unit/record/fixture.h"

namespace hw::record {
namespace {

using L = BatchLayout;

BatchOptions distinct_options() {
    BatchOptions options;
    options.base_offset = Offset{0x0102'0304'0506'0708};
    options.leader_epoch = LeaderEpoch{77};
    options.compression.codec = Codec::lz4;
    options.producer_id = ProducerId{0x1112'1314'1516'1718};
    options.producer_epoch = ProducerEpoch{9};
    options.base_sequence = Sequence{1234};
    options.transactional = true;
    return options;
}

TEST_CASE("batch: every field of the header reads back as it was written", "[record][batch]") {
    const Buffer bytes = test::build(test::plain_records(5), distinct_options());
    const BatchView batch = test::parsed(bytes.view());
    CHECK(batch.base_offset() == Offset{0x0102'0304'0506'0708});
    CHECK(batch.last_offset() == batch.base_offset() + 4);
    CHECK(batch.size() == bytes.size());
    CHECK(batch.bytes().size() == bytes.size());
    CHECK(batch.records().size() == bytes.size() - L::kHeaderSize);
    CHECK(batch.leader_epoch() == LeaderEpoch{77});
    CHECK(batch.codec() == Codec::lz4);
    CHECK(batch.timestamp_type() == TimestampType::create_time);
    CHECK(batch.is_transactional());
    CHECK_FALSE(batch.is_control());
    CHECK_FALSE(batch.delete_horizon());
    CHECK(batch.last_offset_delta() == 4);
    CHECK(batch.base_timestamp() == test::kNow);
    CHECK(batch.max_timestamp() == test::kNow + 4);
    CHECK(batch.producer_id() == ProducerId{0x1112'1314'1516'1718});
    CHECK(batch.has_producer_id());
    CHECK(batch.producer_epoch() == ProducerEpoch{9});
    CHECK(batch.base_sequence() == Sequence{1234});
    CHECK(batch.last_sequence() == Sequence{1238});
    CHECK(batch.count() == 5);
    CHECK(batch.crc_matches());
}

TEST_CASE("batch: each attribute bit is read independently of the others", "[record][batch]") {
    Buffer bytes = test::build(test::plain_records(1));
    const auto with = [&](int attributes) {
        store_big_endian(bytes.data() + L::kAttributes, static_cast<std::int16_t>(attributes));
        return test::parsed(bytes.view());
    };
    CHECK(with(0x08).timestamp_type() == TimestampType::log_append_time);
    CHECK_FALSE(with(0x08).is_transactional());
    CHECK(with(0x10).is_transactional());
    CHECK_FALSE(with(0x10).is_control());
    CHECK(with(0x20).is_control());
    CHECK_FALSE(with(0x20).delete_horizon());
    CHECK(with(0x40).delete_horizon() == test::kNow);
    CHECK(with(0x04).codec() == Codec::zstd);
    CHECK_FALSE(with(0x05).codec());
    CHECK(with(0x05).codec_number() == 5);
}

TEST_CASE("batch: sequence numbers continue with 0 after the largest", "[record][batch]") {
    CHECK(sequence_after(Sequence{5}, 3) == Sequence{8});
    CHECK(sequence_after(Sequence{INT32_MAX}, 1) == Sequence{0});
    CHECK(sequence_after(Sequence{INT32_MAX - 1}, 4) == Sequence{2});
    CHECK(sequence_after(kNoSequence, 7) == kNoSequence);
}

TEST_CASE("batch: a header with a wrong magic or length is refused", "[record][batch]") {
    Buffer bytes = test::build(test::plain_records(1));
    const auto kind_with_magic = [&](int magic) {
        bytes.data()[L::kMagic] = static_cast<std::byte>(magic);
        return parse_batch(bytes.view()).error().kind;
    };
    CHECK(kind_with_magic(0) == ErrorKind::unsupported);
    CHECK(kind_with_magic(1) == ErrorKind::unsupported);
    CHECK(kind_with_magic(3) == ErrorKind::corrupt);
    CHECK(kind_with_magic(-1) == ErrorKind::corrupt);
    bytes.data()[L::kMagic] = std::byte{2};
    REQUIRE(parse_batch(bytes.view()));
    for (const std::int32_t length : {-1, 0, 48, INT32_MIN, INT32_MAX}) {
        store_big_endian(bytes.data() + L::kLength, length);
        const auto batch = parse_batch(bytes.view());
        REQUIRE_FALSE(batch);
        CHECK(batch.error().kind == ErrorKind::corrupt);
    }
}

TEST_CASE("batch: a new base offset and leader epoch leave the CRC valid", "[record][batch]") {
    Buffer bytes = test::build(test::plain_records(3), Codec::gzip);
    set_base_offset(bytes.bytes(), Offset{1'000'000'000'000});
    set_leader_epoch(bytes.bytes(), LeaderEpoch{42});
    const BatchView batch = test::parsed(bytes.view());
    CHECK(batch.base_offset() == Offset{1'000'000'000'000});
    CHECK(batch.last_offset() == Offset{1'000'000'000'002});
    CHECK(batch.leader_epoch() == LeaderEpoch{42});
    CHECK(batch.crc_matches());
}

TEST_CASE("batch: log append time becomes the timestamp of all records", "[record][batch]") {
    Buffer bytes = test::build(test::plain_records(3), distinct_options());
    set_timestamps(bytes.bytes(), TimestampType::log_append_time, test::kNow + 99);
    const BatchView batch = test::parsed(bytes.view());
    CHECK(batch.crc_matches());
    CHECK(batch.timestamp_type() == TimestampType::log_append_time);
    CHECK(batch.codec() == Codec::lz4);
    CHECK(batch.is_transactional());
    for (const auto& record : test::read_all(batch)) {
        CHECK(record.timestamp == test::kNow + 99);
    }
    set_timestamps(bytes.bytes(), TimestampType::create_time, test::kNow + 2);
    CHECK(batch.crc_matches());
    CHECK(test::read_all(batch) == test::plain_records(3));
}

}  // namespace
}  // namespace hw::record
