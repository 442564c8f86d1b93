#include "test/support/golden_folder.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <vector>

#include <catch2/catch.hpp>
#include <fmt/format.h>

namespace hw::test {
namespace {

using Files = std::map<std::string, std::string>;  // contents by name

Files written_files(sim::SimDisk& disk, const std::string& folder) {
    Files files;
    const auto entries = disk.list(folder);
    REQUIRE(entries);
    for (const storage::DirectoryEntry& entry : *entries) {
        files[entry.name] = disk.contents(folder + "/" + entry.name);
    }
    return files;
}

/// All files of `folder` except the output of Kafka's dump tool.
Files golden_files(const std::filesystem::path& folder) {
    Files files;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        if (entry.path().extension() != ".txt") {
            std::ifstream file(entry.path(), std::ios::binary);
            REQUIRE(file);
            files[entry.path().filename().string()] = {std::istreambuf_iterator<char>(file), {}};
        }
    }
    return files;
}

std::vector<std::string> differences(const Files& written, const Files& golden) {
    std::vector<std::string> all;
    for (const auto& [name, bytes] : written) {
        const auto found = golden.find(name);
        if (found == golden.end()) {
            all.push_back(name + " is written, but there is no such golden file");
        } else if (found->second != bytes) {
            const auto place = std::ranges::mismatch(bytes, found->second).in1 - bytes.begin();
            all.push_back(fmt::format("{} differs from byte {} on", name, place));
        }
    }
    for (const auto& [name, bytes] : golden) {
        if (!written.contains(name)) {
            all.push_back(name + " is a golden file, but is not written");
        }
    }
    return all;
}

void keep(const std::filesystem::path& folder, const Files& files) {
    std::filesystem::create_directories(folder);
    for (const auto& [name, bytes] : files) {
        std::ofstream(folder / name, std::ios::binary) << bytes;
    }
}

}  // namespace

void check_golden_folder(sim::SimDisk& disk, const std::string& folder, std::string_view name) {
    const std::filesystem::path kept = std::filesystem::path(HW_GOLDEN_WRITTEN) / name;
    std::filesystem::remove_all(kept);
    const Files written = written_files(disk, folder);
    const auto found = differences(written, golden_files(std::filesystem::path(HW_GOLDEN) / name));
    if (found.empty()) {
        return;
    }
    keep(kept, written);
    for (const std::string& difference : found) {
        UNSCOPED_INFO(difference);
    }
    FAIL_CHECK("The written files differ from those of test/golden/highwater/"
               << name << ". They are in " << kept.string()
               << ". If the format is meant to change, check them with Kafka's own dump tool, as "
                  "test/golden/highwater/README.md says; else the code is wrong.");
}

}  // namespace hw::test
