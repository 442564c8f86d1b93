#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "protocol/base/bytes.h"
#include "protocol/base/ids.h"
#include "protocol/base/result.h"

namespace hw::record {

/// Type of a control record. The number is in the record's key; the layout of its value depends on
/// it.
enum class ControlType : std::int16_t {
    abort = 0,   ///< end of a transaction; EndTransactionMarker
    commit = 1,  ///< end of a transaction; EndTransactionMarker
    leader_change = 2,
    snapshot_header = 3,
    snapshot_footer = 4,
    kraft_version = 5,
    kraft_voters = 6,
};

/// Epoch of the transaction coordinator that wrote a marker.
using CoordinatorEpoch = Ordinal<struct CoordinatorEpochTag, std::int32_t>;

/// Key of a control record: int16 version 0, int16 type. Keys of later versions may be longer but
/// begin with the same fields.
inline constexpr std::size_t kControlKeySize = 4;
/// Value of an end-of-transaction marker: int16 version 0, int32 coordinator epoch. Later versions
/// may append fields to it too.
inline constexpr std::size_t kEndTransactionSize = 6;

[[nodiscard]] std::array<std::byte, kControlKeySize> encode_control_key(ControlType type);
/// Errors: corrupt (too short, negative version), unsupported (unknown type; readers skip such a
/// record).
[[nodiscard]] Result<ControlType> parse_control_key(ByteView key);

[[nodiscard]] std::array<std::byte, kEndTransactionSize> encode_end_transaction(
    CoordinatorEpoch epoch);
/// Errors: corrupt (too short, negative version).
[[nodiscard]] Result<CoordinatorEpoch> parse_end_transaction(ByteView value);

}  // namespace hw::record
