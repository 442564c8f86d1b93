#include "storage/log_recovery.h"

#include "storage/log_folder.h"
#include "test/unit/storage/log_fixture.h"

namespace hw::storage {
namespace {

/// Three batches in one segment, all synced.
void fill(LogFixture& t) {
    t.open();
    for (int i = 0; i < 3; ++i) {
        t.append({.records = 2}, i);
    }
    REQUIRE(t.sync().has_value());
    t.disk.process_kill();
}

TEST_CASE("recovery: a torn tail is cut, and a log line says the file, the offset and the bytes",
          "[storage][recovery]") {
    LogFixture t;
    fill(t);
    const std::string path = t.file(0, kLogSuffix);
    const std::size_t size = t.disk.contents(path).size();
    t.disk.overwrite(path, size, std::string(37, 'x'));
    t.open(Shutdown::unclean, Offset(6));
    CHECK(t.log->log_end_offset() == Offset(6));
    CHECK(t.disk.contents(path).size() == size);
    CHECK(t.sink.lines.find(path + ": the log is cut at offset 6") != std::string::npos);
    CHECK(t.sink.lines.find("37 bytes are removed (whole segments after this one: 0)") !=
          std::string::npos);
}

TEST_CASE("recovery: a bad batch at the recovery point is cut, a bad batch below it is refused",
          "[storage][recovery]") {
    LogFixture t;
    fill(t);
    const std::string path = t.file(0, kLogSuffix);
    const std::size_t size = t.disk.contents(path).size();
    t.disk.overwrite(path, size - 3, "?");
    SECTION("at the recovery point") {
        t.open(Shutdown::unclean, Offset(4));
        CHECK(t.log->log_end_offset() == Offset(4));
        CHECK(t.log->epochs().latest()->epoch == LeaderEpoch(1));
    }
    SECTION("below it") {
        const auto refused = t.load(Shutdown::unclean, Offset(5));
        REQUIRE_FALSE(refused.has_value());
        CHECK(refused.error().kind == ErrorKind::corrupt);
        CHECK(refused.error().message.find(path) != std::string::npos);
        CHECK(refused.error().message.find("offset 4, below its recovery point 5") !=
              std::string::npos);
        CHECK(t.disk.contents(path).size() == size);
    }
}

TEST_CASE("recovery: a log that ends before its recovery point is refused", "[storage][recovery]") {
    LogFixture t;
    fill(t);
    CHECK_FALSE(t.load(Shutdown::unclean, Offset(7)).has_value());
    REQUIRE(t.disk.remove_file(t.file(0, kLogSuffix)).has_value());
    CHECK_FALSE(t.load(Shutdown::unclean, Offset(6)).has_value());
}

TEST_CASE("recovery: the log is cut at a gap between segments", "[storage][recovery]") {
    LogFixture t;
    t.options.segment_bytes = 200;
    t.open();
    for (int i = 0; i < 6; ++i) {
        t.append({});
    }
    REQUIRE(t.log->segments().size() == 3);
    const std::string middle = t.log->segments()[1].path(kLogSuffix);
    t.disk.process_kill();
    REQUIRE((*t.disk.open(middle, OpenMode::write))->truncate(t.batches[0].size()).has_value());
    t.open(Shutdown::unclean, Offset(1));
    CHECK(t.log->log_end_offset() == Offset(3));
    CHECK(t.log->segments().size() == 2);
    CHECK(t.sink.lines.find("the next segment begins at offset 4") != std::string::npos);
}

TEST_CASE("recovery: an empty file in place of a segment below the recovery point is damage",
          "[storage][recovery]") {
    LogFixture t;
    t.options.segment_bytes = 200;
    t.options.gaps = Gaps::possible;
    t.open();
    for (int i = 0; i < 6; ++i) {
        t.append({});
    }
    REQUIRE(t.log->segments().size() == 3);
    const std::string emptied = t.log->segments()[1].path(kLogSuffix);  // offsets 2 and 3
    t.disk.process_kill();
    REQUIRE((*t.disk.open(emptied, OpenMode::write))->truncate(0).has_value());
    const auto refused = t.load(Shutdown::unclean, Offset(3));
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().kind == ErrorKind::corrupt);
    CHECK(refused.error().message.starts_with(
        emptied + ", byte 0: the file is empty, and the next segment begins at offset 4;"));
}

TEST_CASE("recovery: the log is cut where an epoch falls or offsets overlap",
          "[storage][recovery]") {
    LogFixture t;
    fill(t);
    const std::string path = t.file(0, kLogSuffix);
    const std::size_t second = t.batches[0].size();
    std::array<std::byte, 8> number{};
    SECTION("a falling epoch") {
        store_big_endian(number.data(), std::int32_t{9});
        t.disk.overwrite(path, record::BatchLayout::kLeaderEpoch,
                         as_text(ByteView(number).first(4)));
    }
    SECTION("an overlapping offset") {
        store_big_endian(number.data(), std::int64_t{1});
        t.disk.overwrite(path, second, as_text(number));
    }
    SECTION("an offset that no record can follow") {
        store_big_endian(number.data(), std::int64_t{INT64_MAX});
        t.disk.overwrite(path, second, as_text(number));
    }
    t.open(Shutdown::unclean, Offset(0));
    CHECK(t.log->log_end_offset() == Offset(2));
}

TEST_CASE("recovery: after a clean stop batches are not scanned", "[storage][recovery]") {
    LogFixture t;
    t.open();
    t.append({.records = 2});
    REQUIRE(t.log->close().has_value());
    t.disk.overwrite(t.file(0, kLogSuffix), record::BatchLayout::kRecords + 3, "?");
    t.open(Shutdown::clean, Offset(2));
    CHECK(t.log->log_end_offset() == Offset(2));
}

TEST_CASE("recovery: a log file that is cut short after a clean stop is refused as damaged",
          "[storage][recovery]") {
    LogFixture t;
    t.open();
    t.append({.records = 2});
    REQUIRE(t.log->close().has_value());
    REQUIRE((*t.disk.open(t.file(0, kLogSuffix), OpenMode::write))->truncate(80).has_value());
    CHECK_FALSE(t.load(Shutdown::clean, Offset(2)).has_value());
}

TEST_CASE("recovery: missing or wrong indexes of sealed segments are rebuilt",
          "[storage][recovery]") {
    LogFixture t;
    t.options.segment_bytes = 500;
    t.options.index_interval_bytes = 100;
    t.open();
    for (int i = 0; i < 12; ++i) {
        t.append({.timestamp = Timestamp(1000 + i)});
    }
    REQUIRE(t.log->segments().size() >= 3);
    REQUIRE(t.log->close().has_value());
    const std::string index = t.disk.contents(t.file(0, kIndexSuffix));
    const std::string times = t.disk.contents(t.file(0, kTimeIndexSuffix));
    REQUIRE(index.size() >= 2 * IndexEntry::kSize);
    SECTION("missing") {
        REQUIRE(t.disk.remove_file(t.file(0, kIndexSuffix)).has_value());
    }
    SECTION("not a whole number of entries") {
        t.disk.overwrite(t.file(0, kIndexSuffix), index.size(), "abc");
    }
    SECTION("falling entries") {
        t.disk.overwrite(t.file(0, kTimeIndexSuffix), 0, std::string(2, '\x7F'));
    }
    SECTION("a position outside of the log") {
        t.disk.overwrite(t.file(0, kIndexSuffix), 4, "\x7F");
    }
    t.open(Shutdown::clean, Offset(12));
    CHECK(t.sink.lines.find("indexes are missing or wrong") != std::string::npos);
    CHECK(t.disk.contents(t.file(0, kIndexSuffix)) == index);
    CHECK(t.disk.contents(t.file(0, kTimeIndexSuffix)) == times);
}

TEST_CASE("recovery: lost epochs are read from the log, and a broken snapshot is ignored",
          "[storage][recovery]") {
    LogFixture t;
    t.options.segment_bytes = 300;
    t.open();
    for (int i = 0; i < 7; ++i) {
        t.append({.producer = ProducerId(3), .sequence = Sequence(i)}, i / 2);
    }
    const auto epochs = t.log->epochs();
    const auto producers = t.log->producers();
    REQUIRE(t.log->close().has_value());
    REQUIRE(t.disk.remove_file(t.folder + "/" + kEpochFile).has_value());
    t.disk.overwrite(t.file(7, kSnapshotSuffix), 12, "?");
    t.open(Shutdown::clean, Offset(7));
    CHECK(t.log->epochs() == epochs);
    CHECK(as_in_snapshot(t.log->producers()) == as_in_snapshot(producers));
}

TEST_CASE("recovery: left-over deleted files and drafts are removed, a swap file is refused",
          "[storage][recovery]") {
    LogFixture t;
    fill(t);
    for (const char* name : {"00000000000000000000.log.deleted", "leader-epoch-checkpoint.tmp",
                             "00000000000000000090.index"}) {
        REQUIRE(t.disk.open(t.folder + "/" + name, OpenMode::create).has_value());
    }
    t.open(Shutdown::unclean, Offset(6));
    for (const DirectoryEntry& entry : *t.disk.list(t.folder)) {
        CHECK_FALSE(entry.name.ends_with(kDeletedSuffix));
        CHECK_FALSE(entry.name.ends_with(kDraftSuffix));
        CHECK_FALSE(entry.name.starts_with("00000000000000000090"));
    }
    REQUIRE(t.disk.open(t.file(0, ".log.swap"), OpenMode::create).has_value());
    CHECK(t.load(Shutdown::unclean, Offset(6)).error().kind == ErrorKind::unsupported);
}

}  // namespace
}  // namespace hw::storage
