#pragma once

#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "config/broker_config.h"
#include "protocol/base/assert.h"

namespace hw::config {

/// Loads a file "test.properties" with `text`, and overrides, on a machine named "machine".
inline LoadedConfig load(std::string text, std::vector<std::string> overrides = {}) {
    return load_broker_config({.file_name = "test.properties",
                               .file_text = std::move(text),
                               .overrides = std::move(overrides),
                               .default_log_dir = "/data",
                               .host_name = "machine"});
}

/// The settings of a broker whose file holds `text`.
inline Settings settings_of(std::string text) {
    Problems problems;
    return Settings::collect({.file_name = "test.properties",
                              .file_text = std::move(text),
                              .overrides = {},
                              .default_log_dir = "/data",
                              .host_name = "machine"},
                             problems);
}

using Sentences = std::vector<std::string>;

/// The errors that forbid a start with `text`.
inline Sentences errors_of(std::string text, std::vector<std::string> overrides = {}) {
    return load(std::move(text), std::move(overrides)).problems.errors;
}

/// All warnings except the one that other machines can reach the listeners: the defaults cause it.
inline Sentences warnings_of(const LoadedConfig& loaded) {
    Sentences warnings = loaded.problems.warnings;
    std::erase_if(warnings, [](const std::string& warning) {
        return warning.starts_with("other machines can reach ");
    });
    return warnings;
}

inline std::string read_file(const std::string& path) {
    std::ifstream file(path);
    HW_ASSERT(file.good());
    return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace hw::config
