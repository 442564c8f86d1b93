#include <array>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "protocol/record/record.h"
#include "storage/log_folder.h"
#include "test/unit/storage/log_fixture.h"

/// Tests of a log with damaged files. A test flips every bit of the first batches and a sample of
/// the others, cuts files short, or overwrites them with zeroes. Every read must give the right
/// record or an error that names the file, in a bounded number of steps.
namespace hw::storage {
namespace {

constexpr int kBatches = 14;

std::string value_at(std::int64_t offset) {
    return fmt::format("the value of record {}", offset);
}
Timestamp time_at(std::int64_t offset) {
    return Timestamp(1000 + offset * 10);
}

/// A file that differs from what was written.
struct Damage {
    std::string path;
    std::string bytes;  ///< the whole file
    std::string what;
};

/// A log of at least three segments, its files, and what they must contain.
class Original {
public:
    Original() {
        fixture.options.segment_bytes = 700;
        fixture.options.index_interval_bytes = 200;
        fixture.options.gaps = Gaps::none;
        fixture.open();
        for (int i = 0; i < kBatches; ++i) {
            add(1 + i % 3, i / 4);
        }
        REQUIRE(fixture.sync().has_value());
        REQUIRE(fixture.log->segments().size() >= 3);
        for (const auto& entry : *fixture.disk.list(fixture.folder)) {
            names.push_back(fixture.folder + "/" + entry.name);
        }
    }

    /// Closes the log of the fixture, which must not be used afterwards.
    void close() {
        REQUIRE(fixture.log->close().has_value());
        names.clear();
        for (const auto& entry : *fixture.disk.list(fixture.folder)) {
            names.push_back(fixture.folder + "/" + entry.name);
        }
    }

    [[nodiscard]] std::map<std::string, std::string> files() const {
        std::map<std::string, std::string> all;
        for (const std::string& name : names) {
            all[name] = fixture.disk.contents(name);
        }
        return all;
    }

    [[nodiscard]] Offset end_offset() const { return Offset(end); }

    LogFixture fixture;
    std::vector<std::string> names;
    std::int64_t end = 0;
    std::vector<LeaderEpoch> epochs;  ///< by offset

private:
    void add(int records, int leader_epoch) {
        record::BatchBuilder builder({});
        std::vector<std::string> values;
        for (int i = 0; i < records; ++i) {
            values.push_back(value_at(end + i));
        }
        for (int i = 0; i < records; ++i) {
            builder.add({{}, as_bytes(values[static_cast<std::size_t>(i)]), {}, time_at(end + i)});
        }
        record::Compressor compressor;
        auto batch = builder.finish(compressor);
        REQUIRE(batch.has_value());
        fixture.batches.push_back(std::move(*batch));
        REQUIRE(fixture.log->stage({fixture.batches.back().bytes(), LeaderEpoch(leader_epoch), {}})
                    .has_value());
        REQUIRE(fixture.write().has_value());
        end += records;
        epochs.resize(static_cast<std::size_t>(end), LeaderEpoch(leader_epoch));
    }
};

/// Calls `with` for every kind of damage to the file. Flips each bit of the bytes below
/// `all_bits_below`, and a sample of the other bits.
void damage_file(const std::string& path, const std::string& sound, std::size_t all_bits_below,
                 const std::function<void(const Damage&)>& with) {
    for (std::size_t bit = 0; bit < sound.size() * 8; bit += bit / 8 < all_bits_below ? 1 : 23) {
        std::string bytes = sound;
        bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << (bit % 8)));
        with({path, bytes, fmt::format("bit {} of byte {}", bit % 8, bit / 8)});
    }
    for (std::size_t size = 0; size < sound.size(); size += 1 + size % 7) {
        with({path, sound.substr(0, size), fmt::format("cut to {} bytes", size)});
        std::string zeroes = sound;
        zeroes.replace(size, std::string::npos, std::string(sound.size() - size, '\0'));
        with({path, zeroes, fmt::format("zeroes from byte {} on", size)});
        zeroes = sound;
        const std::size_t count = std::min<std::size_t>(64, sound.size() - size);
        zeroes.replace(size, count, std::string(count, '\0'));
        with({path, zeroes, fmt::format("{} zeroes at byte {}", count, size)});
    }
}

/// Whether a wrong checksum in the answer of a read counts as an error that the client detects. The
/// log does not check batches that its own process has appended.
enum class ClientChecks : std::uint8_t { no, yes };

/// Reads a log in all ways, and fails the test on a wrong answer.
class Judge {
public:
    Judge(const Log& log, std::string damaged_path, Offset end_offset, ClientChecks client)
        : log_(log), path_(std::move(damaged_path)), end_(end_offset.value()), client_(client) {}

    void check_all() {
        for (std::int64_t from = 0; from < end_; ++from) {
            ReadCursor cursor;
            read(from, 1, cursor);
            read(from, 1 << 20, cursor);
        }
        for (const std::size_t bytes : {std::size_t{1}, std::size_t{300}, std::size_t{1} << 20}) {
            read_on(bytes);
        }
        for (std::int64_t offset = 0; offset < end_; ++offset) {
            check_found(search(log_, time_at(offset)), offset);
            check_found(search(log_, time_at(offset) - 1), offset);
        }
        if (end_ > 0) {
            check_found(search(log_), end_ - 1);
        }
    }

    std::size_t errors = 0;
    const std::vector<LeaderEpoch>* epochs = nullptr;  ///< that batches must have, if known

private:
    /// Reads at `from`. Returns the next offset to read: the one after the records, or after the
    /// offset that cannot be read.
    std::int64_t read(std::int64_t from, std::size_t max_bytes, ReadCursor& cursor) {
        const auto answer =
            read_planned(log_, {Offset(from), Offset(INT64_MAX), max_bytes}, cursor);
        if (!answer) {
            check_error(answer.error().message);
            return from + 1;
        }
        INFO("read from " << from << " with " << max_bytes << " bytes");
        if (answer->bytes.size() == 0 || answer->next_offset <= Offset(from)) {
            FAIL("neither bytes nor an error");
        }
        std::int64_t expected = from;
        record::BatchCursor batches(answer->bytes.view());
        while (const auto batch = batches.next()) {
            if (!batch->crc_matches()) {
                if (client_ == ClientChecks::no) {
                    FAIL("a batch with a wrong checksum");
                }
                ++errors;
                return std::max(expected, from + 1);
            }
            expected = check_records(*batch, expected);
        }
        if (batches.end() != record::BatchesEnd::complete && client_ == ClientChecks::no) {
            FAIL("not whole batches");
        }
        return std::max(expected, from + 1);
    }

    std::int64_t check_records(const record::BatchView& batch, std::int64_t expected) {
        if (epochs != nullptr &&
            batch.leader_epoch() != epochs->at(static_cast<std::size_t>(expected))) {
            FAIL("leader epoch " << batch.leader_epoch().value() << " at offset " << expected);
        }
        record::RecordCursor records(batch, batch.records());
        while (const auto record = records.next()) {
            if (record->offset < Offset(expected)) {
                continue;
            }
            if (record->offset != Offset(expected) || !record->value ||
                as_text(*record->value) != value_at(expected)) {
                FAIL("record " << record->offset.value() << " holds '"
                               << as_text(record->value.value_or(ByteView())) << "' where "
                               << expected << " comes");
            }
            ++expected;
        }
        return expected;
    }

    /// Reads the log as a consumer that tries the next offset after an error.
    void read_on(std::size_t max_bytes) {
        ReadCursor cursor;
        std::int64_t position = 0;
        for (std::int64_t steps = 0; position < end_; ++steps) {
            if (steps > 2 * end_) {
                FAIL("no progress at offset " << position);
            }
            position = read(position, max_bytes, cursor);
        }
    }

    void check_found(const Result<std::optional<record::TimestampedOffset>>& found,
                     std::int64_t offset) {
        if (!found) {
            check_error(found.error().message);
            return;
        }
        if (offset < end_ && (!*found || (*found)->offset != Offset(offset))) {
            FAIL("the time of offset " << offset << " gave "
                                       << (*found ? (*found)->offset.value() : -1));
        }
    }

    void check_error(const std::string& message) {
        ++errors;
        if (message.find(path_) == std::string::npos) {
            FAIL("an error that does not name " << path_ << ": " << message);
        }
    }

    const Log& log_;
    std::string path_;
    std::int64_t end_;
    ClientChecks client_;
};

void put(sim::SimDisk& disk, const std::string& path, const std::string& bytes) {
    const auto file = disk.open(path, OpenMode::create);
    REQUIRE(file.has_value());
    REQUIRE((*file)->truncate(0).has_value());
    REQUIRE((*file)->write_now(0, as_bytes(bytes)).has_value());
    REQUIRE((*file)->sync().has_value());
}

/// Bytes of the first two batches of a segment.
std::size_t first_batches(const std::string& bytes) {
    record::BatchCursor batches(as_bytes(bytes));
    for (int i = 0; i < 2 && batches.next(); ++i) {
    }
    return batches.position();
}

void damage_all_logs(const std::map<std::string, std::string>& files,
                     const std::function<void(const Damage&)>& with) {
    for (const auto& [path, bytes] : files) {
        if (path.ends_with(kLogSuffix)) {
            damage_file(path, bytes, first_batches(bytes), with);
        }
    }
}

/// A process that starts with the damaged files of an earlier process.
struct Restart {
    Restart(const Original& original, const std::map<std::string, std::string>& files,
            const Damage& damage) {
        next.options = original.fixture.options;
        for (const auto& [path, bytes] : files) {
            put(next.disk, path, path == damage.path ? damage.bytes : bytes);
        }
    }

    /// Opens the log. False if that is refused; checks that the error names the file.
    bool open(Shutdown shutdown, Offset recovery_point, const Damage& damage) {
        next.options.gaps = Gaps::possible;  // a start does not know whether the topic has gaps
        auto contents = next.load(shutdown, recovery_point);
        next.options.gaps = Gaps::none;
        if (!contents) {
            INFO(contents.error().message);
            CHECK(contents.error().kind == ErrorKind::corrupt);
            CHECK(contents.error().message.find(damage.path) != std::string::npos);
            return false;
        }
        next.make(std::move(*contents));
        return true;
    }

    LogFixture next;
};

TEST_CASE("damage: an open log gives the right record or an error that names the file",
          "[storage][damage]") {
    Original original;
    std::size_t errors = 0;
    damage_all_logs(original.files(), [&](const Damage& damage) {
        INFO(damage.path << ": " << damage.what);
        const std::string sound = original.fixture.disk.contents(damage.path);
        put(original.fixture.disk, damage.path, damage.bytes);
        Judge judge(*original.fixture.log, damage.path, original.end_offset(), ClientChecks::yes);
        judge.check_all();
        put(original.fixture.disk, damage.path, sound);
        errors += judge.errors;
    });
    CHECK(errors > 0);
    Judge judge(*original.fixture.log, "", original.end_offset(), ClientChecks::no);
    judge.check_all();
    CHECK(judge.errors == 0);
}

TEST_CASE("damage: after a clean stop damage is refused or reported, and no wrong record is read",
          "[storage][damage]") {
    Original original;
    original.close();
    const auto files = original.files();
    std::size_t refused = 0;
    damage_all_logs(files, [&](const Damage& damage) {
        INFO(damage.path << ": " << damage.what);
        Restart restart(original, files, damage);
        if (!restart.open(Shutdown::clean, original.end_offset(), damage)) {
            ++refused;
            return;
        }
        Judge judge(*restart.next.log, damage.path, original.end_offset(), ClientChecks::no);
        judge.epochs = &original.epochs;
        judge.check_all();
    });
    CHECK(refused > 0);
}

TEST_CASE("damage: after a crash damage below the recovery point is refused or reported",
          "[storage][damage]") {
    Original original;
    const auto files = original.files();
    const Offset recovery_point = GENERATE(Offset(0), Offset(13), Offset(27));
    REQUIRE(original.end_offset() == Offset(27));
    std::size_t opened = 0;
    damage_all_logs(files, [&](const Damage& damage) {
        INFO(damage.path << ": " << damage.what << ", recovery point " << recovery_point.value());
        Restart restart(original, files, damage);
        if (!restart.open(Shutdown::unclean, recovery_point, damage)) {
            return;
        }
        ++opened;
        // Batches from the recovery point on may be cut, and the cut is logged. A file that lost
        // its end between two batches is an exception: it looks as if the lost ones had never been
        // written.
        const Offset end = restart.next.log->log_end_offset();
        CHECK(end >= recovery_point);
        CHECK(end <= original.end_offset());
        CHECK((end == original.end_offset() || damage.what.starts_with("cut to") ||
               restart.next.sink.lines.find("the log is cut at") != std::string::npos));
        // If a file has lost its end, the error may be about a gap at the start of the next file.
        const std::string named = damage.what.starts_with("cut to") ? "/data/t-0/" : damage.path;
        Judge judge(*restart.next.log, named, end, ClientChecks::no);
        if (recovery_point == original.end_offset()) {
            judge.epochs = &original.epochs;
        }
        judge.check_all();
    });
    CHECK(opened > 0);
}

TEST_CASE("damage: a damaged index gives the right record or an error that names it",
          "[storage][damage]") {
    Original original;
    original.close();
    const auto files = original.files();
    std::size_t opened = 0;
    for (const auto& [path, bytes] : files) {
        if (!path.ends_with(kIndexSuffix) && !path.ends_with(kTimeIndexSuffix)) {
            continue;
        }
        damage_file(path, bytes, bytes.size(), [&](const Damage& damage) {
            INFO(damage.path << ": " << damage.what);
            Restart restart(original, files, damage);
            if (restart.open(Shutdown::clean, original.end_offset(), damage)) {
                ++opened;
                Judge judge(*restart.next.log, damage.path, original.end_offset(),
                            ClientChecks::no);
                judge.check_all();
            }
        });
    }
    CHECK(opened > 0);
}

TEST_CASE("damage: each damaged place is logged once", "[storage][damage]") {
    Original original;
    const std::string path = original.fixture.file(0, kLogSuffix);
    std::string bytes = original.fixture.disk.contents(path);
    bytes[record::BatchLayout::kMagic] = 7;
    put(original.fixture.disk, path, bytes);
    for (int i = 0; i < 3; ++i) {
        ReadCursor cursor;
        const auto answer =
            read_planned(*original.fixture.log, {Offset(0), Offset(27), 100}, cursor);
        REQUIRE_FALSE(answer.has_value());
        CHECK(answer.error().code == wire::ErrorCode::corrupt_message);
    }
    CHECK(original.fixture.sink.lines ==
          "the log is damaged: " + path + ", byte 0: a record batch has the unknown magic 7\n");
}

TEST_CASE("damage: a wrong length is detected before memory is allocated for it",
          "[storage][damage]") {
    Original original;
    const std::string path = original.fixture.file(0, kLogSuffix);
    std::string bytes = original.fixture.disk.contents(path);
    constexpr std::size_t kLowestByte = record::BatchLayout::kLength + 3;
    bytes[kLowestByte] = static_cast<char>(bytes[kLowestByte] + 7);
    put(original.fixture.disk, path, bytes);
    ReadCursor cursor;
    const auto answer = read_planned(*original.fixture.log, {Offset(0), Offset(27), 10}, cursor);
    REQUIRE_FALSE(answer.has_value());
    CHECK(answer.error().code == wire::ErrorCode::corrupt_message);
    CHECK(answer.error().message.ends_with(", but no batch begins there"));
}

/// Changes the lowest byte of a number of four bytes in the first segment.
void change_number(Original& original, std::size_t position, char by) {
    const std::string path = original.fixture.file(0, kLogSuffix);
    const std::size_t lowest = position + 3;
    const char old = original.fixture.disk.contents(path)[lowest];
    original.fixture.disk.overwrite(path, lowest, std::string(1, static_cast<char>(old + by)));
}

/// Checks that a read is answered with damage at that byte of the first segment.
void check_damaged(const Original& original, const ReadRequest& request, ReadCursor& cursor,
                   std::size_t position) {
    const auto answer = read_planned(*original.fixture.log, request, cursor);
    REQUIRE_FALSE(answer.has_value());
    CHECK(answer.error().code == wire::ErrorCode::corrupt_message);
    const std::string place =
        fmt::format("{}, byte {}: ", original.fixture.file(0, kLogSuffix), position);
    CAPTURE(answer.error().message);
    CHECK(answer.error().message.find(place) != std::string::npos);
}

TEST_CASE("damage: a read through a cursor fails if its batch no longer contains the offset",
          "[storage][damage]") {
    Original original;
    const auto& batches = original.fixture.batches;
    const std::size_t third = batches[0].size() + batches[1].size();  // offsets 3 to 5
    ReadCursor cursor;
    const auto nothing = read_planned(*original.fixture.log, {Offset(4), Offset(5), 1}, cursor);
    REQUIRE(nothing.has_value());
    REQUIRE(nothing->bytes.size() == 0);
    change_number(original, third + record::BatchLayout::kLastOffsetDelta, -2);
    check_damaged(original, {Offset(4), Offset(27), 1}, cursor, third);
}

TEST_CASE("damage: a batch that seems to reach the end of the read is damage, not the end",
          "[storage][damage]") {
    Original original;
    change_number(original, record::BatchLayout::kLastOffsetDelta, 2);
    ReadCursor cursor;
    check_damaged(original, {Offset(0), Offset(1), 1 << 20}, cursor, 0);
}

TEST_CASE("damage: the batches before one with a wrong length are returned", "[storage][damage]") {
    Original original;
    const std::size_t second = original.fixture.batches[0].size();
    change_number(original, second + record::BatchLayout::kLength, 7);
    ReadCursor cursor;
    const auto first =
        read_planned(*original.fixture.log, {Offset(0), Offset(27), 1 << 20}, cursor);
    REQUIRE(first.has_value());
    CHECK(first->bytes.size() == second);
    CHECK(first->next_offset == Offset(1));
    check_damaged(original, {Offset(1), Offset(27), 1 << 20}, cursor, second);
}

TEST_CASE("damage: a sector that cannot be read is logged once", "[storage][damage]") {
    Original original;
    original.fixture.disk.faults().read_error_one_in = 1;
    for (int i = 0; i < 3; ++i) {
        ReadCursor cursor;
        const auto answer =
            read_planned(*original.fixture.log, {Offset(0), Offset(27), 100}, cursor);
        REQUIRE_FALSE(answer.has_value());
        CHECK(answer.error().code == wire::ErrorCode::kafka_storage_error);
    }
    const std::string& lines = original.fixture.sink.lines;
    CHECK(lines.starts_with("cannot read the log: "));
    CHECK(lines.find('\n') + 1 == lines.size());
}

}  // namespace
}  // namespace hw::storage
