#include "tools/perf/commit_load.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "protocol/schema/api/offset_commit.h"
#include "tools/client/group_coordinator.h"
#include "tools/perf/commit_connection.h"
#include "tools/perf/load_loop.h"
#include "tools/perf/offset_scan.h"
#include "tools/perf/target.h"

namespace hw::perf {
namespace {

constexpr std::uint64_t kNoLimit = std::numeric_limits<std::uint64_t>::max();
/// Which offset is committed does not matter.
constexpr Offset kCommitted{1};

std::vector<std::string> group_names(const std::string& prefix, std::size_t groups) {
    std::vector<std::string> names;
    for (std::size_t number = 0; number < groups; ++number) {
        names.push_back(group_name(prefix, number));
    }
    return names;
}

Result<RequestFrame> encode_commit(const CommitOptions& options, const std::string& group,
                                   ApiVersion version) {
    using Request = schema::OffsetCommitRequest;
    std::vector<Request::Partition> partitions;
    for (std::int32_t index = 0; index < options.partitions; ++index) {
        partitions.push_back({.partition_index = PartitionIndex(index),
                              .committed_offset = kCommitted,
                              .committed_metadata = ""});
    }
    const Request::Topic topic{.name = options.topic, .topic_id = {}, .partitions = partitions};
    const Request request{.group_id = group, .topics = {&topic, 1}};
    return encode_request(request, version);
}

class CommitLoad {
public:
    CommitLoad(const CommitOptions& options, const CommitTarget& target)
        : options_(options), target_(target) {}

    /// Encodes the requests and connects.
    [[nodiscard]] Result<void> prepare();
    [[nodiscard]] Result<CommitReport> run();

private:
    [[nodiscard]] Result<void> make_lanes();
    [[nodiscard]] bool is_done() const;
    void stop();

    const CommitOptions& options_;
    const CommitTarget& target_;
    Tally tally_;
    std::vector<std::unique_ptr<CommitLane>> lanes_;  ///< by broker
    LoadLoop loop_;
};

Result<void> CommitLoad::prepare() {
    HW_TRY_VOID(loop_.open(options_.stop_descriptor));
    HW_TRY_VOID(make_lanes());
    HW_TRY_VOID(allow_open_files(options_.connections));
    for (std::size_t i = 0; i < options_.connections; ++i) {
        const std::size_t broker = i % lanes_.size();
        HW_TRY(socket, connect_to(target_.coordinators.brokers[broker]));
        HW_TRY_VOID(loop_.add(
            std::make_unique<CommitConnection>(std::move(socket), *lanes_[broker]), Ready::edge));
    }
    return {};
}

/// Each broker gets requests in proportion to its groups.
Result<void> CommitLoad::make_lanes() {
    for (std::size_t i = 0; i < target_.coordinators.brokers.size(); ++i) {
        auto lane = std::make_unique<CommitLane>();
        lane->version = target_.version;
        lane->in_flight = options_.in_flight;
        lane->partitions = static_cast<std::size_t>(options_.partitions);
        lane->tally = &tally_;
        lanes_.push_back(std::move(lane));
    }
    for (std::size_t number = 0; number < options_.groups; ++number) {
        HW_TRY(frame, encode_commit(options_, group_name(options_.group, number), target_.version));
        lanes_[target_.coordinators.broker_of[number]]->frames.push_back(std::move(frame));
    }
    // Of the first n groups, so that all have as many as were asked for.
    const auto requests_of = [this](std::size_t groups) {
        return options_.requests.value_or(0) * groups / options_.groups;
    };
    std::size_t groups = 0;
    for (const auto& lane : lanes_) {
        const std::uint64_t before = requests_of(groups);
        groups += lane->frames.size();
        lane->supply = Supply(options_.requests ? requests_of(groups) - before : kNoLimit);
    }
    return {};
}

bool CommitLoad::is_done() const {
    const bool is_sent =
        std::ranges::all_of(lanes_, [](const auto& lane) { return lane->supply.is_empty(); });
    return is_sent && loop_.is_idle();
}

void CommitLoad::stop() {
    for (const auto& lane : lanes_) {
        lane->supply.stop();
    }
}

Result<CommitReport> CommitLoad::run() {
    CommitReport report;
    report.topic = options_.topic;
    report.is_created = target_.is_created;
    report.partitions = options_.partitions;
    report.groups = options_.groups;
    report.connections = options_.connections;
    report.in_flight = options_.in_flight;
    HW_TRY(measurement, Measurement::start(options_.broker_pid));
    const auto done = loop_.run({.is_done = [this] { return is_done(); },
                                 .stop = [this] { stop(); },
                                 .time = options_.seconds});
    measurement.finish(report.costs);
    if (!done) {
        report.failure = done.error().message;
    }
    report.tally = tally_;
    return report;
}

}  // namespace

Result<CommitTarget> find_target(client::Client& client, const CommitOptions& options) {
    HW_TRY(version, client.newest_version(schema::OffsetCommitRequest::kKey, client::kNamesTopics));
    HW_TRY(found, find_topic(client, {options.topic, options.partitions, options.durability}));
    if (found.topic.partitions.size() < static_cast<std::size_t>(options.partitions)) {
        return fail(ErrorKind::invalid,
                    "topic '{}' has {} partitions, fewer than the {} of a commit: give another "
                    "--topic, or fewer --partitions",
                    options.topic, found.topic.partitions.size(), options.partitions);
    }
    HW_TRY(coordinators, find_coordinators(client, group_names(options.group, options.groups)));
    HW_TRY_VOID(wait_until_loaded(client, options.group, options.groups));
    if (coordinators.brokers.size() > options.connections) {
        return fail(ErrorKind::invalid,
                    "the groups have {} coordinators: give as many --connections",
                    coordinators.brokers.size());
    }
    return CommitTarget{.version = version,
                        .is_created = found.is_created,
                        .coordinators = std::move(coordinators)};
}

Result<CommitReport> run_load(const CommitOptions& options, const CommitTarget& target) {
    CommitLoad load(options, target);
    HW_TRY_VOID(load.prepare());
    return load.run();
}

}  // namespace hw::perf
