#include "broker/api/allocate_producer_ids.h"

namespace hw::broker {

void AllocateProducerIdsHandler::reply(Exchange& exchange,
                                       const schema::AllocateProducerIdsRequest&,
                                       const controller::ProducerIdsResult& result) const {
    exchange.reply(schema::AllocateProducerIdsResponse{.error_code = result.refusal.code,
                                                       .producer_id_start = result.first,
                                                       .producer_id_len = result.count});
}

}  // namespace hw::broker
