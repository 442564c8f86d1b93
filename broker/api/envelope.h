#pragma once

#include "broker/net/dispatcher.h"
#include "protocol/schema/api/envelope.h"

namespace hw::broker {

/// Handles Envelope on a controller's listener: unwraps a client's request that a broker forwards
/// (KIP-590), serves it with the client's principal, and wraps the answer.
class EnvelopeHandler final : public MessageHandler<schema::EnvelopeRequest> {
public:
    /// `dispatcher` also serves the request inside.
    explicit EnvelopeHandler(const Dispatcher& dispatcher) : dispatcher_(dispatcher) {}

protected:
    [[nodiscard]] Task<> serve(ExchangePtr exchange,
                               const schema::EnvelopeRequest& request) override;

private:
    const Dispatcher& dispatcher_;
};

}  // namespace hw::broker
