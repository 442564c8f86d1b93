#pragma once

#include <string>
#include <string_view>

#include "protocol/record/record.h"
#include "tools/cli/output.h"

namespace hw::cli {

/// What of a record is printed as text; null looks like empty there.
enum class RecordText : std::uint8_t {
    value,
    key_value,  ///< with a tab between
};

/// One record as a JSON object. Bytes that are no UTF-8 are in base64, under `keyBase64` and
/// `valueBase64` instead of `key` and `value`.
[[nodiscard]] std::string record_json(std::string_view topic, PartitionIndex partition,
                                      const record::RecordView& record);

/// Without a line feed at its end.
[[nodiscard]] std::string record_text(const record::RecordView& record, RecordText text);

}  // namespace hw::cli
