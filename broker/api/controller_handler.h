#pragma once

#include <utility>
#include <variant>

#include "broker/net/dispatcher.h"
#include "broker/quorum/controller_runtime.h"

namespace hw::broker {

/// On a controller's listener: an API whose answer is a decision of the controller. The answer goes
/// out when its records are committed; later requests of the connection need not wait for it.
template <class Request, class Result>
class ControllerHandler : public MessageHandler<Request> {
public:
    explicit ControllerHandler(ControllerRuntime& controller) : controller_(controller) {}

protected:
    [[nodiscard]] Task<> serve(ExchangePtr exchange, const Request& request) final {
        // The request lives as long as the exchange.
        controller_.handle(request, [this, &request, exchange = std::move(exchange)](
                                        const controller::ControllerResponse& response) {
            reply(*exchange, request, std::get<Result>(response));
        });
        return this->done();
    }

    /// Makes the message of the request's version, and sends it.
    virtual void reply(Exchange& exchange, const Request& request, const Result& result) const = 0;

private:
    ControllerRuntime& controller_;
};

}  // namespace hw::broker
