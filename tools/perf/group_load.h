#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "protocol/base/result.h"
#include "tools/client/client.h"
#include "tools/perf/coordinators.h"
#include "tools/perf/group_member.h"
#include "tools/perf/group_report.h"

/// A load of members of groups: they join, heartbeat, and leave.
namespace hw::perf {

struct GroupOptions {
    std::string topic;
    std::int32_t partitions = 0;  ///< of the topic, if it is created; 0: as many as members
    std::string durability = {};  ///< of the topic, if it is created; empty: the default
    GroupProtocol protocol = GroupProtocol::consumer;
    std::string group = "perf-group";  ///< group N is called "perf-group-N", from 0 on
    std::size_t groups = 1;
    std::size_t members = 100;              ///< of each group
    std::size_t connections = 0;            ///< 0: see `connections_of`
    bool adds = false;                      ///< then one more member joins the first group
    bool crashes = false;                   ///< then a member of it falls silent
    client::Milliseconds session{10'000};   ///< of classic members
    client::Milliseconds heartbeat{3'000};  ///< of classic members
    std::chrono::seconds hold{5};           ///< how long the groups must be stable at each step
    std::chrono::seconds step_max{120};     ///< after which a step has failed
    std::optional<std::int64_t> broker_pid = {};    ///< to report its CPU and memory
    int stop_descriptor = client::Socket::kNoStop;  ///< the members leave when it becomes readable
};

/// The topic and the coordinators of a load.
struct GroupTarget {
    GroupPlan plan;
    bool is_created = false;  ///< the topic was created for this run
    Coordinators coordinators;
};

/// How many connections are opened to each of `brokers`: what the options say, at least one for
/// each member of a classic group. There a JoinGroup waits for the other members, and the answers
/// after it wait, too. Errors: invalid (fewer were asked for).
[[nodiscard]] Result<std::size_t> connections_of(const GroupOptions& options, std::size_t brokers);

/// Finds the topic or creates it, and finds the coordinators. Errors: unsupported, busy (no
/// coordinator in time), those of the broker for the topic, those of Client::call.
[[nodiscard]] Result<GroupTarget> find_target(client::Client& client, const GroupOptions& options);

/// Runs the load until the members have left. Blocks; uses one thread and one epoll. A failure
/// during the load is in the report. Errors before that: invalid, closed, timed_out, limit.
[[nodiscard]] Result<GroupReport> run_load(const GroupOptions& options, const GroupTarget& target);

}  // namespace hw::perf
