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

bool is_topic(const Request::Resource& resource) {
    return static_cast<ConfigResourceType>(resource.resource_type) == ConfigResourceType::topic;
}

bool may_alter(const RequestContext& who, const Request::Resource& resource) {
    return who.allows(Operation::alter_configs,
                      is_topic(resource) ? topic_resource(resource.resource_name) : kCluster);
}

controller::AlteredConfigs denied(const Request::Resource& resource) {
    const ErrorCode code = is_topic(resource) ? ErrorCode::topic_authorization_failed
                                              : ErrorCode::cluster_authorization_failed;
    return {.refusal = {code, "not allowed to alter these configs"},
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
