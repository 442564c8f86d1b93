#include "tools/cli/group_description.h"

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "protocol/schema/json_printer.h"
#include "tools/cli/group_lag_text.h"
#include "tools/cli/group_rebalance.h"
#include "tools/cli/output.h"

namespace hw::cli {
namespace {

using client::GroupMember;
using client::GroupView;

std::string_view type_of(const GroupView& group) {
    return group.epochs ? "consumer" : "classic";
}

std::string_view protocol_of(const GroupMember& member) {
    return member.is_classic ? "classic" : "consumer";
}

// --- Text

std::string or_dash(const std::string& text) {
    return text.empty() ? "-" : text;
}

std::string head_text(const GroupView& group) {
    if (!group.epochs) {
        return fmt::format(
            "Group        {}\nType         {}\nState        {}\nProtocol     {}\nCoordinator  {}\n"
            "Members      {}\n",
            group.name, type_of(group), group.state, or_dash(group.protocol), group.coordinator,
            group.members.size());
    }
    return fmt::format(
        "Group             {}\nType              {}\nState             {}\nAssignor          {}\n"
        "Group epoch       {}\nAssignment epoch  {}\nCoordinator       {}\nMembers           {}\n",
        group.name, type_of(group), group.state, or_dash(group.protocol), group.epochs->group,
        group.epochs->assignment, group.coordinator, group.members.size());
}

std::string members_text(const GroupView& group) {
    if (group.members.empty()) {
        return "";
    }
    Table::Row titles{"MEMBER", "INSTANCE", "CLIENT", "HOST", "PARTITIONS"};
    if (group.epochs) {
        titles.insert(titles.end(), {"PROTOCOL", "EPOCH", "TO GIVE UP", "TO GET"});
    }
    Table table(titles);
    for (const GroupMember& member : group.members) {
        Table::Row row{member.id, member.instance.value_or("-"), or_dash(member.client_id),
                       or_dash(member.host), fmt::format("{}", member.partitions.size())};
        if (group.epochs) {
            row.insert(row.end(),
                       {std::string(protocol_of(member)), fmt::format("{}", member.epoch),
                        partition_names(member.to_give_up()), partition_names(member.to_get())});
        }
        table.add(row);
    }
    return table.text();
}

// --- JSON

void put_string(schema::JsonPrinter& json, std::string_view key, std::string_view value) {
    json.key(key);
    json.string(value);
}

void put_names(schema::JsonPrinter& json, std::string_view key,
               const std::vector<client::PartitionName>& names) {
    json.key(key);
    json.begin_array();
    for (const client::PartitionName& name : names) {
        json.begin_object();
        put_string(json, "topic", name.topic);
        json.key("partition");
        json.number(name.partition.value());
        json.end_object();
    }
    json.end_array();
}

void put_member(schema::JsonPrinter& json, const GroupMember& member, bool has_epoch) {
    json.begin_object();
    put_string(json, "member", member.id);
    json.key("instance");
    member.instance ? json.string(*member.instance) : json.null();
    put_string(json, "client", member.client_id);
    put_string(json, "host", member.host);
    put_names(json, "partitions", member.partitions);
    if (has_epoch) {
        put_string(json, "protocol", protocol_of(member));
        put_optional(json, "epoch", std::optional<std::int64_t>(member.epoch));
        put_names(json, "toGiveUp", member.to_give_up());
        put_names(json, "toGet", member.to_get());
    }
    json.end_object();
}

std::optional<std::int64_t> number(const GroupView& group, std::int32_t client::GroupEpochs::* of) {
    return group.epochs ? std::optional<std::int64_t>((*group.epochs).*of) : std::nullopt;
}

}  // namespace

std::string text_of(const client::GroupLag& description) {
    const GroupView& group = description.group;
    std::string text = head_text(group) + members_text(group) + partitions_text(description);
    for (const std::string& reason : rebalance_reasons(group)) {
        text += reason + "\n";
    }
    return text;
}

std::string json_of(const client::GroupLag& description) {
    const GroupView& group = description.group;
    std::string text;
    schema::JsonPrinter json(text);
    json.begin_object();
    put_string(json, "group", group.name);
    put_string(json, "type", type_of(group));
    put_string(json, "state", group.state);
    put_string(json, "protocolType", group.protocol_type);
    put_string(json, "protocol", group.protocol);
    put_optional(json, "groupEpoch", number(group, &client::GroupEpochs::group));
    put_optional(json, "assignmentEpoch", number(group, &client::GroupEpochs::assignment));
    json.key("coordinator");
    json.number(group.coordinator.value());
    json.key("rebalance");
    json.begin_array();
    for (const std::string& reason : rebalance_reasons(group)) {
        json.string(reason);
    }
    json.end_array();
    json.key("members");
    json.begin_array();
    for (const GroupMember& member : group.members) {
        put_member(json, member, group.epochs.has_value());
    }
    json.end_array();
    put_partitions(json, description);
    json.end_object();
    return text;
}

}  // namespace hw::cli
