#pragma once

#include <utility>

#include "broker/api/forwarded_apis.h"
#include "broker/metadata/controller_gateway.h"
#include "broker/net/dispatcher.h"

namespace hw::broker {

/// Handles an API of ForwardedRequests on a broker's listener. The active controller checks and
/// answers the request; it is decoded here, so that it can be answered without the controller.
template <class Request>
class ForwardingHandler final : public MessageHandler<Request> {
public:
    ForwardingHandler(Shard& home, ControllerGateway& gateway, const config::Settings& settings)
        : home_(home), gateway_(gateway), sizes_(settings) {}

protected:
    [[nodiscard]] Task<> serve(ExchangePtr exchange, const Request& request) override {
        Exchange& asked = *exchange;
        const std::size_t size = asked.request_bytes().size();
        if (const auto checked = ForwardingLimits::check_size(size); !checked) {
            reply_error(asked, request, checked.error());
            return this->done();
        }
        // The channel to the controller encodes the request and copies it into a frame. It copies
        // the answer out of a frame, too.
        const std::size_t copies = 2 * (size + sizes_.of(request, asked.version()));
        if (!asked.memory().try_work(copies)) {
            reply_error(asked, request, no_answer_memory(copies));
        } else if (take_answer_memory(asked, request, sizes_)) {
            gateway_.forward(home_, {.exchange = std::move(exchange),
                                     .timeout = timeout_of(request),
                                     .refuse = [&asked, &request](const wire::Refusal& refusal) {
                                         reply_error(asked, request, refusal);
                                     }});
        }
        return this->done();
    }

private:
    static Duration timeout_of(const Request& request) {
        if constexpr (requires { request.timeout_ms; }) {
            return std::chrono::milliseconds(request.timeout_ms.value());
        }
        return ForwardedRequest::kDefaultTime;
    }

    Shard& home_;
    ControllerGateway& gateway_;
    AnswerSizes sizes_;
};

}  // namespace hw::broker
