#include "controller/ops/cluster.h"

#include <limits>

namespace hw::controller {

using wire::ErrorCode;

RecordBatch activation_records(const ImageLoader& log, const InitialFeatures& initial) {
    constexpr ApiVersion kVersion{0};
    RecordBatch records;
    if (log.in_transaction()) {
        records.add(schema::AbortTransactionRecord{.reason = "Controller failover"}, kVersion);
    }
    if (log.image()->feature_level(kMetadataVersionFeature) != 0) {
        return records;
    }
    const bool has_transactions = initial.metadata_version.has_transactions();
    if (has_transactions) {
        records.add(schema::BeginTransactionRecord{.name = "Bootstrap records"}, kVersion);
    }
    records.add(schema::FeatureLevelRecord{.name = kMetadataVersionFeature,
                                           .feature_level = initial.metadata_version.level()},
                kVersion);
    if (initial.group_version.level() > 0) {
        records.add(schema::FeatureLevelRecord{.name = kGroupVersionFeature,
                                               .feature_level = initial.group_version.level()},
                    kVersion);
    }
    if (has_transactions) {
        records.add(schema::EndTransactionRecord{}, kVersion);
    }
    return records;
}

Outcome<ProducerIdsResult> allocate_producer_ids(const schema::AllocateProducerIdsRequest& request,
                                                 const OperationContext& context) {
    Outcome<ProducerIdsResult> outcome;
    const auto found = check_broker_epoch(context.image, request.broker_id, request.broker_epoch);
    if (!found) {
        outcome.response.refusal = found.error();
        return outcome;
    }
    const std::int64_t first = context.image.next_producer_id().value();
    if (first > std::numeric_limits<std::int64_t>::max() - kProducerIdBlock) {
        outcome.response.refusal = refuse(ErrorCode::unknown_server_error,
                                          "all producer ids up to {} have been allocated", first)
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
