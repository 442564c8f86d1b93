#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

/// The text format of configuration files, as java.util.Properties reads it: `key=value`,
/// `key:value` or `key value`; `#` and `!` begin comments; a backslash at the end goes on in the
/// next line;
/// \t \n \r \f, \uXXXX, and any other character after a backslash is itself. Bytes are taken as
/// UTF-8, and \uXXXX becomes UTF-8.
namespace hw::config {

inline constexpr std::size_t kPropertiesBytesMax = std::size_t{1} << 20;
inline constexpr std::size_t kPropertiesEntriesMax = 10'000;

struct Property {
    std::string key;
    std::string value;
    int line = 0;  ///< where it begins, from 1

    bool operator==(const Property&) const = default;
};

struct LineError {
    int line = 0;
    std::string message;
};

struct Properties {
    std::vector<Property> entries;  ///< in the order of the file, duplicates included
    std::vector<LineError> errors;  ///< lines that are no property; the others are in `entries`
};

/// Each broken line is one error. A text over kPropertiesBytesMax, or with a zero byte, which no
/// text has, has no entries and one error; what follows the entry number kPropertiesEntriesMax is
/// one error.
[[nodiscard]] Properties parse_properties(std::string_view text);

}  // namespace hw::config
