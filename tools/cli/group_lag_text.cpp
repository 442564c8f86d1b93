#include "tools/cli/group_lag_text.h"

#include <fmt/format.h>

#include "protocol/base/duration_text.h"
#include "tools/cli/output.h"

namespace hw::cli {
namespace {

using client::GroupLag;
using client::GroupPartition;

template <class Value>
std::string or_dash(const std::optional<Value>& value) {
    return value ? fmt::format("{}", *value) : "-";
}

std::optional<std::int64_t> number(const std::optional<Offset>& offset) {
    return offset ? std::optional(offset->value()) : std::nullopt;
}

}  // namespace

std::string age_text(std::optional<client::Milliseconds> age) {
    return age ? short_duration(*age) : "-";
}

std::string partitions_text(const GroupLag& lag) {
    if (lag.partitions.empty()) {
        return "";
    }
    Table rows({"TOPIC", "PARTITION", "COMMITTED", "END", "LAG", "LAG TIME", "MEMBER"});
    for (const GroupPartition& row : lag.partitions) {
        rows.add({row.name.topic, fmt::format("{}", row.name.partition), or_dash(row.committed),
                  or_dash(row.end_offset()), or_dash(row.lag()), age_text(row.age()),
                  row.member.empty() ? "-" : row.member});
    }
    return rows.text();
}

void put_optional(schema::JsonPrinter& json, std::string_view key,
                  std::optional<std::int64_t> value) {
    json.key(key);
    value ? json.number(*value) : json.null();
}

void put_optional(schema::JsonPrinter& json, std::string_view key,
                  std::optional<client::Milliseconds> value) {
    put_optional(json, key, value ? std::optional<std::int64_t>(value->count()) : std::nullopt);
}

void put_lag(schema::JsonPrinter& json, const GroupLag& lag) {
    json.key("group");
    json.string(lag.group.name);
    json.key("state");
    json.string(lag.group.state);
    json.key("lag");
    json.number(lag.lag());
    put_optional(json, "lagMs", lag.age());
}

void put_partitions(schema::JsonPrinter& json, const GroupLag& lag) {
    json.key("partitions");
    json.begin_array();
    for (const GroupPartition& row : lag.partitions) {
        json.begin_object();
        json.key("topic");
        json.string(row.name.topic);
        json.key("partition");
        json.number(row.name.partition.value());
        put_optional(json, "committed", number(row.committed));
        put_optional(json, "end", number(row.end_offset()));
        put_optional(json, "lag", row.lag());
        put_optional(json, "lagMs", row.age());
        json.key("member");
        row.member.empty() ? json.null() : json.string(row.member);
        json.end_object();
    }
    json.end_array();
}

void report_gaps(std::string_view command, const GroupLag& lag, Tally& tally) {
    for (const GroupPartition& partition : lag.partitions) {
        if (!partition.log) {
            tally.fail(partition.log.error());
        }
    }
    if (lag.misses_ages()) {
        warn(command,
             fmt::format("the lag of group '{}' is known in records only: a leader of its "
                         "partitions is not a Highwater broker, and cannot tell how old they are",
                         lag.group.name));
    }
}

}  // namespace hw::cli
