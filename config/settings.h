#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/keys/key.h"

namespace hw::config {

/// Longest value of one key in bytes, which also bounds the number of its items.
inline constexpr std::size_t kMaxValueBytes = std::size_t{64} << 10;

/// The value of a key from a command-line option of its own, such as --data-dir for log.dirs.
struct Preset {
    std::string name;
    std::string value;
    std::string option;  ///< its name in messages
};

/// The sources of a broker's configuration. The caller reads the file.
struct BrokerInput {
    std::string file_name;               ///< its name in messages
    std::string file_text;               ///< empty: no file
    std::vector<std::string> overrides;  ///< KEY=VALUE each, as --set gives them; the last wins
    std::string default_log_dir;         ///< used when neither log.dirs nor log.dir is set
    std::string host_name;               ///< advertised for listeners without a host
    std::vector<Preset> presets = {};    ///< override the file; `overrides` override them
};

enum class Origin : std::uint8_t {
    default_value,
    file,
    option,        ///< a Preset
    command_line,  ///< --set
};

/// Errors and warnings for the operator, in the order in which they were found. None of them
/// contains the value of a sensitive key.
struct Problems {
    std::vector<std::string> errors;      ///< each one prevents the start
    std::vector<std::string> warnings;    ///< each one names the ignored key or value
    std::size_t command_line_errors = 0;  ///< how many of `errors` are about the command line
    /// No line of the file could be read, so nothing is known about missing keys.
    bool is_file_unreadable = false;

    /// Adds an error about something set in `origin`.
    void refuse(Origin origin, std::string sentence);
    /// Whether the command line causes all errors.
    [[nodiscard]] bool are_all_from_command_line() const {
        return command_line_errors == errors.size();
    }
};

/// One key that was set.
struct Setting {
    const Key* key = nullptr;
    std::string value;  ///< as written
    Origin origin = Origin::default_value;
    std::string place;  ///< "server.properties:12" or "--set"
    bool is_valid = true;
};

/// The broker keys that were set, and the defaults of the others. Immutable once collected. A
/// `name` must be a broker key of the table.
class Settings {
public:
    /// Reads `input`, checks every key and value by itself, and reports to `problems`. A value that
    /// breaks its rule is reported and then counts as not set, so that the rest can be checked.
    [[nodiscard]] static Settings collect(const BrokerInput& input, Problems& problems);

    /// Null when the key is not set, or its value is invalid.
    [[nodiscard]] const Setting* find(std::string_view name) const;
    /// Whether the key was set, even to an invalid value.
    [[nodiscard]] bool mentions(std::string_view name) const;
    /// Whether the key was set to an invalid value.
    [[nodiscard]] bool is_broken(std::string_view name) const;

    /// The value set, else the default; nothing when that is null.
    [[nodiscard]] std::optional<std::string> text(std::string_view name) const;
    [[nodiscard]] std::optional<std::int64_t> integer(std::string_view name) const;
    /// For boolean keys, whose default is never null.
    [[nodiscard]] bool flag(std::string_view name) const;
    [[nodiscard]] std::vector<std::string> list(std::string_view name) const;

    /// Adds the error "PLACE: NAME=VALUE RULE" to `problems`, or "NAME is not set: it RULE".
    void complain(Problems& problems, std::string_view name, std::string_view rule) const;

    [[nodiscard]] const std::map<std::string, Setting, std::less<>>& all() const {
        return settings_;
    }

private:
    struct Given;
    [[nodiscard]] static std::vector<Given> read_file(const BrokerInput& input, Problems& problems);
    [[nodiscard]] static std::vector<Given> read_presets(const BrokerInput& input);
    [[nodiscard]] static std::vector<Given> read_overrides(const BrokerInput& input,
                                                           Problems& problems);
    void take(const Given& candidate, Problems& problems);
    void check(Setting& setting, Problems& problems) const;

    std::map<std::string, Setting, std::less<>> settings_;
};

}  // namespace hw::config
