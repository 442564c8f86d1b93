#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/schema/json_printer.h"
#include "tools/cli/report.h"
#include "tools/client/group_lag.h"

/// The lag of a group, as text and as JSON.
namespace hw::cli {

/// A table with a row for each partition; empty without partitions.
[[nodiscard]] std::string partitions_text(const client::GroupLag& lag);

/// Writes "group", "state", and the lag in all.
void put_lag(schema::JsonPrinter& json, const client::GroupLag& lag);

/// Writes "partitions", an array with an object for each partition. Times are in milliseconds.
void put_partitions(schema::JsonPrinter& json, const client::GroupLag& lag);

/// Writes a number, or null without one.
void put_optional(schema::JsonPrinter& json, std::string_view key,
                  std::optional<std::int64_t> value);
void put_optional(schema::JsonPrinter& json, std::string_view key,
                  std::optional<client::Milliseconds> value);

/// "3.4 s"; "-" for a time that is not known.
[[nodiscard]] std::string age_text(std::optional<client::Milliseconds> age);

/// Reports the partitions whose lag is not known because they could not be asked for, and warns if
/// brokers cannot tell the age of records.
void report_gaps(std::string_view command, const client::GroupLag& lag, Tally& tally);

}  // namespace hw::cli
