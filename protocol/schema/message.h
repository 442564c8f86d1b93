#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "protocol/base/bytes.h"
#include "protocol/base/ids.h"
#include "protocol/base/result.h"
#include "protocol/base/uuid.h"
#include "protocol/wire/array.h"
#include "protocol/wire/error_code.h"
#include "protocol/wire/nullable.h"
#include "protocol/wire/writer.h"

namespace hw::wire {
class Reader;
}

/// Types that all generated headers use. A message is a plain struct with the fields of all its
/// versions. Strings and bytes are views, arrays are in the request's arena, absent fields have
/// their default, and a struct that may be null is a pointer. Each message `M` has four functions:
///
///   void decode(wire::Reader&, ApiVersion, M&)       into a new M; the reader keeps the error
///   Result<wire::Size> measure(const M&, ApiVersion) errors: unsupported, invalid, limit
///   void encode(wire::Writer&, const M&, ApiVersion) call only after measure succeeded
///   void print(const M&, ApiVersion, std::string&)   JSON as Kafka's tools print it
namespace hw::schema {

/// Versions from `low` to `high`, both included.
struct VersionRange {
    ApiVersion low;
    ApiVersion high;

    constexpr auto operator<=>(const VersionRange&) const = default;
    [[nodiscard]] constexpr bool contains(ApiVersion version) const {
        return low <= version && version <= high;
    }
};

}  // namespace hw::schema
