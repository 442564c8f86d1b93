#include <sstream>

#include "storage/posix_disk/posix_disk.h"
#include "test/unit/dump/lines_kept.h"

namespace hw::dump {
namespace {

using testing::LinesKept;
using testing::read_file;

const std::string kStopped = HW_UNPACKED "/data/";
const std::string kRunning = HW_UNPACKED "/running/";
const std::string kOurs = HW_GOLDEN "/";

struct Dump {
    std::vector<std::string> lines;  ///< remarks last; paths relative to the data directory
    std::string error;
};

Dump dump_of(const std::string& root, const std::string& name, const DumpOptions& options = {}) {
    storage::PosixDisk disk;
    LinesKept output;
    const auto dumped = dump_file(disk, root + name, options, output);
    Dump dump{std::move(output.lines), dumped ? "" : dumped.error().message};
    dump.lines.insert(dump.lines.end(), output.remarks.begin(), output.remarks.end());
    for (std::string& line : dump.lines) {
        if (const std::size_t at = line.find(root); at != std::string::npos) {
            line.erase(at, root.size());
        }
    }
    return dump;
}

/// Hides the secrets in a line of Kafka's dump, as our dump does.
std::string with_secrets_hidden(std::string line) {
    for (const std::string_view field : {"\"salt\":\"", "\"storedKey\":\"", "\"serverKey\":\""}) {
        if (const std::size_t at = line.find(field); at != std::string::npos) {
            const std::size_t begin = at + field.size();
            line.replace(begin, line.find('"', begin) - begin, "(hidden)");
        }
    }
    return line;
}

/// The lines of a dump that Kafka made, with secrets hidden.
std::vector<std::string> kafka_lines(const std::filesystem::path& path) {
    std::istringstream text(read_file(path));
    std::vector<std::string> lines;
    for (std::string line; std::getline(text, line);) {
        lines.push_back(with_secrets_hidden(line));
    }
    return lines;
}

/// Name of the dumped file, from the first line of the dump.
std::string dumped_name(const std::vector<std::string>& lines) {
    constexpr std::string_view kTitle = "Dumping ";
    REQUIRE(lines.front().starts_with(kTitle));
    return lines.front().substr(kTitle.size());
}

std::vector<std::string> first_lines(const std::vector<std::string>& lines, std::size_t count) {
    return {lines.begin(), lines.begin() + static_cast<std::ptrdiff_t>(count)};
}

TEST_CASE("dump: files that Kafka wrote are printed as Kafka's own tool prints them",
          "[dump][kafka]") {
    std::size_t compared = 0;
    for (const auto& entry : std::filesystem::directory_iterator(HW_UNPACKED "/dump")) {
        CAPTURE(entry.path().filename().string());
        const std::vector<std::string> expected = kafka_lines(entry.path());
        const Dump dump = dump_of(kStopped, dumped_name(expected));
        CHECK(dump.error == "");
        const bool is_cut = entry.path().filename().string().starts_with("codec-");
        REQUIRE(dump.lines.size() >= expected.size());
        CHECK(is_cut == (dump.lines.size() > expected.size()));
        CHECK(first_lines(dump.lines, expected.size()) == expected);
        ++compared;
    }
    CHECK(compared == 29);
}

TEST_CASE("dump: files that Highwater wrote are printed as Kafka's own tool prints them",
          "[dump][kafka]") {
    std::size_t compared = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(kOurs)) {
        const std::filesystem::path& path = entry.path();
        const auto suffix = path.extension();
        if (suffix == ".log" || suffix == ".index" || suffix == ".timeindex" ||
            suffix == ".snapshot") {
            const std::string name = std::filesystem::relative(path, kOurs).string();
            CAPTURE(name);
            const Dump dump = dump_of(kOurs, name);
            CHECK(dump.error == "");
            CHECK(dump.lines == kafka_lines(path.string() + ".txt"));
            ++compared;
        }
    }
    CHECK(compared > 0);
}

TEST_CASE("dump: every record of a compressed batch is printed", "[dump][kafka]") {
    const std::string file = "-0/00000000000000000000.log";
    const Dump plain = dump_of(kStopped, "codec-none" + file);
    REQUIRE(plain.lines.size() == 303);
    CHECK(plain.lines.back().starts_with("| offset: 299 "));
    for (const char* codec : {"gzip", "snappy", "lz4", "zstd"}) {
        CAPTURE(codec);
        const Dump dump = dump_of(kStopped, std::string("codec-") + codec + file);
        REQUIRE(dump.lines.size() == 303);
        const auto value_of = [](const std::string& line) {
            return line.substr(line.find("key:"));
        };
        CHECK(value_of(dump.lines.back()) == value_of(plain.lines.back()));
    }
}

TEST_CASE("dump: without records only the batches of a segment are printed", "[dump][kafka]") {
    DumpOptions options;
    options.with_records = false;
    const Dump dump = dump_of(kStopped, "rolled-0/00000000000000017664.log", options);
    CHECK(dump.error == "");
    REQUIRE(dump.lines.size() == 66);
    CHECK(dump.lines[1] == "Log starting offset: 17664");
    CHECK(dump.lines[2].starts_with("baseOffset: 17664 "));
    CHECK(dump.lines.back().starts_with("baseOffset: 35052 lastOffset: 35327 "));
}

TEST_CASE("dump: the zeroes of a preallocated index are not printed as entries", "[dump][kafka]") {
    const std::string segment = "rolled-0/00000000000000035328";
    for (const char* suffix : {".index", ".timeindex"}) {
        const Dump running = dump_of(kRunning, segment + suffix);
        CHECK(running.error == "");
        CHECK(running.lines.size() > 3);
        CHECK(running.lines == dump_of(kStopped, segment + suffix).lines);
    }
    const std::string empty = "txn-0/00000000000000000000.index";
    CHECK(dump_of(kRunning, empty).lines ==
          std::vector<std::string>{"Dumping " + empty, empty + " is empty."});
}

}  // namespace
}  // namespace hw::dump
