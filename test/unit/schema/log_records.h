#pragma once

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include <catch2/catch.hpp>

#include "protocol/base/bytes.h"
#include "protocol/wire/varint.h"

namespace hw::schema::testing {

/// The bytes of a file in `test/golden`.
inline std::string file(const std::string& name) {
    std::ifstream stream(std::string(HW_GOLDEN) + "/" + name, std::ios::binary);
    REQUIRE(stream);
    return {std::istreambuf_iterator<char>(stream), {}};
}

inline std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::size_t begin = 0;
    for (std::size_t end; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1) {
        lines.push_back(text.substr(begin, end - begin));
    }
    return lines;
}

/// A record of an uncompressed batch.
struct LogRecord {
    bool is_control = false;
    std::string_view key;
    std::string_view value;
};

/// Reads the zig-zag varints of the record format.
class Cursor {
public:
    explicit Cursor(std::string_view bytes) : bytes_(bytes) {}

    std::string_view take(std::size_t size) {
        const std::string_view taken = bytes_.substr(0, size);
        bytes_.remove_prefix(size);
        return taken;
    }
    std::int64_t varint() {
        std::uint64_t value = 0;
        const std::byte* begin = as_bytes(bytes_).data();
        const std::byte* after = wire::load_varint(begin, begin + bytes_.size(), 64, value);
        REQUIRE(after != nullptr);
        bytes_.remove_prefix(static_cast<std::size_t>(after - begin));
        return wire::unzigzag(value);
    }
    std::string_view sized() {
        const std::int64_t size = varint();
        return size < 0 ? std::string_view() : take(static_cast<std::size_t>(size));
    }
    [[nodiscard]] bool done() const { return bytes_.empty(); }

private:
    std::string_view bytes_;
};

/// The records of a segment, in order.
inline std::vector<LogRecord> records_of(std::string_view log) {
    constexpr std::size_t kPrefix = 12;  // base offset and length
    constexpr std::size_t kHeader = 61;
    std::vector<LogRecord> records;
    while (!log.empty()) {
        const std::byte* header = as_bytes(log).data();
        const auto size =
            kPrefix + static_cast<std::size_t>(load_big_endian<std::int32_t>(header + 8));
        const auto attributes = load_big_endian<std::int16_t>(header + 21);
        Cursor batch(log.substr(kHeader, size - kHeader));
        while (!batch.done()) {
            Cursor record(batch.sized());
            static_cast<void>(record.take(1));
            static_cast<void>(record.varint());
            static_cast<void>(record.varint());
            const std::string_view key = record.sized();
            records.push_back({(attributes & 0x20) != 0, key, record.sized()});
        }
        log.remove_prefix(size);
    }
    return records;
}

}  // namespace hw::schema::testing
