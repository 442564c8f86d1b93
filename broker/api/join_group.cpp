#include "broker/api/join_group.h"

#include <chrono>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "broker/api/group_call.h"
#include "protocol/base/uuid.h"

namespace hw::broker {
namespace {

using wire::ErrorCode;
using Request = schema::JoinGroupRequest;
using Response = schema::JoinGroupResponse;

constexpr ApiVersion kIdIsToldFirstFrom{4};
constexpr ApiVersion kNullProtocolFrom{7};
constexpr ApiVersion kSkipsAssignmentFrom{9};

/// A request waits for the other members, however long these take.
constexpr Duration kLongestWait = std::chrono::hours(24);

/// One JoinGroup request in progress.
struct JoinGroupJob {
    JoinGroupJob(ApiServices& services, ExchangePtr asking, const Request& asked)
        : exchange(std::move(asking)),
          request(asked),
          call(services, services.clock.now() + kLongestWait,
               GroupCall<JoinAnswer>::For::other_clients) {
        call.end_with(*exchange);
    }

    /// Answers when all members have joined.
    [[nodiscard]] static Task<> finish(std::shared_ptr<JoinGroupJob> job);
    void reply(const JoinAnswer& answer) const;
    void refuse(ErrorCode code) const;

    ExchangePtr exchange;
    const Request& request;
    GroupCall<JoinAnswer> call;
};

void JoinGroupJob::refuse(ErrorCode code) const {
    JoinAnswer answer{.code = code};
    answer.member = request.member_id;
    reply(answer);
}

void JoinGroupJob::reply(const JoinAnswer& answer) const {
    std::vector<Response::Member> members;
    const std::vector<JoinAnswer::Member> none;
    for (const JoinAnswer::Member& member : answer.members ? *answer.members : none) {
        members.push_back(
            {.member_id = member.id,
             .group_instance_id =
                 member.instance ? std::string_view(*member.instance) : std::string_view(),
             .metadata = member.metadata.empty() ? wire::kEmptyBytes : as_bytes(member.metadata)});
    }
    Response response;
    response.error_code = answer.code;
    response.generation_id = answer.generation;
    if (answer.protocol_type) {
        response.protocol_type = *answer.protocol_type;
    }
    const bool may_be_null = exchange->version() >= kNullProtocolFrom;
    response.protocol_name = may_be_null ? std::string_view() : "";
    if (answer.protocol) {
        response.protocol_name = *answer.protocol;
    }
    response.leader = answer.leader;
    response.skip_assignment = answer.skips_assignment;
    response.member_id = answer.member;
    response.members = members;
    exchange->reply(response);
}

Task<> JoinGroupJob::finish(std::shared_ptr<JoinGroupJob> job) {
    const auto outcome = co_await job->call.outcome();
    if (outcome) {
        job->reply(*outcome);
    } else {
        job->refuse(outcome.error().code);
    }
}

ErrorCode check(const RequestContext& who, const Request& request, const GroupRules& rules) {
    if (request.group_id.empty()) {
        return ErrorCode::invalid_group_id;
    }
    if (!who.allows(Operation::read, {ResourceType::group, request.group_id})) {
        return ErrorCode::group_authorization_failed;
    }
    const Duration session = std::chrono::milliseconds(request.session_timeout_ms.value());
    return session < rules.session_min || session > rules.session_max
               ? ErrorCode::invalid_session_timeout
               : ErrorCode::none;
}

ClassicJoin join_of(const Request& request, const RequestContext& who, ApiVersion version) {
    const Millis rebalance = request.rebalance_timeout_ms < Millis(0)
                                 ? request.session_timeout_ms
                                 : request.rebalance_timeout_ms;
    ClassicJoin join{
        .member = request.member_id,
        .instance = {},
        .client_id = who.client_id,
        .client_host = {},
        .protocol_type = request.protocol_type,
        .protocols = {},
        .rebalance_timeout = std::chrono::milliseconds(rebalance.value()),
        .session_timeout = std::chrono::milliseconds(request.session_timeout_ms.value()),
        .must_know_id = version >= kIdIsToldFirstFrom,
        .may_skip_assignment = version >= kSkipsAssignmentFrom,
        .new_id = {},
        .call = {}};
    if (!wire::is_null(request.group_instance_id)) {
        join.instance = request.group_instance_id;
    }
    std::set<std::string_view> named;
    for (const Request::Protocol& protocol : request.protocols) {
        if (named.insert(protocol.name).second) {
            join.protocols.push_back(
                {std::string(protocol.name), std::string(as_text(protocol.metadata))});
        }
    }
    return join;
}

/// An id for a new member: what names its client, and a random part. An id must fit in records and
/// answers, whatever the client is called.
std::string new_member_id(const ClassicJoin& join, Entropy& entropy) {
    constexpr std::size_t kMaxPrefix = 256;
    std::string_view prefix = join.instance.value_or(join.client_id);
    if (prefix.size() > kMaxPrefix) {
        std::size_t size = kMaxPrefix;
        const auto continues = [](char c) {
            return (static_cast<unsigned char>(c) & 0xC0U) == 0x80;
        };
        while (size > 0 && continues(prefix[size])) {
            --size;  // not in the middle of a character of UTF-8
        }
        prefix = prefix.substr(0, size);
    }
    return fmt::format("{}-{}", prefix, random_uuid(entropy));
}

}  // namespace

Task<> JoinGroupHandler::serve(ExchangePtr exchange, const Request& request) {
    // The group keeps what the member says.
    constexpr std::size_t kBytesPerItem = 128;
    if (!exchange->take_work(1 + request.protocols.size(), kBytesPerItem)) {
        co_return;
    }
    const RequestContext& who = exchange->context();
    const auto job = std::make_shared<JoinGroupJob>(services_, exchange, request);
    if (const ErrorCode code = check(who, request, rules_); code != ErrorCode::none) {
        job->refuse(code);
        co_return;
    }
    ClassicJoin join = join_of(request, who, exchange->version());
    const std::string host = "/" + who.peer->host;
    join.client_host = host;
    const std::string new_id = new_member_id(join, entropy_);
    join.new_id = new_id;
    co_await wait_until_ready(services_, request.group_id);
    const Moment at{.now = services_.clock.now(), .wall = services_.clock.wall_now()};
    const auto image = services_.image;
    const auto operation = [&](GroupMachine& groups, const JoinCall& call, Decision& decision) {
        join.call = call;
        groups.join(request.group_id, std::move(join), image, at, decision);
    };
    co_await job->call.ask_later(request.group_id, operation);
    services_.delayed.go_on(JoinGroupJob::finish(job));
}

}  // namespace hw::broker
