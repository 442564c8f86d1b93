#include "tools/cli/partition_description.h"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "protocol/base/duration_text.h"
#include "protocol/schema/json_printer.h"
#include "tools/cli/output.h"
#include "tools/cli/partition_text.h"

namespace hw::cli {
namespace {

using client::PartitionState;
using client::ReplicaState;

bool is_in_sync(const PartitionState& state, BrokerId broker) {
    return std::ranges::find(state.in_sync, broker) != state.in_sync.end();
}

// --- Text

std::string offset_text(std::optional<Offset> offset) {
    return offset ? fmt::format("{}", *offset) : "-";
}

std::string age_text(std::optional<client::Milliseconds> age) {
    return age ? short_duration(*age) : "never";
}

Table::Row replica_row(const PartitionState& state, const ReplicaState& replica, bool leads) {
    const std::string in_sync = is_in_sync(state, replica.broker) ? "yes" : "no";
    const std::string end = replica.end_offset == kNoOffset ? "-" : offset_text(replica.end_offset);
    if (leads) {
        return {fmt::format("{}", replica.broker), "leader", in_sync, end, "-", "-", "-"};
    }
    const auto lag = state.lag_of(replica);
    return {fmt::format("{}", replica.broker),
            "follower",
            in_sync,
            end,
            lag ? fmt::format("{}", *lag) : "-",
            age_text(replica.since_fetch),
            age_text(replica.since_caught_up)};
}

/// The table of the replicas, and the sentences.
std::string state_text(const PartitionState& state, BrokerId leader) {
    Table table({"REPLICA", "ROLE", "IN SYNC", "END", "LAG", "FETCHED", "CAUGHT UP"});
    std::string sentences;
    for (const ReplicaState& replica : state.replicas) {
        table.add(replica_row(state, replica, replica.broker == leader));
        if (!replica.reason.empty()) {
            const std::string_view what =
                is_in_sync(state, replica.broker) ? "is about to leave the ISR" : "is not in sync";
            fmt::format_to(std::back_inserter(sentences), "Replica {} {}: {}.\n", replica.broker,
                           what, replica.reason);
        }
    }
    if (!state.watermark_reason.empty()) {
        fmt::format_to(std::back_inserter(sentences),
                       "The high watermark is below the log end: {}.\n", state.watermark_reason);
    }
    if (!state.write_refusal.empty()) {
        fmt::format_to(std::back_inserter(sentences), "In this partition {}.\n",
                       state.write_refusal);
    }
    return table.text() + sentences;
}

// --- JSON

void put_offset(schema::JsonPrinter& json, std::string_view name, std::optional<Offset> offset) {
    json.key(name);
    if (offset && *offset != kNoOffset) {
        json.number(offset->value());
    } else {
        json.null();
    }
}

void put_number(schema::JsonPrinter& json, std::string_view name,
                std::optional<std::int64_t> number) {
    json.key(name);
    if (number) {
        json.number(*number);
    } else {
        json.null();
    }
}

void put_age(schema::JsonPrinter& json, std::string_view name,
             std::optional<client::Milliseconds> age) {
    put_number(json, name, age ? std::optional(age->count()) : std::nullopt);
}

void put_text(schema::JsonPrinter& json, std::string_view name, std::string_view text) {
    json.key(name);
    if (text.empty()) {
        json.null();
    } else {
        json.string(text);
    }
}

void put_replica(schema::JsonPrinter& json, const PartitionState& state,
                 const ReplicaState& replica) {
    json.begin_object();
    json.key("replica");
    json.number(replica.broker.value());
    json.key("inSync");
    json.boolean(is_in_sync(state, replica.broker));
    json.key("brokerEpoch");
    json.number(replica.broker_epoch.value());
    put_offset(json, "endOffset", replica.end_offset);
    put_number(json, "lag", state.lag_of(replica));
    put_age(json, "sinceFetchMs", replica.since_fetch);
    put_age(json, "sinceCaughtUpMs", replica.since_caught_up);
    put_text(json, "reason", replica.reason);
    json.end_object();
}

void put_replicas(schema::JsonPrinter& json, const std::optional<PartitionState>& state) {
    json.key("replicaStates");
    if (!state) {
        json.null();
        return;
    }
    json.begin_array();
    for (const ReplicaState& replica : state->replicas) {
        put_replica(json, *state, replica);
    }
    json.end_array();
}

void put_state(schema::JsonPrinter& json, const std::optional<PartitionState>& state) {
    const PartitionState known = state.value_or(PartitionState());
    const auto if_known = [&](std::int64_t number) {
        return state ? std::optional(number) : std::nullopt;
    };
    put_number(json, "partitionEpoch", if_known(known.partition_epoch.value()));
    put_offset(json, "logEndOffset", known.log_end_offset);
    put_offset(json, "durableEndOffset", known.durable_end_offset);
    put_number(json, "minIsr", if_known(known.isr_size_needed));
    if (known.proposed_isr) {
        put_ids(json, "proposedIsr", *known.proposed_isr);
    } else {
        json.key("proposedIsr");
        json.null();
    }
    put_text(json, "watermarkReason", known.watermark_reason);
    put_text(json, "writeRefusal", known.write_refusal);
    put_replicas(json, state);
}

}  // namespace

void PartitionDescription::take(client::PartitionState known) {
    partition.leader_epoch = known.leader_epoch;
    partition.in_sync = known.in_sync;
    earliest = known.log_start_offset;
    latest = known.high_watermark;
    state = std::move(known);
}

std::string text_of(const PartitionDescription& description) {
    const client::PartitionView& partition = description.partition;
    const auto& state = description.state;
    std::string text;
    const auto line = [&text](std::string_view name, const std::string& value) {
        fmt::format_to(std::back_inserter(text), "{:<17}{}\n", name, value);
    };
    line("Partition", client::to_string(description.name));
    line("Leader", leader_text(partition.leader));
    line("Epoch", fmt::format("{}", partition.leader_epoch));
    line("Replicas", ids_text(partition.replicas));
    line("ISR", ids_text(partition.in_sync));
    if (state && state->proposed_isr) {
        line("Proposed ISR", ids_text(*state->proposed_isr));
    }
    if (state) {
        line("Min ISR", fmt::format("{}", state->isr_size_needed));
    }
    line("Offline", ids_text(partition.offline));
    line("Log start", offset_text(description.earliest));
    line("High watermark", offset_text(description.latest));
    if (state) {
        line("Log end", offset_text(state->log_end_offset));
        line("Durable end", offset_text(state->durable_end_offset));
        text += state_text(*state, partition.leader);
    }
    return text;
}

std::string json_of(const PartitionDescription& description) {
    std::string text;
    schema::JsonPrinter json(text);
    json.begin_object();
    json.key("topic");
    json.string(description.name.topic);
    put_partition(json, description.partition);
    put_offset(json, "earliestOffset", description.earliest);
    put_offset(json, "latestOffset", description.latest);
    put_state(json, description.state);
    put_text(json, "error", description.error ? description.error->message : "");
    json.end_object();
    return text;
}

}  // namespace hw::cli
