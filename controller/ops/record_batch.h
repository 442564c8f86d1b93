#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "protocol/base/arena.h"
#include "protocol/base/assert.h"
#include "protocol/base/ids.h"
#include "protocol/schema/metadata_record.h"
#include "protocol/wire/array.h"
#include "protocol/wire/nullable.h"

namespace hw::controller {

/// Records to append to the metadata log, and the memory that they point into.
///
/// Owned by the operation that makes it, then by the code that appends it; used by one thread.
class RecordBatch {
public:
    /// Maximum number of records in one batch of the log. A client's request that needs more is
    /// refused. With kMaxBytes this keeps batches below the 8 MiB that Kafka accepts.
    static constexpr std::size_t kMaxRecords = 20'000;
    /// Maximum bytes of strings and lists of a client's request that must be one batch; one that
    /// needs more is refused. A batch with more is split so that each part has at most this many
    /// bytes, or one record.
    static constexpr std::size_t kMaxBytes = std::size_t{4} << 20;

    /// Adds a record. It may point only to memory that outlives the batch, such as that of text()
    /// and list().
    void add(schema::MetadataRecord record, ApiVersion version) {
        records_.push_back({version, record});
    }

    /// A copy of `value` that lives as long as the batch; null stays null.
    [[nodiscard]] std::string_view text(std::string_view value) {
        if (value.empty()) {
            return wire::is_null(value) ? value : std::string_view("");
        }
        return memory_->copy(value);
    }
    template <class T>
    [[nodiscard]] wire::Array<T> list(std::span<const T> values) {
        T* items = memory_->allocate<T>(values.size());
        HW_ASSERT(items != nullptr);
        std::uninitialized_copy(values.begin(), values.end(), items);
        return wire::Array<T>(items, values.size());
    }
    template <class T>
    [[nodiscard]] wire::Array<T> list(const std::vector<T>& values) {
        return list(std::span<const T>(values));
    }
    template <class T>
    [[nodiscard]] wire::Array<T> list(const wire::Array<T>& values) {
        return values.is_null() ? values : list(std::span<const T>(values.begin(), values.end()));
    }

    /// The same records in the same order, in batches of at most kMaxRecords, split by kMaxBytes,
    /// too. No batch if there are no records.
    [[nodiscard]] std::vector<RecordBatch> split() const;

    [[nodiscard]] std::span<const schema::VersionedMetadataRecord> records() const {
        return records_;
    }
    [[nodiscard]] std::size_t size() const { return records_.size(); }
    [[nodiscard]] bool empty() const { return records_.empty(); }
    [[nodiscard]] std::size_t bytes() const { return memory_->used(); }

private:
    /// The end of the batch that begins with the record at `from`.
    [[nodiscard]] std::size_t end_of_part(std::size_t from) const;

    std::vector<schema::VersionedMetadataRecord> records_;
    /// Shared by the parts of a split. The operations bound its size, see kMaxBytes.
    std::shared_ptr<Arena> memory_ =
        std::make_shared<Arena>(std::numeric_limits<std::size_t>::max());
};

}  // namespace hw::controller
