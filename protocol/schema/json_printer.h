#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "protocol/base/bytes.h"
#include "protocol/base/uuid.h"

namespace hw::schema {

/// Writes messages as JSON text, as Kafka's tools do: no spaces, fields in the order of the schema,
/// uuids in base64url, bytes in base64, floating-point numbers in Java's notation. The caller must
/// call begin, key, value and end in the right order; nothing checks it.
class JsonPrinter {
public:
    /// Appends one value to `out`, which must outlive the printer.
    explicit JsonPrinter(std::string& out) : out_(&out), start_(out.size()) {}

    void begin_object() { begin('{'); }
    void end_object() { out_->push_back('}'); }
    void begin_array() { begin('['); }
    void end_array() { out_->push_back(']'); }

    /// `name` is a literal in camelCase and needs no escapes.
    void key(std::string_view name);

    template <std::integral T>
    void number(T value) {
        if constexpr (std::unsigned_integral<T>) {
            natural(value);
        } else {
            integer(value);
        }
    }
    void boolean(bool value) { word(value ? "true" : "false"); }
    void null() { word("null"); }
    void float64(double value);
    void uuid(const Uuid& value);

    void string(std::string_view text);
    void bytes(ByteView bytes);
    /// Written instead of the value of a `sensitive` field.
    void hidden() { string("(hidden)"); }

private:
    void begin(char bracket);
    void separate();
    void word(std::string_view text);
    void integer(std::int64_t value);
    void natural(std::uint64_t value);

    std::string* out_;
    std::size_t start_;
};

}  // namespace hw::schema
