#include "controller/image/image_loader.h"

#include <utility>
#include <variant>

namespace hw::controller {

ImageLoader::ImageLoader(MetadataImage initial)
    : image_(std::make_shared<const MetadataImage>(initial)),
      next_offset_(initial.last_offset() + 1),
      settled_(std::move(initial)) {}

Result<std::optional<Publication>> ImageLoader::load(const MetadataBatch& batch) {
    if (batch.base_offset != next_offset_) {
        return fail(ErrorKind::corrupt,
                    "a batch of the metadata log starts at offset {}, expected {}",
                    batch.base_offset, next_offset_);
    }
    Offset offset = batch.base_offset;
    for (const schema::VersionedMetadataRecord& versioned : batch.records) {
        if (const Result<void> applied = apply(versioned.record, offset); !applied) {
            return fail(ErrorKind::corrupt, "at offset {} of the metadata log: {}", offset,
                        applied.error().message);
        }
        ++offset;
    }
    next_offset_ = batch.last_offset + 1;
    if (transaction_.has_value()) {
        return std::optional<Publication>();
    }
    settled_.image().set_position(batch.last_offset, batch.epoch);
    image_ = std::make_shared<const MetadataImage>(settled_.image());
    Publication publication{.image = image_, .changes = settled_.changes()};
    settled_ = MetadataDelta(*image_);
    return std::optional(std::move(publication));
}

Publication ImageLoader::set_controller(BrokerId id) {
    auto image = std::make_shared<MetadataImage>(*image_);
    image->set_controller(id);
    image_ = std::move(image);
    settled_.image().set_controller(id);
    if (transaction_.has_value()) {
        transaction_->image().set_controller(id);
    }
    return {.image = image_, .changes = {}};
}

Result<void> ImageLoader::apply(const schema::MetadataRecord& record, Offset offset) {
    if (std::holds_alternative<schema::BeginTransactionRecord>(record)) {
        return begin_transaction();
    }
    if (std::holds_alternative<schema::EndTransactionRecord>(record)) {
        return end_transaction();
    }
    if (std::holds_alternative<schema::AbortTransactionRecord>(record)) {
        return abort_transaction();
    }
    return transaction_.has_value() ? transaction_->apply(record, offset)
                                    : settled_.apply(record, offset);
}

Result<void> ImageLoader::begin_transaction() {
    if (transaction_.has_value()) {
        return fail(ErrorKind::corrupt, "a transaction begins inside another one");
    }
    transaction_ = settled_;
    return {};
}

Result<void> ImageLoader::end_transaction() {
    if (!transaction_.has_value()) {
        return fail(ErrorKind::corrupt, "a transaction ends, but none has begun");
    }
    settled_ = *std::move(transaction_);
    transaction_.reset();
    return {};
}

Result<void> ImageLoader::abort_transaction() {
    if (!transaction_.has_value()) {
        return fail(ErrorKind::corrupt, "a transaction is aborted, but none has begun");
    }
    transaction_.reset();
    return {};
}

}  // namespace hw::controller
