#include "controller/record_batch.h"

#include <algorithm>

namespace hw::controller {

std::vector<RecordBatch> RecordBatch::split(std::size_t size) const {
    std::vector<RecordBatch> parts;
    for (std::size_t from = 0; from < records_.size(); from += size) {
        const std::size_t count = std::min(size, records_.size() - from);
        RecordBatch& part = parts.emplace_back();
        part.memory_ = memory_;
        const auto records = this->records().subspan(from, count);
        part.records_.assign(records.begin(), records.end());
    }
    return parts;
}

}  // namespace hw::controller
