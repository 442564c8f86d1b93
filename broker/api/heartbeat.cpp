#include "broker/api/heartbeat.h"

#include <memory>
#include <optional>
#include <utility>

#include "broker/api/group_call.h"

namespace hw::broker {
namespace {

using wire::ErrorCode;
using Request = schema::HeartbeatRequest;

void reply(Exchange& exchange, ErrorCode code) {
    schema::HeartbeatResponse response;
    response.error_code = code;
    exchange.reply(response);
}

/// One Heartbeat request in progress.
struct HeartbeatJob {
    HeartbeatJob(ApiServices& services, ExchangePtr asking, TimePoint deadline)
        : exchange(std::move(asking)), call(services, deadline) {}

    [[nodiscard]] static Task<> finish(std::shared_ptr<HeartbeatJob> job) {
        const auto outcome = co_await job->call.outcome();
        const ErrorCode code = outcome ? *outcome : outcome.error().code;
        // A coordinator that is being loaded does not know the sessions yet; they begin anew.
        reply(*job->exchange,
              code == ErrorCode::coordinator_load_in_progress ? ErrorCode::none : code);
    }

    ExchangePtr exchange;
    GroupCall<ErrorCode> call;
};

}  // namespace

Task<> HeartbeatHandler::serve(ExchangePtr exchange, const Request& request) {
    if (request.group_id.empty()) {
        reply(*exchange, ErrorCode::invalid_group_id);
        co_return;
    }
    if (!exchange->context().allows(Operation::read, {ResourceType::group, request.group_id})) {
        reply(*exchange, ErrorCode::group_authorization_failed);
        co_return;
    }
    const TimePoint now = services_.clock.now();
    const auto job = std::make_shared<HeartbeatJob>(services_, exchange, now + timeout_);
    ClassicBeat beat{
        .member = request.member_id, .instance = {}, .generation = request.generation_id};
    if (!wire::is_null(request.group_instance_id)) {
        beat.instance = request.group_instance_id;
    }
    const auto image = services_.image;
    const auto operation = [&](GroupMachine& groups, ErrorCode& code) {
        code = groups.heartbeat(request.group_id, beat, image, now);
        return CoordinatorRecords();
    };
    co_await job->call.ask(request.group_id, operation);
    services_.delayed.go_on(HeartbeatJob::finish(job));
}

}  // namespace hw::broker
