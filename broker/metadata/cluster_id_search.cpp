#include "broker/metadata/cluster_id_search.h"

#include <utility>

#include <fmt/format.h>

#include "protocol/schema/api/describe_cluster.h"

namespace hw::broker {

using schema::DescribeClusterRequest;
using schema::DescribeClusterResponse;

namespace {

constexpr std::size_t kMaxLength = 64;

/// Whether the text may be written to a file of properties.
bool is_cluster_id(std::string_view text) {
    constexpr std::string_view kAllowed =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    return !text.empty() && text.size() <= kMaxLength &&
           text.find_first_not_of(kAllowed) == std::string_view::npos;
}

}  // namespace

Task<Result<std::string>> ClusterIdSearch::run() {
    quiet_until_ = clock_.now() + kQuiet;
    while (!is_cancelled_) {
        const ControllerAddress from = locator_.to_ask();
        is_running_ = true;
        auto id = co_await ask();
        is_running_ = false;
        if (id) {
            log_.info("{} says that its cluster is {}", to_string(from), *id);
            co_return id;
        }
        if (is_cancelled_) {
            break;
        }
        report(from, id.error().message);
        locator_.on_no_answer(from);
        asked_.disconnect();
        co_await shard_.wait(cancelled_, clock_.now() + kRetry);
    }
    co_return fail(ErrorKind::closed, "stopped before a controller answered");
}

void ClusterIdSearch::cancel() {
    is_cancelled_ = true;
    if (is_running_) {
        asked_.disconnect();  // at other times the channel serves others
    }
    cancelled_.set();
}

Task<Result<std::string>> ClusterIdSearch::ask() {
    constexpr ApiVersion kVersion{1};
    constexpr std::int8_t kControllers = 2;
    DescribeClusterRequest request;
    request.endpoint_type = kControllers;
    const auto answer = co_await replication::call<DescribeClusterResponse>(
        asked_, request, kVersion, clock_.now() + kAttempt);
    if (!answer) {
        co_return std::unexpected(answer.error());
    }
    if ((*answer)->error_code == wire::ErrorCode::unsupported_version) {
        co_return fail(ErrorKind::invalid,
                       "it is still starting, or the cluster's metadata.version is below 15 "
                       "(3.7-IV0)");
    }
    if ((*answer)->error_code == wire::ErrorCode::mismatched_endpoint_type) {
        co_return fail(ErrorKind::invalid,
                       "this is a listener for clients; controller.quorum.voters and "
                       "controller.quorum.bootstrap.servers name controllers' own listeners");
    }
    if ((*answer)->error_code != wire::ErrorCode::none) {
        co_return fail(ErrorKind::invalid, "{}: {}", (*answer)->error_code,
                       (*answer)->error_message);
    }
    if (!is_cluster_id((*answer)->cluster_id)) {
        co_return fail(ErrorKind::invalid,
                       "its answer has no valid cluster id, which has 1 to {} of a-z, A-Z, 0-9, "
                       "'.', '_' and '-'",
                       kMaxLength);
    }
    co_return std::string((*answer)->cluster_id);
}

void ClusterIdSearch::report(const ControllerAddress& from, const std::string& trouble) {
    std::string& last = troubles_[to_string(from)];
    const TimePoint now = clock_.now();
    if (now < quiet_until_ || (last == trouble && now < next_report_)) {
        return;
    }
    last = trouble;
    next_report_ = now + kRepeat;
    log_.warning(
        "this broker is new and waits for a controller, to learn which cluster it joins: {} did "
        "not tell it: {}",
        to_string(from), trouble);
}

}  // namespace hw::broker
