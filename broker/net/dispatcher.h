#pragma once

#include <array>
#include <memory>

#include "broker/net/exchange.h"
#include "broker/net/quotas.h"
#include "protocol/base/task.h"

namespace hw::broker {

/// What serves one API on one shard.
class Handler {
public:
    virtual ~Handler() = default;

    /// The ordered stage: later requests of the connection wait until the task ends. The answer may
    /// be given then, or later by whoever holds the exchange.
    [[nodiscard]] virtual Task<> handle(ExchangePtr exchange) = 0;
};

/// A handler of a decoded message. A request that does not decode ends its connection.
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

    /// The end of an ordered stage that waits for nothing.
    [[nodiscard]] static Task<> done() { co_return; }
};

/// Finds the handler of a request: header, version and listener checked from the table of APIs, the
/// sender's quotas charged. What a request may do with the resources it names, its handler asks.
/// One per shard, filled before the shard serves, constant after.
class Dispatcher {
public:
    /// Both outlive the requests.
    Dispatcher(const Authorizer& authorizer, Quotas& quotas)
        : authorizer_(authorizer), quotas_(quotas) {}

    /// The listener that the API may be used on is in the table. One handler an API.
    void add(schema::ApiKey key, std::unique_ptr<Handler> handler);
    [[nodiscard]] bool serves(schema::ApiKey key) const;

    /// Runs the ordered stage of a request whose header is unread.
    [[nodiscard]] Task<> dispatch(ExchangePtr exchange) const;

private:
    /// One more than the greatest key of the table.
    static constexpr std::size_t kApiKeyEnd =
        static_cast<std::size_t>(schema::kApiTable.back().key) + 1;

    [[nodiscard]] Result<Handler*> find(Exchange& exchange) const;

    const Authorizer& authorizer_;
    Quotas& quotas_;
    std::array<std::unique_ptr<Handler>, kApiKeyEnd> handlers_;
};

}  // namespace hw::broker
