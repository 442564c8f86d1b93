#pragma once

#include "broker/api/api_services.h"
#include "broker/metadata/producer_id_pool.h"
#include "broker/net/dispatcher.h"
#include "protocol/schema/api/init_producer_id.h"

namespace hw::broker {

/// InitProducerId: an idempotent producer gets a fresh id with epoch 0, whichever it had before
/// (KIP-98, KIP-360). Nobody coordinates transactions yet: with a transactional id it is
/// COORDINATOR_NOT_AVAILABLE, after which clients ask again.
class InitProducerIdHandler final : public MessageHandler<schema::InitProducerIdRequest> {
public:
    /// Both outlive it.
    InitProducerIdHandler(ApiServices& services, ProducerIdPool& ids)
        : services_(services), ids_(ids) {}

protected:
    [[nodiscard]] Task<> serve(ExchangePtr exchange,
                               const schema::InitProducerIdRequest& request) override;

private:
    ApiServices& services_;
    ProducerIdPool& ids_;
};

}  // namespace hw::broker
