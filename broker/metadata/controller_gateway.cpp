#include "broker/metadata/controller_gateway.h"

#include <algorithm>
#include <utility>

#include "broker/metadata/principal.h"
#include "protocol/schema/api/envelope.h"

namespace hw::broker {

void ControllerGateway::forward(Shard& home, ExchangePtr exchange) {
    const ByteView bytes = exchange->request_bytes();
    // It is copied here, and once more into the envelope.
    if (!exchange->take_work(2, bytes.size())) {
        return;
    }
    Forwarded forwarded{.request = Buffer(bytes.size()),
                        .principal = std::string(exchange->context().principal),
                        .peer_host = exchange->context().peer->host};
    std::ranges::copy(bytes, forwarded.request.data());
    control_.post(
        [this, &home, exchange = std::move(exchange), forwarded = std::move(forwarded)]() mutable {
            tasks_.spawn(pass_on(home, std::move(exchange), std::move(forwarded)));
        });
}

Task<> ControllerGateway::pass_on(Shard& home, ExchangePtr exchange, Forwarded forwarded) {
    using Response = schema::EnvelopeResponse;
    const auto principal = encode_principal(forwarded.principal);
    schema::EnvelopeRequest request;
    request.request_data = forwarded.request.view();
    const Buffer address = encode_address(forwarded.peer_host);
    request.client_host_address = address.view();
    if (principal) {
        request.request_principal = principal->view();
    }
    const TimePoint deadline = clock_.now() + kLimit;
    auto answer =
        co_await replication::call<Response>(controller_, request, ApiVersion(0), deadline);
    // The exchange belongs to `home`, so it is answered and destroyed there.
    home.post([exchange = std::move(exchange), answer = std::move(answer)]() mutable {
        if (!answer) {
            exchange->reject(answer.error());
        } else if ((*answer)->error_code != wire::ErrorCode::none) {
            exchange->reject(Error{ErrorKind::unsupported,
                                   fmt::format("the controller refuses the forwarded request: {}",
                                               (*answer)->error_code)});
        } else {
            exchange->reply_encoded((*answer)->response_data);
        }
    });
}

}  // namespace hw::broker
