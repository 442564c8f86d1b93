#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/base/logger.h"

namespace hw::test {

/// A log sink that keeps the lines, without level and component.
class LogLines final : public LogSink {
public:
    void write(LogLevel, std::string_view, std::string_view line) override {
        lines.emplace_back(line);
    }
    [[nodiscard]] bool enabled(LogLevel level) const override { return level >= LogLevel::info; }

    /// Number of lines with this text.
    [[nodiscard]] std::ptrdiff_t count(std::string_view part) const {
        return std::ranges::count_if(
            lines, [part](const std::string& line) { return line.contains(part); });
    }
    [[nodiscard]] bool have(std::string_view part) const { return count(part) > 0; }

    std::vector<std::string> lines;
};

}  // namespace hw::test
