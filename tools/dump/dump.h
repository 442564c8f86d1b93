#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "protocol/base/result.h"
#include "storage/disk.h"

/// The contents of the files of a log as text.
namespace hw::dump {

/// Port: receives the lines of a dump one by one, without line ends. A dump may be longer than its
/// file.
class DumpOutput {
public:
    virtual ~DumpOutput() = default;

    /// A line about the contents of the file.
    virtual void line(std::string_view text) = 0;
    /// A possible problem: offsets that are not consecutive.
    virtual void remark(std::string_view text) = 0;
};

/// How the values of a log's records are decoded.
enum class ValueFormat : std::uint8_t {
    by_folder,  ///< metadata in the folder of `__cluster_metadata`, text elsewhere
    metadata,   ///< records of the metadata log
};

struct DumpOptions {
    bool with_records = true;  ///< false: only the batches
    ValueFormat values = ValueFormat::by_folder;
};

/// Prints a file of a log in the format of Kafka's own tool (kafka-dump-log.sh --print-data-log,
/// for metadata with --cluster-metadata-decoder). What is printed depends on the suffix:
///
/// | name | lines |
/// |---|---|
/// | `<offset>.log` | a line per batch, and below it a line per record |
/// | `<offset>-<epoch>.checkpoint` | the same: a snapshot of the metadata |
/// | `<offset>.index` | offset and position of each entry |
/// | `<offset>.timeindex` | timestamp and offset of each entry |
/// | `<offset>.snapshot` | a line per producer, in the order of their ids |
///
/// Values of sensitive fields are hidden. Batches with damaged records are reported and
/// skipped; other damage ends the output. In both cases an error is returned.
///
/// Errors: invalid (another name), not_found, corrupt and unsupported (with path, position and
/// reason), limit, permission, io.
[[nodiscard]] Result<void> dump_file(storage::Disk& disk, const std::string& path,
                                     const DumpOptions& options, DumpOutput& output);

}  // namespace hw::dump
