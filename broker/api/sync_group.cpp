#include "broker/api/sync_group.h"

#include <memory>
#include <utility>

#include "broker/api/group_call.h"

namespace hw::broker {
namespace {

using wire::ErrorCode;
using Request = schema::SyncGroupRequest;
using Response = schema::SyncGroupResponse;

/// From this version on a member says which protocol it takes to be chosen.
constexpr ApiVersion kProtocolFrom{5};

/// One SyncGroup request in progress.
struct SyncGroupJob {
    SyncGroupJob(ApiServices& services, ExchangePtr asking)
        : exchange(std::move(asking)),
          call(services, services.clock.now() + DelayedRequests::kMaxWait,
               GroupCall<SyncAnswer>::For::other_clients) {
        call.end_with(*exchange);
    }

    /// Answers when the assignment is stored.
    [[nodiscard]] static Task<> finish(std::shared_ptr<SyncGroupJob> job);
    void reply(const SyncAnswer& answer) const;

    ExchangePtr exchange;
    GroupCall<SyncAnswer> call;
};

void SyncGroupJob::reply(const SyncAnswer& answer) const {
    Response response;
    response.error_code = answer.code;
    if (answer.protocol_type) {
        response.protocol_type = *answer.protocol_type;
    }
    if (answer.protocol) {
        response.protocol_name = *answer.protocol;
    }
    response.assignment =
        answer.assignment.empty() ? wire::kEmptyBytes : as_bytes(answer.assignment);
    exchange->reply(response);
}

Task<> SyncGroupJob::finish(std::shared_ptr<SyncGroupJob> job) {
    const auto outcome = co_await job->call.outcome();
    job->reply(outcome ? *outcome : SyncAnswer{.code = outcome.error().code});
}

ErrorCode check(const RequestContext& who, const Request& request, ApiVersion version) {
    if (version >= kProtocolFrom &&
        (wire::is_null(request.protocol_type) || wire::is_null(request.protocol_name))) {
        return ErrorCode::inconsistent_group_protocol;
    }
    if (request.group_id.empty()) {
        return ErrorCode::invalid_group_id;
    }
    return who.allows(Operation::read, {ResourceType::group, request.group_id})
               ? ErrorCode::none
               : ErrorCode::group_authorization_failed;
}

ClassicSync sync_of(const Request& request) {
    ClassicSync sync{.member = request.member_id,
                     .instance = {},
                     .generation = request.generation_id,
                     .protocol_type = {},
                     .protocol = {},
                     .assignments = {},
                     .call = {}};
    if (!wire::is_null(request.group_instance_id)) {
        sync.instance = request.group_instance_id;
    }
    if (!wire::is_null(request.protocol_type)) {
        sync.protocol_type = request.protocol_type;
    }
    if (!wire::is_null(request.protocol_name)) {
        sync.protocol = request.protocol_name;
    }
    sync.assignments.reserve(request.assignments.size());
    for (const Request::Assignment& one : request.assignments) {
        sync.assignments.push_back({one.member_id, as_text(one.assignment)});
    }
    return sync;
}

}  // namespace

Task<> SyncGroupHandler::serve(ExchangePtr exchange, const Request& request) {
    constexpr std::size_t kBytesPerItem = 128;
    if (!exchange->take_work(1 + request.assignments.size(), kBytesPerItem)) {
        co_return;
    }
    const auto job = std::make_shared<SyncGroupJob>(services_, exchange);
    if (const ErrorCode code = check(exchange->context(), request, exchange->version());
        code != ErrorCode::none) {
        job->reply({.code = code});
        co_return;
    }
    ClassicSync sync = sync_of(request);
    const Moment at{.now = services_.clock.now(), .wall = services_.clock.wall_now()};
    const auto image = services_.image;
    const auto operation = [&](GroupMachine& groups, const SyncCall& call, Decision& decision) {
        sync.call = call;
        groups.sync(request.group_id, std::move(sync), image, at, decision);
    };
    co_await job->call.ask_later(request.group_id, operation);
    services_.delayed.go_on(SyncGroupJob::finish(job));
}

}  // namespace hw::broker
