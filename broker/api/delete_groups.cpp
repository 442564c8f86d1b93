#include "broker/api/delete_groups.h"

#include <deque>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "broker/api/group_call.h"
#include "broker/net/long_loop.h"

namespace hw::broker {
namespace {

using wire::ErrorCode;
using Request = schema::DeleteGroupsRequest;
using Response = schema::DeleteGroupsResponse;

/// One DeleteGroups request in progress.
class DeleteGroupsJob {
public:
    DeleteGroupsJob(ApiServices& services, ExchangePtr exchange, TimePoint deadline)
        : services_(services), exchange_(std::move(exchange)), deadline_(deadline) {}

    /// Asks the coordinator of one group; returns when it has decided.
    [[nodiscard]] Task<> remove(std::string_view group);
    /// Answers when all decisions are committed.
    [[nodiscard]] static Task<> finish(std::shared_ptr<DeleteGroupsJob> job);

private:
    struct Removal {
        Removal(ApiServices& services, TimePoint deadline, std::string_view of)
            : group(of), call(services, deadline) {}

        std::string_view group;
        ErrorCode refusal = ErrorCode::none;
        GroupCall<ErrorCode> call;
    };

    ApiServices& services_;
    ExchangePtr exchange_;
    TimePoint deadline_;
    std::deque<Removal> removals_;
};

Task<> DeleteGroupsJob::remove(std::string_view group) {
    Removal& removal = removals_.emplace_back(services_, deadline_, group);
    if (!exchange_->context().allows(Operation::remove, {ResourceType::group, group})) {
        removal.refusal = ErrorCode::group_authorization_failed;
        co_return;
    }
    const auto operation = [group](const GroupMachine& groups, ErrorCode& refusal) {
        return groups.remove(group, refusal);
    };
    co_await removal.call.ask(group, operation);
}

Task<> DeleteGroupsJob::finish(std::shared_ptr<DeleteGroupsJob> job) {
    std::vector<Response::Result> results;
    for (Removal& removal : job->removals_) {
        ErrorCode code = removal.refusal;
        if (code == ErrorCode::none) {
            const auto outcome = co_await removal.call.outcome();
            code = outcome ? *outcome : outcome.error().code;
        }
        results.push_back({.group_id = removal.group, .error_code = code});
    }
    Response response;
    response.results = results;
    job->exchange_->reply(response);
}

}  // namespace

Task<> DeleteGroupsHandler::serve(ExchangePtr exchange, const Request& request) {
    constexpr std::size_t kBytesPerItem = 512;
    if (!exchange->take_work(request.groups_names.size(), kBytesPerItem)) {
        co_return;
    }
    const auto job = std::make_shared<DeleteGroupsJob>(services_, std::move(exchange),
                                                       services_.clock.now() + timeout_);
    LongLoop loop;
    for (const std::string_view group : request.groups_names) {
        co_await job->remove(group);
        if (loop.is_over()) {
            co_await let_others_run(services_.shard);
        }
    }
    services_.delayed.go_on(DeleteGroupsJob::finish(job));
}

}  // namespace hw::broker
