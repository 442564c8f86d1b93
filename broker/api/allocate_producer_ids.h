#pragma once

#include "broker/api/controller_handler.h"
#include "protocol/schema/api/allocate_producer_ids.h"

namespace hw::broker {

/// Handles AllocateProducerIds: gives a broker a block of producer ids (KIP-730).
class AllocateProducerIdsHandler final
    : public ControllerHandler<schema::AllocateProducerIdsRequest, controller::ProducerIdsResult> {
public:
    using ControllerHandler::ControllerHandler;

protected:
    void reply(Exchange& exchange, const schema::AllocateProducerIdsRequest& request,
               const controller::ProducerIdsResult& result) const override;
};

}  // namespace hw::broker
