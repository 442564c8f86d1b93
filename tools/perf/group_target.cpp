#include <string>
#include <utility>
#include <vector>

#include "protocol/schema/api/consumer_group_heartbeat.h"
#include "protocol/schema/api/heartbeat.h"
#include "protocol/schema/api/join_group.h"
#include "protocol/schema/api/leave_group.h"
#include "protocol/schema/api/sync_group.h"
#include "tools/perf/coordinators.h"
#include "tools/perf/group_load.h"
#include "tools/perf/offset_scan.h"
#include "tools/perf/target.h"

namespace hw::perf {
namespace {

constexpr client::Milliseconds kRebalanceMax{60'000};

template <class Request>
Result<ApiVersion> newest(const client::Client& client) {
    return client.newest_version(Request::kKey, Request::kVersions.high);
}

Result<GroupVersions> find_versions(const client::Client& client, GroupProtocol protocol) {
    GroupVersions versions;
    if (protocol == GroupProtocol::consumer) {
        HW_TRY(heartbeat, newest<schema::ConsumerGroupHeartbeatRequest>(client));
        versions.consumer_heartbeat = heartbeat;
        return versions;
    }
    HW_TRY(join, newest<schema::JoinGroupRequest>(client));
    HW_TRY(sync, newest<schema::SyncGroupRequest>(client));
    HW_TRY(heartbeat, newest<schema::HeartbeatRequest>(client));
    HW_TRY(leave, newest<schema::LeaveGroupRequest>(client));
    return GroupVersions{.join = join,
                         .sync = sync,
                         .heartbeat = heartbeat,
                         .leave = leave,
                         .consumer_heartbeat = {}};
}

}  // namespace

Result<GroupTarget> find_target(client::Client& client, const GroupOptions& options) {
    HW_TRY(versions, find_versions(client, options.protocol));
    const auto members = static_cast<std::int32_t>(options.members);
    const std::int32_t partitions = options.partitions > 0 ? options.partitions : members;
    HW_TRY(found, find_topic(client, {options.topic, partitions, options.durability}));
    std::vector<std::string> names;
    for (std::size_t number = 0; number < options.groups; ++number) {
        names.push_back(group_name(options.group, number));
    }
    HW_TRY(coordinators, find_coordinators(client, names));
    HW_TRY_VOID(wait_until_loaded(client, options.group, options.groups));
    return GroupTarget{
        .plan = {.protocol = options.protocol,
                 .topic = options.topic,
                 .topic_id = found.topic.id,
                 .partitions = static_cast<std::int32_t>(found.topic.partitions.size()),
                 .versions = versions,
                 .session = options.session,
                 .heartbeat = options.heartbeat,
                 .rebalance_max = kRebalanceMax},
        .is_created = found.is_created,
        .coordinators = std::move(coordinators)};
}

}  // namespace hw::perf
