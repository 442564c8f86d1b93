#include "broker/net/dispatcher.h"

#include <utility>

#include "protocol/base/assert.h"

namespace hw::broker {
namespace {

std::size_t slot(const schema::ApiInfo& api) {
    return static_cast<std::size_t>(&api - schema::kApiTable.data());
}

Task<> rejected() {
    co_return;
}

}  // namespace

void Dispatcher::add(schema::ApiKey key, std::unique_ptr<Handler> handler) {
    HW_ASSERT(!serves(key));
    handlers_[slot(*schema::find_api(key))] = std::move(handler);
}

bool Dispatcher::serves(schema::ApiKey key) const {
    return handlers_[slot(*schema::find_api(key))] != nullptr;
}

Result<Handler*> Dispatcher::find(Exchange& exchange) const {
    HW_TRY_VOID(exchange.read_header());
    const schema::ApiInfo& api = exchange.api();
    Handler* handler = handlers_[slot(api)].get();
    const bool here = exchange.context().listener->role == ListenerRole::broker ? api.on_broker
                                                                                : api.on_controller;
    if (handler == nullptr || !here) {
        return fail(ErrorKind::unsupported, "{} is not served on listener {}", api.name,
                    exchange.context().listener->name);
    }
    // Only ApiVersions answers unknown versions, because clients use it to find a common version.
    if (!api.versions.contains(exchange.version()) && api.key != schema::ApiKey::api_versions) {
        return fail(ErrorKind::unsupported,
                    "{} version {} is not served; versions {} to {} are. Clients must ask for the "
                    "versions with ApiVersions first",
                    api.name, exchange.version(), api.versions.low, api.versions.high);
    }
    RequestContext& context = exchange.context();
    context.authorizer = &authorizer_;
    context.throttle = quotas_.charge(context, api, exchange.request_bytes().size());
    return handler;
}

Task<> Dispatcher::dispatch(ExchangePtr exchange) const {
    const auto handler = find(*exchange);
    if (!handler) {
        exchange->reject(handler.error());
        return rejected();
    }
    return (*handler)->handle(std::move(exchange));
}

}  // namespace hw::broker
