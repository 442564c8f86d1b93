#include <array>
#include <string>
#include <unistd.h>
#include <vector>

#include <catch2/catch.hpp>

#include "tools/cli/input.h"

namespace hw::cli {
namespace {

/// A pipe whose writing end can be closed before its reading end.
class Pipe {
public:
    Pipe() { REQUIRE(pipe(ends_.data()) == 0); }
    ~Pipe() {
        close(ends_[0]);
        end_input();
    }

    [[nodiscard]] int reader() const { return ends_[0]; }
    void put(const std::string& text) {
        REQUIRE(write(ends_[1], text.data(), text.size()) == static_cast<ssize_t>(text.size()));
    }
    void end_input() {
        if (ends_[1] >= 0) {
            close(ends_[1]);
            ends_[1] = -1;
        }
    }

private:
    std::array<int, 2> ends_{};
};

std::vector<std::string> all_lines(LineReader& lines) {
    std::vector<std::string> all;
    while (true) {
        const auto line = lines.next();
        REQUIRE(line);
        if (!*line) {
            return all;
        }
        all.emplace_back(**line);
    }
}

TEST_CASE("line reader: text after the last line feed is a line, unless it is empty", "[cli]") {
    Pipe input;
    Pipe stop;
    LineReader lines(input.reader(), stop.reader());
    const bool is_ended_by_line_feed = GENERATE(as<bool>{}, true, false);
    input.put(is_ended_by_line_feed ? "a\n\nb\n" : "a\n\nb");
    input.end_input();
    CHECK(all_lines(lines) == std::vector<std::string>{"a", "", "b"});
    CHECK(all_lines(lines).empty());
    CHECK(lines.dropped_bytes() == 0);
}

TEST_CASE("line reader: would_wait is true until a whole line or the end of input is there",
          "[cli]") {
    Pipe input;
    Pipe stop;
    LineReader lines(input.reader(), stop.reader());
    CHECK(lines.would_wait());
    input.put("a\nb\n");
    CHECK_FALSE(lines.would_wait());
    REQUIRE(lines.next());
    CHECK_FALSE(lines.would_wait());
    REQUIRE(lines.next());
    CHECK(lines.would_wait());
    input.end_input();
    CHECK_FALSE(lines.would_wait());
}

TEST_CASE("line reader: after a stop it gives the lines it has read, and drops an incomplete one",
          "[cli]") {
    Pipe input;
    Pipe stop;
    LineReader lines(input.reader(), stop.reader());
    input.put("whole\nsecond\ncut");
    REQUIRE(lines.next());
    stop.put("x");
    CHECK(all_lines(lines) == std::vector<std::string>{"second"});
    CHECK(lines.dropped_bytes() == 3);
}

}  // namespace
}  // namespace hw::cli
