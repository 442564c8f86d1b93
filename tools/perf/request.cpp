#include "tools/perf/request.h"

#include <algorithm>
#include <vector>

#include "protocol/base/random.h"
#include "protocol/record/batch_builder.h"

namespace hw::perf {
namespace {

constexpr std::uint64_t kSeed = 1;

/// Bytes that no layer can compress or treat as zeros.
std::vector<std::byte> random_value(std::size_t size) {
    Random random(kSeed);
    std::vector<std::byte> value(size);
    std::ranges::generate(value, [&] { return static_cast<std::byte>(random.next() & 0xff); });
    return value;
}

}  // namespace

Result<LoadBatch> make_batch(std::size_t record_size, std::size_t batch_size, Timestamp timestamp) {
    const std::vector<std::byte> value = random_value(record_size);
    const record::NewRecord record{
        .key = {}, .value = ByteView(value), .headers = {}, .timestamp = timestamp};
    const std::size_t max_record_size = record_size + 2 * record::RecordLayout::kMaxHead;
    record::BatchBuilder builder({});
    do {
        builder.add(record);
    } while (builder.uncompressed_size() + max_record_size <= batch_size);
    const std::int32_t records = builder.count();
    record::Compressor unused;
    HW_TRY(bytes, builder.finish(unused));
    return LoadBatch{.bytes = std::move(bytes), .records = records};
}

}  // namespace hw::perf
