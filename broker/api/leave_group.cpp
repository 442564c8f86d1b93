#include "broker/api/leave_group.h"

#include <memory>
#include <utility>
#include <vector>

#include "broker/api/group_call.h"

namespace hw::broker {
namespace {

using wire::ErrorCode;
using Request = schema::LeaveGroupRequest;
using Response = schema::LeaveGroupResponse;

constexpr ApiVersion kManyMembersFrom{3};

/// One LeaveGroup request in progress.
struct LeaveGroupJob {
    LeaveGroupJob(ApiServices& services, ExchangePtr asking, const Request& asked,
                  TimePoint deadline)
        : exchange(std::move(asking)), request(asked), call(services, deadline) {
        if (exchange->version() < kManyMembersFrom) {
            members.push_back({.member = request.member_id, .instance = {}});
        }
        for (const Request::Member& member : request.members) {
            LeavingMember& leaving =
                members.emplace_back(LeavingMember{.member = member.member_id, .instance = {}});
            if (!wire::is_null(member.group_instance_id)) {
                leaving.instance = member.group_instance_id;
            }
        }
    }

    /// Answers when the decision is committed.
    [[nodiscard]] static Task<> finish(std::shared_ptr<LeaveGroupJob> job) {
        const auto outcome = co_await job->call.outcome();
        if (outcome) {
            job->reply(*outcome);
        } else {
            job->refuse(outcome.error().code);
        }
    }
    void reply(const std::vector<ErrorCode>& codes) const;
    void refuse(ErrorCode code) const {
        Response response;
        response.error_code = code;
        exchange->reply(response);
    }

    ExchangePtr exchange;
    const Request& request;
    std::vector<LeavingMember> members;
    GroupCall<std::vector<ErrorCode>> call;
};

void LeaveGroupJob::reply(const std::vector<ErrorCode>& codes) const {
    if (exchange->version() < kManyMembersFrom) {
        refuse(codes.front());
        return;
    }
    std::vector<Response::Member> answers;
    answers.reserve(codes.size());
    for (std::size_t i = 0; i < codes.size(); ++i) {
        const Request::Member& member = request.members[i];
        answers.push_back({.member_id = member.member_id,
                           .group_instance_id = member.group_instance_id,
                           .error_code = codes[i]});
    }
    Response response;
    response.members = answers;
    exchange->reply(response);
}

}  // namespace

Task<> LeaveGroupHandler::serve(ExchangePtr exchange, const Request& request) {
    constexpr std::size_t kBytesPerItem = 128;
    if (!exchange->take_work(1 + request.members.size(), kBytesPerItem)) {
        co_return;
    }
    const TimePoint now = services_.clock.now();
    const Timestamp wall = services_.clock.wall_now();
    const auto job = std::make_shared<LeaveGroupJob>(services_, exchange, request, now + timeout_);
    if (request.group_id.empty()) {
        job->refuse(ErrorCode::invalid_group_id);
        co_return;
    }
    if (!exchange->context().allows(Operation::read, {ResourceType::group, request.group_id})) {
        job->refuse(ErrorCode::group_authorization_failed);
        co_return;
    }
    const auto operation = [&](GroupMachine& groups, const LeaveCall& call, Decision& decision) {
        groups.leave(request.group_id, job->members, call, {now, wall}, decision);
    };
    co_await job->call.ask_later(request.group_id, operation);
    services_.delayed.go_on(LeaveGroupJob::finish(job));
}

}  // namespace hw::broker
