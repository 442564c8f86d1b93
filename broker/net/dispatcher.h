#pragma once

#include <array>
#include <memory>

#include "broker/net/exchange.h"
#include "broker/net/quotas.h"
#include "protocol/base/task.h"

namespace hw::broker {

/// Serves the requests of one API on one shard.
class Handler {
public:
    virtual ~Handler() = default;

    /// Runs the ordered part of the request: later requests of the connection wait until the
    /// task ends. The answer may be given in the task, or later by code that holds the exchange.
    [[nodiscard]] virtual Task<> handle(ExchangePtr exchange) = 0;
};

/// Handler that is given the decoded request. A request that cannot be decoded ends its connection.
template <class Request>
class MessageHandler : public Handler {
public:
    [[nodiscard]] Task<> handle(ExchangePtr exchange) final {
        const auto request = exchange->template parse<Request>();
        if (!request) {
            exchange->reject(request.error());
            return done();
        }
        return serve(std::move(exchange), **request);
    }

protected:
    /// `request` lives as long as `exchange`.
    [[nodiscard]] virtual Task<> serve(ExchangePtr exchange, const Request& request) = 0;

    /// The task of an ordered part that waits for nothing.
    [[nodiscard]] static Task<> done() { co_return; }
};

/// Finds the handler of a request, after checking its header, version and listener against the
/// table of APIs, and charging its sender's quotas. The handler does the authorization. One per
/// shard, filled before the shard serves, constant after that.
class Dispatcher {
public:
    /// Both must outlive the requests.
    Dispatcher(const Authorizer& authorizer, Quotas& quotas)
        : authorizer_(authorizer), quotas_(quotas) {}

    /// One handler per API. The table of APIs says on which listeners it is served.
    void add(schema::ApiKey key, std::unique_ptr<Handler> handler);
    [[nodiscard]] bool serves(schema::ApiKey key) const;

    /// Reads the header of a request and runs its ordered part.
    [[nodiscard]] Task<> dispatch(ExchangePtr exchange) const;

private:
    [[nodiscard]] Result<Handler*> find(Exchange& exchange) const;

    const Authorizer& authorizer_;
    Quotas& quotas_;
    /// In the order of the table of APIs.
    std::array<std::unique_ptr<Handler>, schema::kApiTable.size()> handlers_;
};

}  // namespace hw::broker
