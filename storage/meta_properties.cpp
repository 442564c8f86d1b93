#include "storage/meta_properties.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>

#include <fmt/format.h>

#include "storage/small_file.h"
#include "storage/text_lines.h"

namespace hw::storage {
namespace {

constexpr std::string_view kRemedy =
    "This file says which cluster, node and directory the logs belong to: put a copy of it back. "
    "Do not remove it: a directory that has logs but not this file is refused";

/// A new directory gets this file before the controller has accepted the node, so a directory may
/// carry an id that was wrong from the start.
constexpr std::string_view kOwnerRemedy =
    "wrong data directory? If it holds nothing that you need, because that id was a mistake, "
    "remove everything in it";

}  // namespace

bool is_cluster_id(std::string_view text) {
    constexpr std::size_t kLongest = 255;
    const auto is_allowed = [](char each) { return each >= ' ' && each <= '~' && each != '\\'; };
    return !text.empty() && text.size() <= kLongest && text.front() != ' ' && text.back() != ' ' &&
           std::ranges::all_of(text, is_allowed);
}

Result<MetaProperties> parse_meta_properties(std::string_view text, std::string_view path) {
    std::map<std::string_view, std::string_view> values;
    TextLines lines(text, path);
    while (auto line = lines.next()) {
        if (line->ends_with('\r')) {
            line->remove_suffix(1);
        }
        if (line->empty() || line->front() == '#' || line->front() == '!') {
            continue;
        }
        const std::size_t equals = line->find('=');
        if (equals == std::string_view::npos) {
            return lines.bad("expected key=value");
        }
        if (!values.emplace(line->substr(0, equals), line->substr(equals + 1)).second) {
            return lines.bad("the key is given twice");
        }
    }
    if (values["version"] != "1") {
        return fail(ErrorKind::unsupported, "{}: version is '{}', only 1 is supported", path,
                    values["version"]);
    }
    const auto node_id = parse_number<std::int32_t>(values["node.id"]);
    if (!node_id || *node_id < 0) {
        return fail(ErrorKind::corrupt, "{}: node.id is '{}', expected a number from 0 on", path,
                    values["node.id"]);
    }
    const auto directory_id = parse_uuid(values["directory.id"]);
    if (!directory_id || directory_id->is_zero()) {
        return fail(ErrorKind::corrupt, "{}: directory.id is '{}', expected a uuid", path,
                    values["directory.id"]);
    }
    if (values["cluster.id"].empty()) {
        return fail(ErrorKind::corrupt, "{}: cluster.id is missing", path);
    }
    return MetaProperties{std::string(values["cluster.id"]), BrokerId(*node_id),
                          DirectoryId(*directory_id)};
}

std::string format_meta_properties(const MetaProperties& properties) {
    return fmt::format("#\nnode.id={}\ndirectory.id={}\nversion=1\ncluster.id={}\n",
                       properties.node_id, properties.directory_id.value(), properties.cluster_id);
}

Result<std::optional<MetaProperties>> load_meta_properties(Disk& disk,
                                                           const std::string& directory) {
    const std::string path = directory + "/" + kMetaPropertiesFile;
    HW_TRY(text, read_small_file_if_there(disk, path));
    if (!text) {
        return std::nullopt;
    }
    auto properties = parse_meta_properties(*text, path);
    if (!properties) {
        return with_remedy(properties.error(), kRemedy);
    }
    return std::move(*properties);
}

Result<void> check_owner(const MetaProperties& found, const MetaProperties& expected,
                         const std::string& directory) {
    if (found.cluster_id != expected.cluster_id) {
        return fail(ErrorKind::invalid, "{}/{} belongs to cluster {}, this node to cluster {}: {}",
                    directory, kMetaPropertiesFile, found.cluster_id, expected.cluster_id,
                    kOwnerRemedy);
    }
    if (found.node_id != expected.node_id) {
        return fail(ErrorKind::invalid, "{}/{} belongs to node {}, this is node {}: {}", directory,
                    kMetaPropertiesFile, found.node_id, expected.node_id, kOwnerRemedy);
    }
    return {};
}

}  // namespace hw::storage
