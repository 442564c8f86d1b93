#include "broker/api/alter_configs.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hw::broker {
namespace {

using Request = schema::IncrementalAlterConfigsRequest;
using controller::ConfigResourceType;
using wire::ErrorCode;

/// The resource whose configs they are, for the authorizer, and the error if that denies.
struct Right {
    Resource resource;
    ErrorCode denied;
};

Right right_to(const Request::Resource& resource) {
    switch (static_cast<ConfigResourceType>(resource.resource_type)) {
        case ConfigResourceType::topic:
            return {topic_resource(resource.resource_name), ErrorCode::topic_authorization_failed};
        case ConfigResourceType::group:
            return {{ResourceType::group, resource.resource_name},
                    ErrorCode::group_authorization_failed};
        default:
            return {kCluster, ErrorCode::cluster_authorization_failed};
    }
}

bool may_alter(const RequestContext& who, const Request::Resource& resource) {
    return who.allows(Operation::alter_configs, right_to(resource).resource);
}

controller::AlteredConfigs denied(const Request::Resource& resource) {
    return {.refusal = {right_to(resource).denied, "not allowed to alter these configs"},
            .type = resource.resource_type,
            .name = std::string(resource.resource_name)};
}

}  // namespace

Task<> AlterConfigsHandler::serve(ExchangePtr exchange, const Request& request) {
    if (refuse_too_many(*exchange, request, request.resources.size()) ||
        !take_answer_memory(*exchange, request, sizes_)) {
        return done();
    }
    std::vector<Request::Resource> resources;
    std::vector<controller::AlteredConfigs> refused;
    for (const Request::Resource& resource : request.resources) {
        if (may_alter(exchange->context(), resource)) {
            resources.push_back(resource);
        } else {
            refused.push_back(denied(resource));
        }
    }
    Request allowed = request;
    allowed.resources = resources;
    decide_part(std::move(exchange), request, allowed, &controller::AlterConfigsResult::resources,
                std::move(refused));
    return done();
}

void AlterConfigsHandler::reply(Exchange& exchange, const Request& request,
                                const controller::AlterConfigsResult& result) const {
    using Response = schema::IncrementalAlterConfigsResponse;
    if (result.refusal.is_refused()) {
        reply_error(exchange, request, result.refusal);
        return;
    }
    std::vector<Response::Resource> resources;
    for (const controller::AlteredConfigs& altered : result.resources) {
        const std::string_view message = altered.refusal.message;
        resources.push_back({.error_code = altered.refusal.code,
                             .error_message = message.empty() ? std::string_view() : message,
                             .resource_type = altered.type,
                             .resource_name = altered.name});
    }
    Response response;
    response.responses = resources;
    exchange.reply(response);
}

}  // namespace hw::broker
