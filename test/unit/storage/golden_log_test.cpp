#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <utility>

#include "test/support/golden_folder.h"
#include "test/unit/storage/log_fixture.h"

namespace hw::storage {
namespace {

constexpr Timestamp kNoon{1'767'268'800'000};

/// A batch of Kafka's Java client. Our code compresses nothing here, because the output of
/// compression libraries may change with their versions.
Buffer client_batch(const std::string& codec) {
    const std::string path = HW_CLIENT_BATCHES "/java-" + codec + ".batch";
    std::ifstream file(path, std::ios::binary);
    INFO(path);
    REQUIRE(file);
    const std::string bytes{std::istreambuf_iterator<char>(file), {}};
    Buffer batch(bytes.size());
    std::ranges::copy(as_bytes(bytes), batch.data());
    return batch;
}

/// Records with a null key and a null value, and headers with and without a value.
Buffer batch_with_headers() {
    const std::array headers{record::HeaderView{.key = "source", .value = as_bytes("test")},
                             record::HeaderView{.key = "empty", .value = as_bytes("")},
                             record::HeaderView{.key = "none", .value = {}}};
    record::BatchBuilder builder({});
    builder.add({as_bytes("tombstone"), {}, headers, kNoon});
    builder.add({{}, as_bytes("no key"), {}, kNoon - 5});
    record::Compressor compressor;
    auto batch = builder.finish(compressor);
    REQUIRE(batch.has_value());
    return std::move(*batch);
}

void append(LogFixture& t, Buffer batch, std::optional<Timestamp> append_time = {}) {
    t.batches.push_back(std::move(batch));
    REQUIRE(t.log->stage({t.batches.back().bytes(), LeaderEpoch(2), append_time}).has_value());
    REQUIRE(t.write().has_value());
    REQUIRE(t.sync().has_value());
}

/// Appends batches of two idempotent producers in turn, three batches in each write, over several
/// segments.
void append_numbered(LogFixture& t) {
    for (int turn = 0; turn < 24; ++turn) {
        for (int i = 0; i < 3; ++i) {
            const int number = turn * 3 + i;
            REQUIRE(t.stage({.records = 4,
                             .value_size = 90,
                             .timestamp = kNoon + (100 * number),
                             .producer = ProducerId(4000 + number % 2),
                             .epoch = ProducerEpoch(static_cast<std::int16_t>(number % 2)),
                             .sequence = Sequence(number / 2 * 4),
                             .transactional = false},
                            turn < 12 ? 2 : 5)
                        .has_value());
        }
        REQUIRE(t.write().has_value());
        // Between two syncs only the newest snapshot is written.
        REQUIRE(t.sync().has_value());
    }
}

TEST_CASE("golden: a log's files have the bytes that Kafka's dump tool read without complaint",
          "[storage][golden]") {
    LogFixture t;
    t.options.segment_bytes = 16'384;
    t.open();
    for (const char* codec : {"none", "gzip", "snappy", "lz4", "zstd"}) {
        append(t, client_batch(codec));
    }
    append(t, batch_with_headers());
    append(t, make_batch({.value_size = 5}), kNoon + 1);
    append_numbered(t);
    t.append({.records = 2,
              .timestamp = kNoon + 7200,
              .producer = ProducerId(4002),
              .epoch = ProducerEpoch(7),
              .sequence = Sequence(0),
              .transactional = true},
             5);
    REQUIRE(t.log->close().has_value());
    test::check_golden_folder(t.disk, t.folder, "orders-0");
}

}  // namespace
}  // namespace hw::storage
