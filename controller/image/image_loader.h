#pragma once

#include <memory>
#include <optional>
#include <span>

#include "controller/image/metadata_delta.h"
#include "controller/image/metadata_image.h"
#include "protocol/base/ids.h"
#include "protocol/base/result.h"
#include "protocol/schema/metadata_record.h"

namespace hw::controller {

/// One batch of the metadata log. A control batch has offsets, but no metadata records.
struct MetadataBatch {
    Offset base_offset;
    Offset last_offset;
    LeaderEpoch epoch;
    /// The record at index i has the offset base_offset + i. Must live only during the call.
    std::span<const schema::VersionedMetadataRecord> records;
};

/// A new image, and its differences from the image published before it.
struct Publication {
    std::shared_ptr<const MetadataImage> image;
    MetadataChanges changes;
};

/// Builds metadata images from the batches of the metadata log. The changes of a transaction
/// (KIP-868) become visible together, at its end; those of an aborted transaction never do.
///
/// A value that does no I/O; copies share memory. After an error it must not be used any more: the
/// log contradicts itself, and later batches must not be applied.
class ImageLoader {
public:
    explicit ImageLoader(MetadataImage initial);

    /// Applies the next batch, which must start at next_offset(). Publishes an image unless a
    /// transaction is open. Errors: corrupt.
    [[nodiscard]] Result<std::optional<Publication>> load(const MetadataBatch& batch);
    /// Changes the active controller of the image, and publishes it.
    [[nodiscard]] Publication set_controller(BrokerId id);

    /// The newest published image; before the first one, the initial image.
    [[nodiscard]] const std::shared_ptr<const MetadataImage>& image() const { return image_; }
    /// Offset at which the next batch must start. While a transaction is open, it is further ahead
    /// than the image.
    [[nodiscard]] Offset next_offset() const { return next_offset_; }
    [[nodiscard]] bool in_transaction() const { return transaction_.has_value(); }

private:
    [[nodiscard]] Result<void> apply(const schema::MetadataRecord& record, Offset offset);
    [[nodiscard]] Result<void> begin_transaction();
    [[nodiscard]] Result<void> end_transaction();
    [[nodiscard]] Result<void> abort_transaction();

    std::shared_ptr<const MetadataImage> image_;
    Offset next_offset_;
    MetadataDelta settled_;                     ///< changes since the last publication
    std::optional<MetadataDelta> transaction_;  ///< settled_ plus the open transaction
};

}  // namespace hw::controller
