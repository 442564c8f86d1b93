#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "protocol/base/result.h"
#include "storage/disk.h"

/// The contents of the files of a log as text.
namespace hw::dump {

/// Port: receives the lines of a dump one by one, without their ends. A dump may be longer than its
/// file.
class DumpOutput {
public:
    virtual ~DumpOutput() = default;

    /// A part of the file.
    virtual void line(std::string_view text) = 0;
    /// Something that may be wrong: offsets that do not follow each other.
    virtual void remark(std::string_view text) = 0;
};

/// How the values of a log's records are decoded.
enum class ValueFormat : std::uint8_t {
    by_folder,  ///< metadata in the folder of `__cluster_metadata`, text elsewhere
    metadata,   ///< records of the metadata log
};

struct DumpOptions {
    bool with_records = true;  ///< else the batches only
    ValueFormat values = ValueFormat::by_folder;
};

/// Prints a file of a log in the lines of Kafka's own tool (kafka-dump-log.sh --print-data-log, for
/// metadata with --cluster-metadata-decoder). The suffix of its name says what it holds:
///
/// | name | lines |
/// |---|---|
/// | `<offset>.log` | a line a batch, and below it a line a record |
/// | `<offset>-<epoch>.checkpoint` | likewise: a snapshot of the metadata |
/// | `<offset>.index` | offset and position of each entry |
/// | `<offset>.timeindex` | timestamp and offset of each entry |
/// | `<offset>.snapshot` | a line a producer, in the order of their ids |
///
/// Values of sensitive fields are hidden. A damaged file is printed up to the damage, which is the
/// error.
///
/// Errors: invalid (another name), not_found, corrupt and unsupported (with path, position and
/// reason), limit, permission, io.
[[nodiscard]] Result<void> dump_file(storage::Disk& disk, const std::string& path,
                                     const DumpOptions& options, DumpOutput& output);

}  // namespace hw::dump
