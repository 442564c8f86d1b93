#include <string>

#include <catch2/catch.hpp>

#include "protocol/record/batch_cursor.h"
#include "protocol/record/decompressor.h"
#include "protocol/record/produce_validator.h"
#include "test/unit/record/fixture.h"

namespace hw::record {
namespace {

ProduceRules rules_now() {
    ProduceRules rules;
    rules.now = test::kNow;
    return rules;
}

/// Runs everything that reads a batch on arbitrary bytes. Nothing may do harm, which the sanitizers
/// check.
void read_in_all_ways(ByteView bytes, RecordScanner& scanner) {
    BatchCursor batches(bytes);
    Decompressor decompressor;
    while (const auto batch = batches.next()) {
        Buffer plain = test::copy_of(batch->records());
        if (batch->codec() && *batch->codec() != Codec::none) {
            auto out = decompressor.decompress(*batch->codec(), batch->records());
            plain = out ? std::move(*out) : Buffer();
        }
        RecordCursor records(*batch, plain.view());
        while (auto record = records.next()) {
            while (record->headers.next()) {
            }
        }
        static_cast<void>(records.status());
        if (scanner.start(*batch)) {
            RecordSummary summary;
            while (scanner.next(summary)) {
            }
            static_cast<void>(scanner.status());
        }
    }
    static_cast<void>(batches.status());
}

TEST_CASE("corruption: a batch that is cut at any byte is refused without harm",
          "[record][corruption]") {
    Random random(41);
    RecordScanner scanner;
    for (const Codec codec : test::kCodecs) {
        const Buffer whole = test::build(test::random_records(random, 100), codec);
        for (std::size_t size = 0; size < whole.size(); ++size) {
            CAPTURE(to_string(codec), size);
            const Buffer cut = test::copy_of(whole.view().first(size));
            REQUIRE_FALSE(parse_batch(cut.view()));
            REQUIRE_FALSE(validate_produce(cut.view(), rules_now(), scanner));
            read_in_all_ways(cut.view(), scanner);
        }
    }
}

TEST_CASE("corruption: a batch that is cut at any byte is refused even if its length and CRC match",
          "[record][corruption]") {
    using L = BatchLayout;
    Random random(42);
    RecordScanner scanner;
    for (const Codec codec : test::kCodecs) {
        const Buffer whole = test::build(test::random_records(random, 100), codec);
        for (std::size_t size = L::kHeaderSize; size < whole.size(); ++size) {
            CAPTURE(to_string(codec), size);
            Buffer cut = test::copy_of(whole.view().first(size));
            store_big_endian(cut.data() + L::kLength,
                             static_cast<std::int32_t>(size - L::kBeforeLength));
            test::repair_crc(cut.bytes());
            const auto valid = validate_produce(cut.view(), rules_now(), scanner);
            REQUIRE_FALSE(valid);
            REQUIRE(valid.error().code == wire::ErrorCode::invalid_record);
            read_in_all_ways(cut.view(), scanner);
        }
    }
}

TEST_CASE(
    "corruption: any flipped bit is detected, except in the leader epoch, which is overwritten",
    "[record][corruption]") {
    using L = BatchLayout;
    Random random(43);
    RecordScanner scanner;
    for (const Codec codec : test::kCodecs) {
        Buffer bytes = test::build(test::random_records(random, 60), codec);
        REQUIRE(validate_produce(bytes.view(), rules_now(), scanner));
        for (std::size_t at = 0; at < bytes.size(); ++at) {
            for (int bit = 0; bit < 8; ++bit) {
                CAPTURE(to_string(codec), at, bit);
                bytes.data()[at] ^= static_cast<std::byte>(1 << bit);
                const bool in_epoch = at >= L::kLeaderEpoch && at < L::kMagic;
                REQUIRE(validate_produce(bytes.view(), rules_now(), scanner).has_value() ==
                        in_epoch);
                bytes.data()[at] ^= static_cast<std::byte>(1 << bit);
            }
        }
    }
}

TEST_CASE("corruption: random changes with a matching CRC do no harm", "[record][corruption]") {
    const std::uint64_t seed = 44;
    CAPTURE(seed);
    Random random(seed);
    RecordScanner scanner;
    for (int round = 0; round < 2'000; ++round) {
        const Codec codec = test::kCodecs[static_cast<std::size_t>(round) % test::kCodecs.size()];
        Buffer bytes = test::build(test::random_records(random, 200), codec);
        for (std::uint64_t changes = 1 + random.below(4); changes > 0; --changes) {
            const std::size_t at =
                BatchLayout::kAttributes + random.below(bytes.size() - BatchLayout::kAttributes);
            bytes.data()[at] = static_cast<std::byte>(random.below(256));
        }
        test::repair_crc(bytes.bytes());
        static_cast<void>(validate_produce(bytes.view(), rules_now(), scanner));
        read_in_all_ways(bytes.view(), scanner);
    }
}

}  // namespace
}  // namespace hw::record
