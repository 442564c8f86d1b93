#pragma once

#include <vector>

#include "controller/image/image_loader.h"
#include "protocol/base/arena.h"
#include "protocol/base/result.h"
#include "protocol/record/batch.h"
#include "protocol/schema/metadata_record.h"

namespace hw::broker {

/// A decoded batch of the metadata log. Owns the memory that the decoding took; the bytes of the
/// batch must outlive it.
class DecodedBatch {
public:
    /// Checks the checksum first. Errors: corrupt, unsupported, with the offset of the batch or
    /// record.
    [[nodiscard]] static Result<DecodedBatch> decode(const record::BatchView& batch);

    [[nodiscard]] controller::MetadataBatch view() const {
        return {.base_offset = base_offset_,
                .last_offset = last_offset_,
                .epoch = epoch_,
                .records = records_};
    }

private:
    explicit DecodedBatch(const record::BatchView& batch);

    Offset base_offset_;
    Offset last_offset_;
    LeaderEpoch epoch_;
    Arena arena_;
    std::vector<schema::VersionedMetadataRecord> records_;
};

}  // namespace hw::broker
