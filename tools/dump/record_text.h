#pragma once

#include <cstdint>
#include <string>

#include "protocol/record/batch.h"
#include "protocol/record/record.h"

namespace hw::dump {

/// What the values of records are printed as: their bytes, or the JSON of a metadata record.
enum class Values : std::uint8_t { text, metadata };

/// The line of a batch that starts at `position` in its file.
[[nodiscard]] std::string batch_text(const record::BatchView& batch, std::uint64_t position);

/// The line of one of its records. Keys and values are printed as the bytes they are. What cannot
/// be decoded is said in the line.
[[nodiscard]] std::string record_text(const record::BatchHeader& batch,
                                      const record::RecordView& record, Values values);

}  // namespace hw::dump
