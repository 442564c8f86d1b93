#include "controller/ops/record_batch.h"

#include <variant>

namespace hw::controller {
namespace {

std::size_t encoded_size(const schema::VersionedMetadataRecord& record) {
    return std::visit(
        [&record](const auto& body) {
            const auto size = measure(body, record.version);
            return size ? size->total() : 0;
        },
        record.record);
}

}  // namespace

std::size_t RecordBatch::end_of_part(std::size_t from) const {
    const std::size_t end = std::min(records_.size(), from + kMaxRecords);
    if (bytes() <= kMaxBytes) {
        return end;  // as almost always: there is no need to measure
    }
    std::size_t size = 0;
    for (std::size_t next = from; next < end; ++next) {
        size += encoded_size(records_[next]);
        if (next > from && size > kMaxBytes) {
            return next;
        }
    }
    return end;
}

std::vector<RecordBatch> RecordBatch::split() const {
    std::vector<RecordBatch> parts;
    std::size_t end = 0;
    for (std::size_t from = 0; from < records_.size(); from = end) {
        end = end_of_part(from);
        RecordBatch& part = parts.emplace_back();
        part.memory_ = memory_;
        const auto records = this->records().subspan(from, end - from);
        part.records_.assign(records.begin(), records.end());
    }
    return parts;
}

}  // namespace hw::controller
