#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "tools/cli/command.h"
#include "tools/client/client.h"
#include "tools/client/partition_io.h"
#include "tools/client/topic_admin.h"

/// Options that several commands share, and the values of options.
namespace hw::cli {

/// `own`, followed by the options of every command that talks to a cluster: its address and the
/// timeout.
[[nodiscard]] std::vector<Option> with_cluster_options(std::vector<Option> own);

/// Connects to the cluster that these options name. Waiting ends when `stop_descriptor` becomes
/// readable. Errors: invalid (an option's value, a controller's listener), closed, timed_out
/// (no broker answers); each with the address and what to do.
[[nodiscard]] Result<client::Client> connect(const Arguments& arguments,
                                             int stop_descriptor = client::Socket::kNoStop);

/// --acks: replicas that must have a batch before it is acknowledged; all by default.
[[nodiscard]] Option acks_option();
/// Errors: invalid.
[[nodiscard]] Result<client::Acks> acks_of(const Arguments& arguments);

/// --config: a setting of topics; may be given several times.
[[nodiscard]] Option config_option();
/// Errors: invalid (a value of --config is not KEY=VALUE).
[[nodiscard]] Result<std::vector<client::Setting>> settings_of(const Arguments& arguments);

enum class OutputFormat : std::uint8_t {
    text,    ///< for people
    json,    ///< one array
    ndjson,  ///< one object per line
};

/// --output.
[[nodiscard]] Option output_option();
/// Errors: invalid.
[[nodiscard]] Result<OutputFormat> output_format(const Arguments& arguments);

inline constexpr std::int64_t kNoMaximum = std::numeric_limits<std::int64_t>::max();

/// `text` as a whole number from `minimum` to `maximum`, inclusive. Errors: invalid, with the
/// bounds; `what` is what the text stands for, such as "PARTITION".
[[nodiscard]] Result<std::int64_t> whole_number(std::string_view what, const std::string& text,
                                                std::int64_t minimum,
                                                std::int64_t maximum = kNoMaximum);

/// The value of an option as a whole number from `minimum` to `maximum`, inclusive. Errors:
/// invalid, with the bounds.
[[nodiscard]] Result<std::int64_t> whole_number(const Arguments& arguments, std::string_view option,
                                                std::int64_t minimum,
                                                std::int64_t maximum = kNoMaximum);

}  // namespace hw::cli
