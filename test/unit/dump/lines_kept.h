#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include <catch2/catch.hpp>

#include "tools/dump/dump.h"

namespace hw::dump::testing {

/// Stores the printed lines and remarks.
class LinesKept final : public DumpOutput {
public:
    void line(std::string_view text) override { lines.emplace_back(text); }
    void remark(std::string_view text) override { remarks.emplace_back(text); }

    std::vector<std::string> lines;
    std::vector<std::string> remarks;
};

[[nodiscard]] inline std::string read_file(const std::filesystem::path& path) {
    INFO(path.string());
    std::ifstream file(path, std::ios::binary);
    REQUIRE(file);
    return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace hw::dump::testing
