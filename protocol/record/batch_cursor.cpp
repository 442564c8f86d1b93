#include "protocol/record/batch_cursor.h"

namespace hw::record {
namespace {

/// Tells a cut batch, which more bytes could complete, from bytes that are not a batch.
BatchesEnd end_of(ByteView rest) {
    if (rest.size() <= BatchLayout::kMagic) {
        return BatchesEnd::cut;
    }
    const auto magic = load_big_endian<std::int8_t>(rest.data() + BatchLayout::kMagic);
    const auto length = load_big_endian<std::int32_t>(rest.data() + BatchLayout::kLength);
    const bool plausible = magic == BatchLayout::kMagicValue && length >= BatchLayout::kMinLength;
    return plausible ? BatchesEnd::cut : BatchesEnd::bad;
}

}  // namespace

std::optional<BatchView> BatchCursor::next() {
    const ByteView rest = bytes_.subspan(position_);
    if (rest.empty()) {
        end_ = BatchesEnd::complete;
        return std::nullopt;
    }
    const auto batch = parse_batch(rest);
    if (!batch) {
        end_ = end_of(rest);
        return std::nullopt;
    }
    position_ += batch->size();
    return *batch;
}

Result<void> BatchCursor::status() const {
    if (end_ == BatchesEnd::complete) {
        return {};
    }
    const auto batch = parse_batch(bytes_.subspan(position_));
    return fail(batch.error().kind, "{} (at byte {} of {})", batch.error().message, position_,
                bytes_.size());
}

}  // namespace hw::record
