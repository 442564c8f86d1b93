#pragma once

#include "broker/api/api_services.h"
#include "broker/metadata/producer_id_pool.h"
#include "broker/net/dispatcher.h"
#include "protocol/schema/api/init_producer_id.h"

namespace hw::broker {

/// Handles InitProducerId: gives an idempotent producer a new id with epoch 0, whatever id it had
/// before (KIP-98, KIP-360). Transactions are not supported yet: a request with a transactional id
/// gets COORDINATOR_NOT_AVAILABLE, after which clients ask again.
class InitProducerIdHandler final : public MessageHandler<schema::InitProducerIdRequest> {
public:
    /// Both must outlive it.
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
