#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "protocol/base/result.h"
#include "storage/disk.h"

/// What is in the files of a log, as text.
namespace hw::dump {

/// Port: where the lines of a dump go, without their ends. They come one by one: a dump is longer
/// than its file.
class DumpOutput {
public:
    virtual ~DumpOutput() = default;

    /// What is in the file.
    virtual void line(std::string_view text) = 0;
    /// What is worth a look, though it may be as it should: offsets that do not follow each other.
    virtual void remark(std::string_view text) = 0;
};

/// What the values of a log's records are.
enum class ValueFormat : std::uint8_t {
    by_folder,  ///< metadata in the folder of `__cluster_metadata`, text elsewhere
    metadata,   ///< records of the metadata log
};

struct DumpOptions {
    bool with_records = true;  ///< else the batches only
    ValueFormat values = ValueFormat::by_folder;
};

/// Prints a file of a log in the lines of Kafka's own tool (kafka-dump-log.sh --print-data-log, for
/// metadata with --cluster-metadata-decoder). The end of its name says what it is:
///
/// | name | lines |
/// |---|---|
/// | `<offset>.log` | a line a batch, and below it a line a record |
/// | `<offset>-<epoch>.checkpoint` | likewise: a snapshot of the metadata |
/// | `<offset>.index` | offset and position of each entry |
/// | `<offset>.timeindex` | timestamp and offset of each entry |
/// | `<offset>.snapshot` | a line a producer, in the order of their ids |
///
/// Values of sensitive fields are hidden. A damaged file is printed as far as it can be read, and
/// what is wrong with it is the error.
///
/// Errors: invalid (another name), not_found, corrupt and unsupported (with path, position and
/// reason), limit, permission, io.
[[nodiscard]] Result<void> dump_file(storage::Disk& disk, const std::string& path,
                                     const DumpOptions& options, DumpOutput& output);

}  // namespace hw::dump
