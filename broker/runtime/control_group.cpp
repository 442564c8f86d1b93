#include "broker/runtime/control_group.h"

#include <algorithm>
#include <charconv>
#include <ranges>
#include <string_view>
#include <vector>

namespace hw::broker {
namespace {

/// A mounted hierarchy of control groups.
struct Mount {
    std::string root;   ///< the group at the mount point
    std::string point;  ///< where it is mounted
    bool is_version_2 = false;
    std::string controllers;  ///< mount options; in version 1 they have the names of controllers
};

std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    for (const auto part : std::views::split(text, separator)) {
        parts.emplace_back(part.begin(), part.end());
    }
    return parts;
}

bool contains(std::string_view list, std::string_view name) {
    return std::ranges::count(split(list, ','), name) > 0;
}

std::optional<std::uint64_t> parse_number(std::string_view text) {
    std::uint64_t number = 0;
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
    return code == std::errc() ? std::optional(number) : std::nullopt;
}

/// mountinfo escapes blanks, tabs, line ends and backslashes, a blank as `\040`.
std::string unescape(std::string_view text) {
    constexpr std::size_t kEscape = 4;
    std::string plain;
    while (!text.empty()) {
        unsigned code = 0;
        const bool is_escape =
            text.size() >= kEscape && text[0] == '\\' &&
            std::from_chars(text.data() + 1, text.data() + kEscape, code, 8).ptr ==
                text.data() + kEscape;
        plain += is_escape ? static_cast<char>(code) : text[0];
        text.remove_prefix(is_escape ? kEscape : 1);
    }
    return plain;
}

/// One line: "36 35 0:28 /root /mount/point options optional... - type source super-options".
std::optional<Mount> parse_mount(std::string_view line) {
    constexpr std::size_t kRootField = 3;
    constexpr std::size_t kPointField = 4;
    const std::vector<std::string_view> fields = split(line, ' ');
    const auto dash = std::ranges::find(fields, "-");
    if (fields.size() <= kPointField || fields.end() - dash < 4) {
        return std::nullopt;
    }
    const std::string_view type = dash[1];
    if (type != "cgroup" && type != "cgroup2") {
        return std::nullopt;
    }
    return Mount{unescape(fields[kRootField]), unescape(fields[kPointField]), type == "cgroup2",
                 std::string(dash[3])};
}

std::vector<Mount> find_mounts(const ReadFile& read) {
    std::vector<Mount> mounts;
    const std::string text = read("/proc/self/mountinfo").value_or("");
    for (const std::string_view line : split(text, '\n')) {
        if (auto mount = parse_mount(line)) {
            mounts.push_back(std::move(*mount));
        }
    }
    return mounts;
}

/// The folders of a group and of its parents, up to the mount point. In a container the group's
/// path may be outside of the mount; the group is then the one at the mount point.
std::vector<std::string> folders_of(const Mount& mount, std::string_view group) {
    const std::string root = mount.root == "/" ? "" : mount.root;
    std::string below;
    if (group.starts_with(root + "/") && group.find("/..") == std::string_view::npos) {
        below = group.substr(root.size());
    }
    std::vector<std::string> folders;
    while (below.size() > 1) {
        folders.push_back(mount.point + below);
        below.resize(below.rfind('/'));
    }
    folders.push_back(mount.point);
    return folders;
}

void lower(std::optional<std::uint64_t>& limit, std::optional<std::uint64_t> other) {
    if (other) {
        limit = std::min(limit.value_or(*other), *other);
    }
}

std::optional<std::uint64_t> read_number(const ReadFile& read, const std::string& path) {
    const auto text = read(path);
    return text ? parse_number(*text) : std::nullopt;
}

/// Quota in thousandths of a core; none for "-1" and "max".
std::optional<std::uint64_t> share_of_core(std::optional<std::uint64_t> quota,
                                           std::optional<std::uint64_t> period) {
    constexpr std::uint64_t kLongest = UINT64_MAX / 1000;
    if (!quota || !period || *period == 0 || *quota > kLongest) {
        return std::nullopt;
    }
    return *quota * 1000 / *period;
}

/// Version 2 has quota and period in one file: "150000 100000".
std::optional<std::uint64_t> read_cpu_max(const ReadFile& read, const std::string& path) {
    const std::string text = read(path).value_or("");
    const std::vector<std::string_view> parts = split(text, ' ');
    return parts.size() < 2 ? std::nullopt
                            : share_of_core(parse_number(parts[0]), parse_number(parts[1]));
}

/// One line of /proc/self/cgroup: "4:memory:/group", or "0::/group" of version 2.
void apply_group(const ReadFile& read, const std::vector<Mount>& mounts, std::string_view line,
                 GroupLimits& limits) {
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first + 1);
    if (first == std::string_view::npos || second == std::string_view::npos) {
        return;
    }
    const std::string_view controllers = line.substr(first + 1, second - first - 1);
    const std::string_view group = line.substr(second + 1);
    for (const Mount& mount : mounts) {
        const bool is_version_2 = controllers.empty();
        const auto has = [&](std::string_view name) {
            return !is_version_2 && contains(controllers, name) &&
                   contains(mount.controllers, name);
        };
        if (mount.is_version_2 != is_version_2) {
            continue;
        }
        for (const std::string& folder : folders_of(mount, group)) {
            if (is_version_2) {
                lower(limits.memory, read_number(read, folder + "/memory.max"));
                lower(limits.cpu_thousandths, read_cpu_max(read, folder + "/cpu.max"));
            }
            if (has("memory")) {
                lower(limits.memory, read_number(read, folder + "/memory.limit_in_bytes"));
            }
            if (has("cpu")) {
                lower(limits.cpu_thousandths,
                      share_of_core(read_number(read, folder + "/cpu.cfs_quota_us"),
                                    read_number(read, folder + "/cpu.cfs_period_us")));
            }
        }
    }
}

}  // namespace

GroupLimits control_group_limits(const ReadFile& read) {
    const std::vector<Mount> mounts = find_mounts(read);
    GroupLimits limits;
    const std::string groups = read("/proc/self/cgroup").value_or("");
    for (const std::string_view line : split(groups, '\n')) {
        apply_group(read, mounts, line, limits);
    }
    return limits;
}

unsigned usable_cores(unsigned cores, const GroupLimits& limits) {
    const std::uint64_t whole = limits.cpu_thousandths.value_or(UINT64_MAX) / 1000;
    return static_cast<unsigned>(std::clamp<std::uint64_t>(whole, 1, std::max(cores, 1U)));
}

}  // namespace hw::broker
