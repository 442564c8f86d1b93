#pragma once

#include "broker/api/controller_handler.h"
#include "protocol/schema/api/create_topics.h"

namespace hw::broker {

/// CreateTopics, with each topic's own error (KIP-4). Topics that the sender may not create are
/// left out of what the controller decides.
class CreateTopicsHandler final
    : public ControllerHandler<schema::CreateTopicsRequest, controller::CreateTopicsResult> {
public:
    using ControllerHandler::ControllerHandler;

protected:
    [[nodiscard]] Task<> serve(ExchangePtr exchange,
                               const schema::CreateTopicsRequest& request) override;
    void reply(Exchange& exchange, const schema::CreateTopicsRequest& request,
               const controller::CreateTopicsResult& result) const override;
};

}  // namespace hw::broker
