#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

/// The text format of configuration files, as java.util.Properties reads it: `key=value`,
/// `key:value` or `key value`; `#` and `!` begin comments; a backslash at the end of a line
/// continues it on the next line. Escapes are \t \n \r \f and \uXXXX; a backslash before any other
/// character is dropped. Bytes are taken as UTF-8, and \uXXXX becomes UTF-8.
namespace hw::config {

inline constexpr std::size_t kMaxPropertiesBytes = std::size_t{1} << 20;
inline constexpr std::size_t kMaxPropertiesEntries = 10'000;

struct Property {
    std::string key;
    std::string value;
    int line = 0;  ///< of its first character, from 1

    bool operator==(const Property&) const = default;
};

struct LineError {
    int line = 0;
    std::string message;
};

struct Properties {
    std::vector<Property> entries;  ///< in the order of the file, duplicates included
    std::vector<LineError> errors;  ///< one for each line that is not a property
};

/// Each line that cannot be parsed is one error. A text with more than kMaxPropertiesBytes bytes,
/// or with a zero byte, gives one error and no entries. Lines after the first kMaxPropertiesEntries
/// are not read and give one error together.
[[nodiscard]] Properties parse_properties(std::string_view text);

}  // namespace hw::config
