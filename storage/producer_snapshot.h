#pragma once

#include <string>
#include <string_view>

#include "protocol/base/bytes.h"
#include "protocol/base/result.h"
#include "storage/disk.h"
#include "storage/producer_table.h"

namespace hw::storage {

/// A producer table as a file, `<offset>.snapshot`: the state of the log before that offset.
/// Big-endian:
///
/// | size | field | meaning |
/// |---|---|---|
/// | 2 | version | 1 |
/// | 4 | crc | CRC-32C of all that follows |
/// | 4 | count | of entries, 46 bytes each: |
/// | 8 | producer id | |
/// | 2 | producer epoch | |
/// | 4 | last sequence | of its last batch; -1 if none is known in this epoch |
/// | 8 | last offset | likewise |
/// | 4 | offset delta | from the first record of that batch to its last |
/// | 8 | timestamp | of its last batch or marker |
/// | 4 | coordinator epoch | of its last marker; -1 |
/// | 8 | transaction start | first offset of the open transaction; -1 |
///
/// Only the last batch of a producer is kept: a retry of an older one that comes after a restart
/// is out of order, as with Kafka. Kafka writes the entries in the order of a hash table, we by
/// producer id.
[[nodiscard]] std::string format_producer_snapshot(const ProducerView& producers);

/// Errors: corrupt, unsupported (another version), with the path.
[[nodiscard]] Result<ProducerTable> parse_producer_snapshot(std::string_view bytes,
                                                            std::string_view path);

/// The same with a file of any size, in pieces: memory is taken for the table and one piece. The
/// file is not synced. Both block. Errors: io, no_space.
[[nodiscard]] Result<void> write_producer_snapshot(File& file, const ProducerView& producers);
/// Errors: those of parse_producer_snapshot, io, not_found.
[[nodiscard]] Result<ProducerTable> read_producer_snapshot(Disk& disk, const std::string& path);

/// What is left of a table when it is written and read again: one batch a producer.
[[nodiscard]] ProducerTable as_in_snapshot(const ProducerTable& producers);

}  // namespace hw::storage
