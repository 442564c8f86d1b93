#include "config/broker_config.h"

#include <algorithm>
#include <limits>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "config/group_config.h"
#include "protocol/base/assert.h"

namespace hw::config {
namespace {

using std::chrono::milliseconds;

/// The value of a key whose default is not null.
std::int64_t integer(const Settings& settings, std::string_view name) {
    const auto value = settings.integer(name);
    HW_ASSERT(value.has_value());
    return *value;
}

milliseconds span(const Settings& settings, std::string_view name) {
    return milliseconds(integer(settings, name));
}

Roles read_roles(const Settings& settings, Problems& problems) {
    Roles roles;
    for (const std::string& role : settings.list("process.roles")) {
        (role == "broker" ? roles.is_broker : roles.is_controller) = true;
    }
    if (!roles.is_broker && !roles.is_controller) {
        settings.complain(problems, "process.roles",
                          "must name at least one role: broker, controller or both");
    }
    return roles;
}

bool is_alone(const Settings& settings) {
    return settings.list("controller.quorum.voters").empty() &&
           settings.list("controller.quorum.bootstrap.servers").empty();
}

/// A node that is its own quorum may leave out its id. In a cluster, two nodes that assume the same
/// id would lock each other out.
BrokerId read_node_id(const Settings& settings, Problems& problems) {
    constexpr std::int64_t kAssumed = 1;
    const auto node_id = settings.integer("node.id");
    const std::int64_t broker_id = integer(settings, "broker.id");
    if (node_id && broker_id != -1 && *node_id != broker_id) {
        settings.complain(problems, "broker.id",
                          fmt::format("is the old name of node.id and differs from node.id={}; "
                                      "remove broker.id",
                                      *node_id));
    }
    const bool is_given = settings.mentions("node.id") || broker_id != -1;
    if (!is_given && !is_alone(settings)) {
        settings.complain(problems, "node.id",
                          "must be set when controller.quorum.voters or "
                          "controller.quorum.bootstrap.servers is set; give each node its own "
                          "number, for example node.id=1");
    }
    const std::int64_t id = node_id.value_or(broker_id == -1 ? kAssumed : broker_id);
    return BrokerId(static_cast<std::int32_t>(id));
}

NodeConfig read_node(const Settings& settings, Problems& problems) {
    NodeConfig node{.id = read_node_id(settings, problems),
                    .roles = read_roles(settings, problems),
                    .broker_session_timeout = span(settings, "broker.session.timeout.ms"),
                    .broker_heartbeat_interval = span(settings, "broker.heartbeat.interval.ms")};
    if (node.broker_heartbeat_interval >= node.broker_session_timeout) {
        settings.complain(
            problems, "broker.heartbeat.interval.ms",
            fmt::format("must be less than broker.session.timeout.ms ({}), or every broker is "
                        "fenced; lower this key or raise that one",
                        node.broker_session_timeout.count()));
    }
    return node;
}

ConnectionConfig read_connections(const Settings& settings) {
    const milliseconds idle = span(settings, "connections.max.idle.ms");
    return {.request_max_bytes =
                static_cast<std::int32_t>(integer(settings, "socket.request.max.bytes")),
            .idle_max = idle.count() < 0 ? std::nullopt : std::optional(idle),
            .fetch_session_slots = static_cast<std::size_t>(
                integer(settings, "max.incremental.fetch.session.cache.slots"))};
}

/// `path` without "." parts and superfluous slashes: "./d0/" and "d0//." become "d0". For comparing
/// only. Keeps "..", because after a link it is not the directory before it.
std::string plain_path(std::string_view path) {
    std::string plain = path.starts_with('/') ? "/" : "";
    while (!path.empty()) {
        const std::size_t slash = std::min(path.find('/'), path.size());
        const std::string_view part = path.substr(0, slash);
        path.remove_prefix(std::min(slash + 1, path.size()));
        if (!part.empty() && part != ".") {
            plain += plain.empty() || plain.ends_with('/') ? "" : "/";
            plain += part;
        }
    }
    return plain.empty() ? "." : plain;
}

bool lies_in(std::string_view path, std::string_view directory) {
    return path.starts_with(directory) && path.substr(directory.size()).starts_with('/');
}

/// Why a node cannot have both as data directories; empty when it can. Compares names only; links
/// are found when the directories are opened.
std::string conflict_of(const std::string& one, const std::string& other) {
    const std::string plain = plain_path(one);
    const std::string plain_other = plain_path(other);
    if (plain == plain_other) {
        return fmt::format("names the directory {} twice, as '{}' and '{}'; keep one of them",
                           plain, one, other);
    }
    if (lies_in(plain_other, plain) || lies_in(plain, plain_other)) {
        const bool is_inner = lies_in(plain, plain_other);
        return fmt::format("has '{}', which lies in '{}'; choose a directory outside of it",
                           is_inner ? one : other, is_inner ? other : one);
    }
    return {};
}

/// Spelled as in log.dirs when it is one of those, so that the two compare equal.
std::string read_metadata_log_dir(const Settings& settings,
                                  const std::vector<std::string>& log_dirs, Problems& problems) {
    const auto own = settings.text("metadata.log.dir");
    if (!own) {
        return log_dirs.front();
    }
    for (const std::string& log_dir : log_dirs) {
        if (plain_path(log_dir) == plain_path(*own)) {
            return log_dir;
        }
    }
    for (const std::string& log_dir : log_dirs) {
        if (const std::string conflict = conflict_of(log_dir, *own); !conflict.empty()) {
            settings.complain(problems, "metadata.log.dir", conflict);
        }
    }
    return *own;
}

StorageConfig read_storage(const Settings& settings, const std::string& default_log_dir,
                           Problems& problems) {
    StorageConfig storage;
    const std::string_view key = settings.mentions("log.dirs") ? "log.dirs" : "log.dir";
    if (settings.is_broken(key)) {
        return storage;
    }
    storage.log_dirs = settings.list(key);
    if (!settings.mentions(key) && !default_log_dir.empty()) {
        storage.log_dirs.push_back(default_log_dir);
    }
    const std::set<std::string> distinct(storage.log_dirs.begin(), storage.log_dirs.end());
    if (distinct.empty() || distinct.contains("")) {
        settings.complain(
            problems, settings.mentions(key) ? key : "log.dirs",
            "must name a data directory; write for example log.dirs=/var/lib/highwater");
        return storage;
    }
    for (auto one = storage.log_dirs.begin(); one != storage.log_dirs.end(); ++one) {
        for (auto other = storage.log_dirs.begin(); other != one; ++other) {
            if (const std::string conflict = conflict_of(*other, *one); !conflict.empty()) {
                settings.complain(problems, key, conflict);
            }
        }
    }
    storage.metadata_log_dir = read_metadata_log_dir(settings, storage.log_dirs, problems);
    storage.directory_failure_timeout = span(settings, "log.dir.failure.timeout.ms");
    storage.disk_stall = span(settings, "highwater.disk.stall.ms");
    return storage;
}

TopicCreationConfig read_topic_creation(const Settings& settings) {
    const auto factor = settings.integer("default.replication.factor");
    return {.partitions = static_cast<std::int32_t>(integer(settings, "num.partitions")),
            .replication_factor =
                factor ? std::optional(static_cast<std::int16_t>(*factor)) : std::nullopt,
            .is_automatic = settings.flag("auto.create.topics.enable")};
}

ReplicationConfig read_replication(const Settings& settings) {
    // Kafka allows 0 and less, with which a follower would never be in sync, or never stop asking.
    constexpr milliseconds kShortest{1};
    const auto at_least_shortest = [&](std::string_view name) {
        return std::max(span(settings, name), kShortest);
    };
    const std::int64_t messages = integer(settings, "replica.lag.max.messages");
    return {
        .lag_time_max = at_least_shortest("replica.lag.time.max.ms"),
        .lag_messages_max = messages < 0 ? std::nullopt : std::optional(messages),
        .fetch_max_bytes = static_cast<std::int32_t>(integer(settings, "replica.fetch.max.bytes")),
        .fetch_response_max_bytes =
            static_cast<std::int32_t>(integer(settings, "replica.fetch.response.max.bytes")),
        .fetch_wait_max = at_least_shortest("replica.fetch.wait.max.ms"),
        .socket_timeout = at_least_shortest("replica.socket.timeout.ms")};
}

ElectionConfig read_election(const Settings& settings) {
    constexpr std::string_view kInterval = "leader.imbalance.check.interval.seconds";
    constexpr std::int64_t kMillis = 1000;
    const std::int64_t longest = std::numeric_limits<std::int64_t>::max() / kMillis;
    ElectionConfig election{.is_unclean = settings.flag("unclean.leader.election.enable"),
                            .balance_interval = {}};
    if (settings.flag("auto.leader.rebalance.enable")) {
        election.balance_interval =
            std::chrono::milliseconds(std::min(integer(settings, kInterval), longest) * kMillis);
    }
    return election;
}

ProduceConfig read_produce(const Settings& settings) {
    const bool is_full = settings.text("highwater.produce.validation") == "full";
    return {.validation = is_full ? ProduceValidation::full : ProduceValidation::header,
            .producer_id_expiration = span(settings, "producer.id.expiration.ms"),
            .producer_expiry_interval = span(settings, "producer.id.expiration.check.interval.ms")};
}

/// Of a group.
constexpr std::int32_t kMostMembers = 10'000;

/// Assignors may be named by Kafka's classes.
std::string short_name(const std::string& assignor) {
    if (assignor.ends_with(".UniformAssignor")) {
        return "uniform";
    }
    return assignor.ends_with(".RangeAssignor") ? "range" : assignor;
}

ConsumerGroupConfig read_consumer_groups(const Settings& settings) {
    const auto policy = settings.text("group.consumer.migration.policy");
    ConsumerGroupConfig groups{
        .session = span(settings, "group.consumer.session.timeout.ms"),
        .heartbeat_interval = span(settings, "group.consumer.heartbeat.interval.ms"),
        .heartbeat_interval_min = span(settings, "group.consumer.min.heartbeat.interval.ms"),
        .size_max = std::min(
            static_cast<std::int32_t>(integer(settings, "group.consumer.max.size")), kMostMembers),
        .assignors = {},
        .may_upgrade = policy == "bidirectional" || policy == "upgrade",
        .may_downgrade = policy == "bidirectional" || policy == "downgrade"};
    for (const std::string& assignor : settings.list("group.consumer.assignors")) {
        groups.assignors.push_back(short_name(assignor));
    }
    if (groups.assignors.empty()) {
        groups.assignors = {"uniform", "range"};
    }
    return groups;
}

GroupCoordinatorConfig read_groups(const Settings& settings) {
    const auto number = [&](std::string_view name) {
        return static_cast<std::int32_t>(integer(settings, name));
    };
    const auto factor = settings.integer("offsets.topic.replication.factor");
    return {.offsets_topic = {.partitions = number("offsets.topic.num.partitions"),
                              .replication_factor =
                                  factor ? std::optional(static_cast<std::int16_t>(*factor))
                                         : std::nullopt,
                              .segment_bytes = number("offsets.topic.segment.bytes")},
            .offset_metadata_max = number("offset.metadata.max.bytes"),
            .commit_timeout = span(settings, "offsets.commit.timeout.ms"),
            .retention = std::chrono::minutes(integer(settings, "offsets.retention.minutes")),
            .retention_check_interval = span(settings, "offsets.retention.check.interval.ms"),
            .session_min = span(settings, "group.min.session.timeout.ms"),
            .session_max = span(settings, "group.max.session.timeout.ms"),
            .initial_delay = span(settings, "group.initial.rebalance.delay.ms"),
            .size_max = std::min(number("group.max.size"), kMostMembers),
            .consumer = read_consumer_groups(settings)};
}

/// Whether id and roles are valid. If not, errors about listeners and voters would be guesses.
bool knows_identity(const Settings& settings, const NodeConfig& node) {
    return !settings.is_broken("node.id") && !settings.is_broken("process.roles") &&
           (node.roles.is_broker || node.roles.is_controller);
}

}  // namespace

std::vector<std::string> StorageConfig::directories() const {
    std::vector<std::string> all = log_dirs;
    if (std::ranges::count(all, metadata_log_dir) == 0) {
        all.push_back(metadata_log_dir);
    }
    return all;
}

LoadedConfig load_broker_config(const BrokerInput& input) {
    LoadedConfig loaded;
    Problems& problems = loaded.problems;
    Settings settings = Settings::collect(input, problems);
    if (problems.is_file_unreadable) {
        return loaded;
    }
    const NodeConfig node = read_node(settings, problems);
    NetworkConfig network;
    QuorumConfig quorum;
    if (knows_identity(settings, node)) {
        network = make_network_config(settings, node.roles, input.host_name, problems);
        quorum = make_quorum_config(settings, node.id, node.roles, network, problems);
    }
    StorageConfig storage = read_storage(settings, input.default_log_dir, problems);
    check_group_bounds(settings, problems);
    if (problems.errors.empty()) {
        loaded.config = BrokerConfig{.node = node,
                                     .network = std::move(network),
                                     .connections = read_connections(settings),
                                     .quorum = std::move(quorum),
                                     .storage = std::move(storage),
                                     .topic_creation = read_topic_creation(settings),
                                     .replication = read_replication(settings),
                                     .election = read_election(settings),
                                     .produce = read_produce(settings),
                                     .groups = read_groups(settings),
                                     .memory_limit = settings.integer("highwater.memory.limit"),
                                     .settings = std::move(settings)};
    }
    return loaded;
}

}  // namespace hw::config
