#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "protocol/schema/json_printer.h"
#include "tools/cli/output.h"
#include "tools/client/client.h"

/// A partition as a row of a table and as JSON; the same in all commands.
namespace hw::cli {

/// "1,2,3", or "-" if there are none.
[[nodiscard]] std::string ids_text(const std::vector<BrokerId>& ids);

/// The same as a JSON array.
void put_ids(schema::JsonPrinter& json, std::string_view name, const std::vector<BrokerId>& ids);

/// The id, or "none".
[[nodiscard]] std::string leader_text(BrokerId leader);

/// The titles of `partition_row`: from PARTITION to OFFLINE.
[[nodiscard]] Table::Row partition_titles();
[[nodiscard]] Table::Row partition_row(const client::PartitionView& partition);

/// The same as fields of an object that was begun.
void put_partition(schema::JsonPrinter& json, const client::PartitionView& partition);

}  // namespace hw::cli
