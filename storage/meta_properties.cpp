#include "storage/meta_properties.h"

#include <cstdint>
#include <map>
#include <optional>

#include <fmt/format.h>

#include "storage/text_lines.h"

namespace hw::storage {

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

}  // namespace hw::storage
