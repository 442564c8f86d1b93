#pragma once

#include <utility>

#include "broker/metadata/controller_gateway.h"
#include "broker/net/dispatcher.h"

namespace hw::broker {

/// On a broker's listener: any API that the table says is forwarded. The request is not even
/// decoded here; the active controller checks it and answers.
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
