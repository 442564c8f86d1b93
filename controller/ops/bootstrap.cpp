#include "controller/ops/bootstrap.h"

#include "controller/metadata_version.h"

namespace hw::controller {

RecordBatch activation_records(const ImageLoader& log) {
    constexpr ApiVersion kVersion{0};
    RecordBatch records;
    if (log.in_transaction()) {
        records.add(schema::AbortTransactionRecord{.reason = "Controller failover"}, kVersion);
    }
    if (log.image()->feature_level(kMetadataVersionFeature) == 0) {
        records.add(schema::BeginTransactionRecord{.name = "Bootstrap records"}, kVersion);
        records.add(schema::FeatureLevelRecord{.name = kMetadataVersionFeature,
                                               .feature_level = kInitialMetadataVersion.level()},
                    kVersion);
        records.add(schema::EndTransactionRecord{}, kVersion);
    }
    return records;
}

}  // namespace hw::controller
