#pragma once

#include <utility>

#include "broker/metadata/controller_gateway.h"
#include "broker/net/dispatcher.h"

namespace hw::broker {

/// Handles the APIs that the table marks as forwarded, on a broker's listener. The request is not
/// decoded here; the active controller checks and answers it.
class ForwardingHandler final : public Handler {
public:
    ForwardingHandler(Shard& home, ControllerGateway& gateway) : home_(home), gateway_(gateway) {}

    [[nodiscard]] Task<> handle(ExchangePtr exchange) override {
        gateway_.forward(home_, std::move(exchange));
        co_return;
    }

private:
    Shard& home_;
    ControllerGateway& gateway_;
};

}  // namespace hw::broker
