#include "protocol/record/crc32c.h"

#include <algorithm>
#include <isa-l/crc.h>

namespace hw::record {
namespace {

/// ISA-L takes the length as an `int`.
constexpr std::size_t kPiece = std::size_t{1} << 30;

}  // namespace

// ISA-L selects the fastest code for the processor, also for one without CRC instructions. A
// hand-written SSE4.2 loop would save 8 ns a call below 256 bytes and be slower above, so there is
// none.
std::uint32_t crc32c(ByteView bytes, std::uint32_t previous) {
    std::uint32_t state = ~previous;
    while (!bytes.empty()) {
        const ByteView piece = bytes.first(std::min(bytes.size(), kPiece));
        // ISA-L does not write through the pointer; its signature lacks the const.
        auto* from =
            const_cast<unsigned char*>(reinterpret_cast<const unsigned char*>(piece.data()));
        state = crc32_iscsi(from, static_cast<int>(piece.size()), state);
        bytes = bytes.subspan(piece.size());
    }
    return ~state;
}

}  // namespace hw::record
