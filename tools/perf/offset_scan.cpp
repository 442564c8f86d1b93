#include "tools/perf/offset_scan.h"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "protocol/schema/api/offset_fetch.h"
#include "protocol/schema/json_printer.h"
#include "tools/client/group_coordinator.h"
#include "tools/client/words.h"
#include "tools/perf/coordinators.h"
#include "tools/perf/figures.h"

namespace hw::perf {
namespace {

using client::Deadline;
using std::chrono::steady_clock;
using wire::ErrorCode;

/// Groups that one request asks for.
constexpr std::size_t kGroupsPerRequest = 50;
/// Between two rounds, if groups were refused; so exact are the times.
constexpr std::chrono::milliseconds kPause{5};

bool is_temporary(ErrorCode code) {
    return code == ErrorCode::coordinator_load_in_progress ||
           code == ErrorCode::coordinator_not_available || code == ErrorCode::not_coordinator;
}

/// The groups of one coordinator that have not been read yet.
struct Lane {
    client::BrokerConnection broker;
    std::vector<std::string> groups = {};
};

/// Reads the offsets of groups until all have been read.
class OffsetScan {
public:
    OffsetScan(client::Client& client, const ScanOptions& options)
        : client_(client), options_(options), deadline_(client.timeout(), "--timeout") {}

    [[nodiscard]] Result<ScanReport> run();

private:
    using Response = schema::OffsetFetchResponse;

    [[nodiscard]] Result<void> make_lanes();
    /// Asks for all groups of the lane once; those that were refused stay in it.
    [[nodiscard]] Result<void> ask(Lane& lane);
    /// Returns whether the group was read. Errors: refused for good.
    [[nodiscard]] Result<bool> take(const Response::Group& group);
    [[nodiscard]] bool is_done() const {
        return std::ranges::all_of(lanes_, [](const Lane& lane) { return lane.groups.empty(); });
    }

    client::Client& client_;
    const ScanOptions& options_;
    Deadline deadline_;
    SteadyTime begin_ = steady_clock::now();
    ScanReport report_;
    std::vector<Lane> lanes_;
};

Result<ScanReport> OffsetScan::run() {
    HW_TRY_VOID(make_lanes());
    report_.groups = options_.groups;
    report_.found = steady_clock::now() - begin_;
    while (true) {
        for (Lane& lane : lanes_) {
            HW_TRY_VOID(ask(lane));
        }
        if (is_done()) {
            report_.all = steady_clock::now() - begin_;
            return report_;
        }
        if (deadline_.has_passed()) {
            return fail(ErrorKind::busy, "groups are still being loaded; given up after {}",
                        deadline_.text());
        }
        std::this_thread::sleep_for(kPause);
    }
}

Result<void> OffsetScan::make_lanes() {
    std::vector<std::string> names;
    for (std::size_t number = 0; number < options_.groups; ++number) {
        names.push_back(group_name(options_.group, number));
    }
    HW_TRY(coordinators, find_coordinators(client_, names));
    for (const config::Address& address : coordinators.brokers) {
        HW_TRY(broker, client::BrokerConnection::open(address, deadline_, client::Socket::kNoStop));
        lanes_.push_back({.broker = std::move(broker)});
    }
    for (std::size_t number = 0; number < names.size(); ++number) {
        lanes_[coordinators.broker_of[number]].groups.push_back(std::move(names[number]));
    }
    return {};
}

Result<void> OffsetScan::ask(Lane& lane) {
    using Request = schema::OffsetFetchRequest;
    std::vector<std::string> refused;
    for (std::span<const std::string> left(lane.groups); !left.empty();) {
        const auto some = left.first(std::min(left.size(), kGroupsPerRequest));
        left = left.subspan(some.size());
        std::vector<Request::Group> groups;
        for (const std::string& name : some) {
            groups.push_back({.group_id = name, .topics = wire::Array<Request::Topic>::null()});
        }
        Request request;
        request.groups = groups;
        HW_TRY(answer, lane.broker.call<Response>(request, deadline_, client::kNamesTopics));
        for (const Response::Group& group : answer->groups) {
            HW_TRY(is_read, take(group));
            is_read ? void() : void(refused.emplace_back(group.group_id));
        }
    }
    lane.groups = std::move(refused);
    return {};
}

Result<bool> OffsetScan::take(const Response::Group& group) {
    if (is_temporary(group.error_code)) {
        ++report_.refused[group.error_code];
        return false;
    }
    if (group.error_code != ErrorCode::none) {
        return std::unexpected(
            client::group_error(group.error_code, std::string(group.group_id), {}));
    }
    if (report_.first.count() == 0) {
        report_.first = steady_clock::now() - begin_;
    }
    for (const Response::TopicResult& topic : group.topics) {
        report_.offsets += topic.partitions.size();
    }
    return true;
}

}  // namespace

Result<ScanReport> scan_offsets(client::Client& client, const ScanOptions& options) {
    constexpr ApiVersion kManyGroupsFrom{8};
    HW_TRY(version, client.newest_version(schema::OffsetFetchRequest::kKey, client::kNamesTopics));
    if (version < kManyGroupsFrom) {
        return fail(ErrorKind::unsupported,
                    "the broker serves OffsetFetch up to version {}, and {} is needed", version,
                    kManyGroupsFrom);
    }
    return OffsetScan(client, options).run();
}

Result<void> wait_until_loaded(client::Client& client, const std::string& group,
                               std::size_t groups) {
    const auto scanned = scan_offsets(client, {.group = group, .groups = groups});
    return scanned ? Result<void>() : std::unexpected(scanned.error());
}

std::string to_text(const ScanReport& report) {
    std::string refused;
    for (const auto& [code, count] : report.refused) {
        refused += fmt::format("{}{} for {}", refused.empty() ? "" : ", ", code,
                               client::counted(count, "group"));
    }
    return fmt::format(
        "read        {} of {}\n"
        "times       coordinators found after {:.3f} s, first group read after {:.3f} s, all after "
        "{:.3f} s\n"
        "refused     {}\n",
        client::counted(report.offsets, "offset"), client::counted(report.groups, "group"),
        in_seconds(report.found), in_seconds(report.first), in_seconds(report.all),
        refused.empty() ? "none" : refused);
}

std::string to_json(const ScanReport& report) {
    std::string text;
    schema::JsonPrinter json(text);
    json.begin_object();
    json.key("groups");
    json.number(report.groups);
    json.key("offsets");
    json.number(report.offsets);
    json.key("foundSeconds");
    json.float64(in_seconds(report.found));
    json.key("firstSeconds");
    json.float64(in_seconds(report.first));
    json.key("allSeconds");
    json.float64(in_seconds(report.all));
    json.key("refused");
    print_errors(json, report.refused);
    json.end_object();
    return text;
}

}  // namespace hw::perf
