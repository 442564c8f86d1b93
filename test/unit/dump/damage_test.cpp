#include <algorithm>
#include <string>

#include "protocol/record/batch_builder.h"
#include "protocol/record/compressor.h"
#include "protocol/record/control_record.h"
#include "test/sim/sim_disk.h"
#include "test/unit/dump/lines_kept.h"

namespace hw::dump {
namespace {

using testing::read_file;

const std::string kLog = "/data/t-0/00000000000000000000.log";
const std::string kIndex = "/data/t-0/00000000000000000100.index";
const std::string kTimeIndex = "/data/t-0/00000000000000000100.timeindex";
const std::string kSnapshot = "/data/t-0/00000000000000000012.snapshot";

/// A file on a simulated disk, and its dump.
struct OneFile {
    OneFile(std::string name, std::string_view bytes) : path(std::move(name)) {
        REQUIRE(disk.make_directories(path.substr(0, path.rfind('/'))));
        REQUIRE(disk.open(path, storage::OpenMode::create));
        disk.overwrite(path, 0, bytes);
    }

    /// Dumps the file. Returns the error message, empty on success.
    std::string dump(const DumpOptions& options = {}) {
        const auto dumped = dump_file(disk, path, options, output);
        return dumped ? "" : dumped.error().message;
    }
    [[nodiscard]] std::ptrdiff_t lines_with(std::string_view text) const {
        return std::ranges::count_if(output.lines,
                                     [&](const std::string& line) { return line.contains(text); });
    }

    std::string path;
    sim::Scheduler scheduler{1};
    sim::SimDisk disk{scheduler, 1};
    testing::LinesKept output;
};

/// A segment of eight batches with twelve records. The third batch is at byte 187, the fourth at
/// 296, the seventh at 561, the eighth at 670.
std::string transactions() {
    return read_file(HW_UNPACKED "/data/txn-1/00000000000000000000.log");
}

template <class... Numbers>
std::string big_endian(Numbers... numbers) {
    std::string bytes;
    const auto append = [&](auto number) {
        std::array<std::byte, sizeof number> one;
        store_big_endian(one.data(), number);
        bytes += as_text(one);
    };
    (append(numbers), ...);
    return bytes;
}

TEST_CASE("dump: a torn segment is printed up to its last whole batch", "[dump][damage]") {
    OneFile torn(kLog, transactions().substr(0, 600));
    CHECK(torn.dump() ==
          kLog + ": at byte 561: a record batch ends after 39 bytes of its 61 byte header");
    CHECK(torn.lines_with("baseOffset: ") == 6);
    CHECK(torn.output.lines.back() ==
          "Found 39 invalid bytes at the end of 00000000000000000000.log");
    OneFile later(kLog, transactions().substr(0, 700));
    CHECK(later.dump() ==
          kLog + ": at byte 670: a record batch ends after 30 bytes of its 61 byte header");
    OneFile inside(kLog, transactions().substr(0, 740));
    CHECK(inside.dump() ==
          kLog + ": at byte 670: only 70 of the 78 bytes of a batch are in the file");
}

TEST_CASE("dump: a batch with a wrong CRC is an error, and the batches after it are printed",
          "[dump][damage]") {
    std::string bytes = transactions();
    bytes[296 - 3] = 'X';
    OneFile file(kLog, bytes);
    CHECK(file.dump().starts_with(kLog + ": at byte 187: the CRC in its header is 351286757"));
    CHECK(file.lines_with("isvalid: false") == 1);
    CHECK(file.lines_with("isvalid: true") == 7);
    CHECK(file.lines_with("| offset: ") == 12);
}

TEST_CASE("dump: the error names the first of several damaged batches and counts all of them",
          "[dump][damage]") {
    std::string bytes = transactions();
    bytes[296 - 3] = 'X';
    bytes.back() = 'X';
    OneFile file(kLog, bytes);
    CHECK(file.dump().ends_with("(damaged places in total: 2)"));
    CHECK(file.lines_with("isvalid: false") == 2);
}

TEST_CASE("dump: bytes that are not a batch end the dump", "[dump][damage]") {
    std::string bytes = transactions();
    bytes[187 + record::BatchLayout::kMagic] = 9;
    OneFile file(kLog, bytes);
    CHECK(file.dump().starts_with(kLog + ": at byte 187: "));
    CHECK(file.lines_with("baseOffset: ") == 2);
    CHECK(file.lines_with("Found 561 invalid bytes") == 1);
}

TEST_CASE("dump: a batch with an unknown codec is an error, and its records are skipped",
          "[dump][damage]") {
    std::string bytes = transactions();
    bytes[187 + record::BatchLayout::kAttributes + 1] |= 7;
    DumpOptions options;
    OneFile file(kLog, bytes);
    CHECK(file.dump(options).starts_with(kLog + ": at byte 187: "));
    CHECK(file.lines_with("compresscodec: 7 ") == 1);
    CHECK(file.lines_with("| offset: ") == 10);
}

TEST_CASE("dump: a torn index is printed up to its last whole entry", "[dump][damage]") {
    OneFile file(kIndex, big_endian(5, 4096, 9, 8192).substr(0, 13));
    CHECK(file.dump() == kIndex + ": at byte 8: the last entry has 5 of 8 bytes");
    CHECK(file.output.lines ==
          std::vector<std::string>{"Dumping " + kIndex, "offset: 105 position: 4096"});
}

TEST_CASE("dump: an index is printed up to the first entry that does not rise, inclusive",
          "[dump][damage]") {
    OneFile offsets(kIndex, big_endian(5, 4096, 5, 8192, 6, 9000));
    CHECK(offsets.dump() == kIndex +
                                ": at byte 8: the entry (offset: 105 position: 8192) is not "
                                "above the one before it (offset: 105 position: 4096)");
    CHECK(offsets.output.lines.size() == 3);
    OneFile times(kTimeIndex, big_endian(std::int64_t{1000}, 9, std::int64_t{1001}, 8));
    CHECK(times.dump().starts_with(kTimeIndex + ": at byte 12: the entry (timestamp: 1001 "));
}

TEST_CASE("dump: the first entry of a time index may have time 0 and the base offset", "[dump]") {
    OneFile file(kTimeIndex,
                 big_endian(std::int64_t{0}, 0, std::int64_t{7}, 2) + std::string(24, '\0'));
    CHECK(file.dump() == "");
    CHECK(file.output.lines == std::vector<std::string>{"Dumping " + kTimeIndex,
                                                        "timestamp: 0 offset: 100",
                                                        "timestamp: 7 offset: 102"});
}

TEST_CASE("dump: an index longer than one read is printed whole", "[dump]") {
    std::string bytes;
    for (int i = 1; i <= 10'000; ++i) {
        bytes += big_endian(i, i * 10);
    }
    OneFile file(kIndex, bytes + std::string(8000, '\0'));
    CHECK(file.dump() == "");
    REQUIRE(file.output.lines.size() == 10'001);
    CHECK(file.output.lines.back() == "offset: 10100 position: 100000");
}

TEST_CASE("dump: a producer snapshot with a wrong checksum is refused", "[dump][damage]") {
    std::string bytes = read_file(HW_UNPACKED "/data/txn-1/00000000000000000012.snapshot");
    bytes.back() = 'X';
    OneFile file(kSnapshot, bytes);
    CHECK(file.dump() == kSnapshot + ": the checksum does not match");
    CHECK(file.output.lines.size() == 1);
}

TEST_CASE("dump: a missing file and a file of an unknown kind are errors", "[dump]") {
    OneFile file("/data/t-0/leader-epoch-checkpoint", "0\n0\n");
    CHECK(file.dump() ==
          "/data/t-0/leader-epoch-checkpoint cannot be dumped: its name must end in .log, .index, "
          ".timeindex, .snapshot or .checkpoint");
    CHECK(file.output.lines.empty());
    const auto missing =
        dump_file(file.disk, "/data/t-1/00000000000000000000.log", {}, file.output);
    REQUIRE_FALSE(missing);
    CHECK(missing.error().kind == ErrorKind::not_found);
}

TEST_CASE("dump: an index needs the offset in its name, a log does not", "[dump]") {
    OneFile index("/data/t-0/copy.index", big_endian(5, 4096));
    CHECK(index.dump() ==
          "/data/t-0/copy.index: entries are relative to the offset in the name, which must be 20 "
          "digits and .index");
    OneFile log("/data/t-0/copy.log", transactions());
    CHECK(log.dump() == "");
    CHECK(log.output.lines[1].starts_with("baseOffset: 0 "));
}

TEST_CASE("dump: a metadata log outside its folder is decoded if an option asks for it", "[dump]") {
    OneFile file(kLog,
                 read_file(HW_UNPACKED "/data/__cluster_metadata-0/00000000000000000000.log"));
    const std::string record = R"(payload: {"type":"NO_OP_RECORD","version":0,"data":{}})";
    CHECK(file.dump() == "");
    CHECK(file.lines_with(record) == 0);
    DumpOptions options;
    options.values = ValueFormat::metadata;
    CHECK(file.dump(options) == "");
    CHECK(file.lines_with(record) > 0);
}

TEST_CASE("dump: a metadata record that cannot be decoded is printed as an error in its line",
          "[dump]") {
    OneFile file("/data/__cluster_metadata-0/00000000000000000000.log", transactions());
    CHECK(file.dump() == "");
    CHECK(file.output.lines[3].ends_with(
        "payload: Error at 0, skipping. a metadata record has frame version 114; only 1 is "
        "supported"));
}

/// A log with one control record.
std::string control_log(record::ControlType type, std::string_view value) {
    record::BatchOptions options;
    options.control = true;
    record::BatchBuilder builder(options);
    const auto key = record::encode_control_key(type);
    builder.add({ByteView(key), as_bytes(value), {}, Timestamp(7)});
    record::Compressor compressor;
    const auto batch = builder.finish(compressor);
    REQUIRE(batch);
    return std::string(as_text(batch->view()));
}

TEST_CASE("dump: control records of a quorum are printed as Kafka prints them", "[dump]") {
    using std::string_literals::operator""s;
    using std::string_view_literals::operator""sv;
    const auto text = [](record::ControlType type, std::string_view value) {
        OneFile file(kLog, control_log(type, value));
        CHECK(file.dump() == "");
        return file.output.lines.back().substr(file.output.lines.back().find("[] ") + 3);
    };
    CHECK(text(record::ControlType::kraft_version, "\0\0\0\1\0"sv) ==
          R"(KRaftVersion {"version":0,"kRaftVersion":1})");
    const std::string voter =
        big_endian(std::int32_t{3}) + std::string(16, '\0') + "\1" + std::string("\0\0\0\1\0\0"sv);
    CHECK(text(record::ControlType::kraft_voters, "\0\0\2"s + voter + '\0') ==
          R"(KRaftVoters {"version":0,"voters":[{"voterId":3,"voterDirectoryId":)"
          R"("AAAAAAAAAAAAAAAAAAAAAA","endpoints":[],"kRaftVersionFeature":)"
          R"({"minSupportedVersion":0,"maxSupportedVersion":1}}]})");
    CHECK(text(record::ControlType::kraft_version, "\0\7\0\1\0"sv) ==
          "Error at 0, skipping. KRaftVersionRecord has version 7, known are 0 to 0");
}

}  // namespace
}  // namespace hw::dump
