#pragma once

#include <string>
#include <string_view>

#include "protocol/base/bytes.h"
#include "protocol/base/result.h"
#include "storage/disk.h"
#include "storage/producer_table.h"

namespace hw::storage {

/// The file format of a producer snapshot, `<offset>.snapshot`: the producers of the log up to that
/// offset (exclusive). Big-endian:
///
/// | size | field | meaning |
/// |---|---|---|
/// | 2 | version | 1 |
/// | 4 | crc | CRC-32C of all that follows |
/// | 4 | count | number of entries, 46 bytes each: |
/// | 8 | producer id | |
/// | 2 | producer epoch | |
/// | 4 | last sequence | of its last batch; -1 if none is known in this epoch |
/// | 8 | last offset | of its last batch; -1 if none is known in this epoch |
/// | 4 | offset delta | from the first record of that batch to its last |
/// | 8 | timestamp | of its last batch or marker |
/// | 4 | coordinator epoch | of its last marker; -1 if none |
/// | 8 | transaction start | first offset of the open transaction; -1 if none |
///
/// After the entries come the earlier batches that a client may repeat, if there are any. Kafka has
/// no such part: it ignores ours, and after a restart refuses a retry of an earlier batch as out of
/// order, which ends or duplicates what an idempotent producer sends.
///
/// | 4 | count | number of earlier batches, 32 bytes each, by producer id, oldest first: |
/// | 8 | producer id | |
/// | 4 | last sequence | |
/// | 8 | last offset | |
/// | 4 | offset delta | |
/// | 8 | timestamp | |
///
/// Kafka writes entries in the order of a hash table, we by id.
[[nodiscard]] std::string format_producer_snapshot(const ProducerView& producers);

/// Errors: corrupt, unsupported (another version), with the path.
[[nodiscard]] Result<ProducerTable> parse_producer_snapshot(std::string_view bytes,
                                                            std::string_view path);

/// Writes a snapshot of any size in pieces, to save memory; does not sync the file. Blocks. Errors:
/// io, no_space.
[[nodiscard]] Result<void> write_producer_snapshot(File& file, const ProducerView& producers);
/// Reads a snapshot of any size in pieces. Blocks. Errors: those of parse_producer_snapshot, io,
/// not_found.
[[nodiscard]] Result<ProducerTable> read_producer_snapshot(Disk& disk, const std::string& path);

/// The table that results from writing and reading a snapshot: it has no times of use.
[[nodiscard]] ProducerTable as_in_snapshot(const ProducerTable& producers);

}  // namespace hw::storage
