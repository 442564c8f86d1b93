#include "protocol/record/varint_load.h"

namespace hw::record {

LoadedVarint load_long_varint(const std::byte* from, const std::byte* end, unsigned max_bits) {
    LoadedVarint loaded;
    loaded.after = wire::load_varint(from, end, max_bits, loaded.raw);
    return loaded;
}

}  // namespace hw::record
