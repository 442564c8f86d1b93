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

/// One batch of the metadata log. A control batch has offsets, but no records of ours.
struct MetadataBatch {
    Offset base_offset;
    Offset last_offset;
    LeaderEpoch epoch;
    /// From base_offset on, one an offset; need not outlive the call that they are given to.
    std::span<const schema::VersionedMetadataRecord> records;
};

/// A new image, and how it differs from the one published before.
struct Publication {
    std::shared_ptr<const MetadataImage> image;
    MetadataChanges changes;
};

/// Turns the batches of the metadata log into images. What stands between the records that begin
/// and end a transaction (KIP-868) shows at its end, all together, or after an abort never.
///
/// A value that does no I/O; copies share memory. An error is for good: the log contradicts
/// itself, and what is behind the fault must not be applied.
class ImageLoader {
public:
    explicit ImageLoader(MetadataImage initial);

    /// Batches come in the order of their offsets, without gaps. Publishes unless a transaction is
    /// open. Errors: corrupt.
    [[nodiscard]] Result<std::optional<Publication>> load(const MetadataBatch& batch);
    /// Publishes the image with another active controller.
    [[nodiscard]] Publication set_controller(BrokerId id);

    /// The last one published; before the first, the initial one.
    [[nodiscard]] const std::shared_ptr<const MetadataImage>& image() const { return image_; }
    /// Where the next batch starts; past the image's last offset while a transaction is open.
    [[nodiscard]] Offset next_offset() const { return next_offset_; }
    [[nodiscard]] bool in_transaction() const { return transaction_.has_value(); }

private:
    [[nodiscard]] Result<void> apply(const schema::MetadataRecord& record, Offset offset);
    [[nodiscard]] Result<void> begin_transaction();
    [[nodiscard]] Result<void> end_transaction();
    [[nodiscard]] Result<void> abort_transaction();

    std::shared_ptr<const MetadataImage> image_;
    Offset next_offset_;
    MetadataDelta settled_;                     ///< since the last publication
    std::optional<MetadataDelta> transaction_;  ///< settled_ and the open transaction
};

}  // namespace hw::controller
