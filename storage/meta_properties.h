#pragma once

#include <string>
#include <string_view>

#include "protocol/base/ids.h"
#include "protocol/base/result.h"

namespace hw::storage {

inline constexpr const char* kMetaPropertiesFile = "meta.properties";

/// The owner of a data directory: `meta.properties` at its root, Java properties, version 1.
struct MetaProperties {
    std::string cluster_id;
    BrokerId node_id = kNoBroker;
    DirectoryId directory_id;

    bool operator==(const MetaProperties&) const = default;
};

/// Comments, blank lines and unknown keys are skipped. Errors: corrupt (a key is missing, given
/// twice, or not an id), unsupported (another version), with the path.
[[nodiscard]] Result<MetaProperties> parse_meta_properties(std::string_view text,
                                                           std::string_view path);
[[nodiscard]] std::string format_meta_properties(const MetaProperties& properties);

}  // namespace hw::storage
