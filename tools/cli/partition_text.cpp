#include "tools/cli/partition_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace hw::cli {

std::string ids_text(const std::vector<BrokerId>& ids) {
    return ids.empty() ? "-" : fmt::format("{}", fmt::join(ids, ","));
}

void put_ids(schema::JsonPrinter& json, std::string_view name, const std::vector<BrokerId>& ids) {
    json.key(name);
    json.begin_array();
    for (const BrokerId id : ids) {
        json.number(id.value());
    }
    json.end_array();
}

std::string leader_text(BrokerId leader) {
    return leader == kNoBroker ? "none" : fmt::format("{}", leader);
}

Table::Row partition_titles() {
    return {"PARTITION", "LEADER", "EPOCH", "REPLICAS", "ISR", "OFFLINE"};
}

Table::Row partition_row(const client::PartitionView& partition) {
    return {fmt::format("{}", partition.index),
            leader_text(partition.leader),
            fmt::format("{}", partition.leader_epoch),
            ids_text(partition.replicas),
            ids_text(partition.in_sync),
            ids_text(partition.offline)};
}

void put_partition(schema::JsonPrinter& json, const client::PartitionView& partition) {
    json.key("partition");
    json.number(partition.index.value());
    json.key("leader");
    json.number(partition.leader.value());
    json.key("leaderEpoch");
    json.number(partition.leader_epoch.value());
    put_ids(json, "replicas", partition.replicas);
    put_ids(json, "isr", partition.in_sync);
    put_ids(json, "offline", partition.offline);
}

}  // namespace hw::cli
