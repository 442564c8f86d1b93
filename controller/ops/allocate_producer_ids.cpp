#include "controller/ops/allocate_producer_ids.h"

#include <limits>

namespace hw::controller {

using wire::ErrorCode;

Outcome<ProducerIdsResult> allocate_producer_ids(const schema::AllocateProducerIdsRequest& request,
                                                 const OperationContext& context) {
    Outcome<ProducerIdsResult> outcome;
    const auto found = check_broker_epoch(context.image, request.broker_id, request.broker_epoch);
    if (!found) {
        outcome.response.verdict = found.error();
        return outcome;
    }
    const std::int64_t first = context.image.next_producer_id().value();
    if (first > std::numeric_limits<std::int64_t>::max() - kProducerIdBlock) {
        outcome.response.verdict = refuse(ErrorCode::unknown_server_error,
                                          "all producer ids up to {} are given out", first)
                                       .error();
        return outcome;
    }
    outcome.records.add(
        schema::ProducerIdsRecord{.broker_id = request.broker_id,
                                  .broker_epoch = request.broker_epoch,
                                  .next_producer_id = ProducerId(first + kProducerIdBlock)},
        ApiVersion(0));
    outcome.response.first = ProducerId(first);
    outcome.response.count = kProducerIdBlock;
    return outcome;
}

}  // namespace hw::controller
