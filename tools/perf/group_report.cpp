#include "tools/perf/group_report.h"

#include <iterator>

#include <fmt/format.h>

#include "protocol/schema/json_printer.h"
#include "tools/client/words.h"
#include "tools/perf/figures.h"

namespace hw::perf {
namespace {

std::string_view name_of(GroupProtocol protocol) {
    return protocol == GroupProtocol::classic ? "classic" : "consumer";
}

std::string_view epoch_name_of(GroupProtocol protocol) {
    return protocol == GroupProtocol::classic ? "generation" : "epoch";
}

std::string step_text(const GroupStep& step, GroupProtocol protocol) {
    std::string text;
    if (step.told) {
        text = fmt::format("members told after {:.3f} s, ", in_seconds(*step.told));
    }
    text += fmt::format("stable after {:.3f} s", in_seconds(step.stable));
    if (step.stable_after_join.count() > 0) {
        text += fmt::format(", {:.3f} s after the last join", in_seconds(step.stable_after_join));
    }
    return text + fmt::format("; {} {}", epoch_name_of(protocol), step.epoch);
}

std::string memory_text(const GroupReport& report) {
    if (!report.memory) {
        return "not measured";
    }
    return fmt::format("broker {:+.1f} MB, {} bytes per group",
                       static_cast<double>(*report.memory) / 1e6,
                       *report.memory / static_cast<std::int64_t>(report.groups));
}

std::string cpu_text(const Costs& costs) {
    return fmt::format(
        "driver {:.3f} s, broker {}", in_seconds(costs.driver_cpu),
        costs.broker_cpu ? fmt::format("{:.3f} s", in_seconds(*costs.broker_cpu)) : "not measured");
}

std::string heartbeats_text(const GroupTally& tally) {
    return fmt::format("{} answered, {} late, {} removed; {}", tally.heartbeats, tally.late,
                       client::counted(tally.removed, "member"), latency_text(tally.latency));
}

void print_step(schema::JsonPrinter& json, const GroupStep& step) {
    json.begin_object();
    json.key("step");
    json.string(step.name);
    json.key("toldSeconds");
    step.told ? json.float64(in_seconds(*step.told)) : json.null();
    json.key("stableSeconds");
    json.float64(in_seconds(step.stable));
    json.key("stableSecondsAfterLastJoin");
    step.stable_after_join.count() > 0 ? json.float64(in_seconds(step.stable_after_join))
                                       : json.null();
    json.key("epoch");
    json.number(step.epoch);
    json.end_object();
}

void print_load(schema::JsonPrinter& json, const GroupReport& report) {
    json.key("protocol");
    json.string(name_of(report.protocol));
    json.key("topic");
    json.string(report.topic);
    json.key("partitions");
    json.number(report.partitions);
    json.key("created");
    json.boolean(report.is_created);
    json.key("groups");
    json.number(report.groups);
    json.key("members");
    json.number(report.members);
    json.key("connections");
    json.number(report.connections);
}

void print_tally(schema::JsonPrinter& json, const GroupTally& tally) {
    json.key("heartbeats");
    json.number(tally.heartbeats);
    json.key("lateHeartbeats");
    json.number(tally.late);
    json.key("removedMembers");
    json.number(tally.removed);
    json.key("overlaps");
    json.number(tally.overlaps);
    json.key("latencyMs");
    print_latency(json, tally.latency);
}

void print_costs(schema::JsonPrinter& json, const GroupReport& report) {
    json.key("brokerMemoryBytes");
    report.memory ? json.number(*report.memory) : json.null();
    json.key("driverCpuSeconds");
    json.float64(in_seconds(report.costs.driver_cpu));
    json.key("brokerCpuSeconds");
    report.costs.broker_cpu ? json.float64(in_seconds(*report.costs.broker_cpu)) : json.null();
}

}  // namespace

std::string to_text(const GroupReport& report) {
    std::string text;
    const auto line = [&text](std::string_view name, const std::string& value) {
        fmt::format_to(std::back_inserter(text), "{:<12}{}\n", name, value);
    };
    line("groups", fmt::format("{} of {}, {} protocol, {}", report.groups,
                               client::counted(report.members, "member"), name_of(report.protocol),
                               client::counted(report.connections, "connection")));
    line("topic", fmt::format("{}, partitions: {}, {}", report.topic, report.partitions,
                              report.is_created ? "created for this run" : "existed before"));
    for (const GroupStep& step : report.steps) {
        line(step.name, step_text(step, report.protocol));
    }
    line("heartbeats", heartbeats_text(report.tally));
    line("overlaps", report.tally.overlaps == 0
                         ? "none"
                         : fmt::format("{} assigned to a member while another one had it",
                                       client::counted(report.tally.overlaps, "partition")));
    line("memory", memory_text(report));
    line("cpu", cpu_text(report.costs));
    line("errors", errors_text(report.failure, report.tally.refused));
    return text;
}

std::string to_json(const GroupReport& report) {
    std::string text;
    schema::JsonPrinter json(text);
    json.begin_object();
    print_load(json, report);
    json.key("steps");
    json.begin_array();
    for (const GroupStep& step : report.steps) {
        print_step(json, step);
    }
    json.end_array();
    print_tally(json, report.tally);
    print_costs(json, report);
    print_outcome(json, report.failure, report.tally.refused);
    json.end_object();
    return text;
}

}  // namespace hw::perf
