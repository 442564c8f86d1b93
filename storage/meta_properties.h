#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "protocol/base/ids.h"
#include "protocol/base/result.h"
#include "storage/disk.h"

namespace hw::storage {

inline constexpr const char* kMetaPropertiesFile = "meta.properties";

/// The owner of a data directory: `meta.properties` at its root, Java properties, version 1.
struct MetaProperties {
    std::string cluster_id;
    BrokerId node_id = kNoBroker;
    DirectoryId directory_id;

    bool operator==(const MetaProperties&) const = default;
};

/// Whether a cluster id can be written to the file and read back: 1 to 255 printable characters of
/// ASCII, no space at either end and no backslash. Kafka does not insist on a uuid either.
[[nodiscard]] bool is_cluster_id(std::string_view text);

/// Comments, blank lines and unknown keys are skipped. Errors: corrupt (a key is missing, given
/// twice, or not an id), unsupported (another version), with the path.
[[nodiscard]] Result<MetaProperties> parse_meta_properties(std::string_view text,
                                                           std::string_view path);
[[nodiscard]] std::string format_meta_properties(const MetaProperties& properties);

/// Reads the file of a data directory; none if it does not exist. Blocks. Errors: as above, with
/// what to do; io.
[[nodiscard]] Result<std::optional<MetaProperties>> load_meta_properties(
    Disk& disk, const std::string& directory);

/// Refuses a data directory of another cluster or node. Errors: invalid; names both, and what to
/// do.
[[nodiscard]] Result<void> check_owner(const MetaProperties& found, const MetaProperties& expected,
                                       const std::string& directory);

}  // namespace hw::storage
