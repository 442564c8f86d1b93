#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "protocol/base/bytes.h"
#include "protocol/base/ids.h"
#include "protocol/record/record.h"

namespace hw::cli {

/// Which parts of a record are printed as text, in which null and empty look the same.
enum class RecordText : std::uint8_t {
    value,
    key_value,  ///< with a tab between
};

/// One record as a JSON object. Bytes that are not UTF-8 are in base64, under `keyBase64` and
/// `valueBase64` instead of `key` and `value`.
[[nodiscard]] std::string record_json(std::string_view topic, PartitionIndex partition,
                                      const record::RecordView& record);

/// One record as text, without a line feed at the end.
[[nodiscard]] std::string record_text(const record::RecordView& record, RecordText text);

/// True where the bytes are well-formed UTF-8 (RFC 3629): no overlong forms, no surrogates.
[[nodiscard]] bool is_utf8(ByteView bytes);

}  // namespace hw::cli
