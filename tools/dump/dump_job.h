#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/base/ids.h"
#include "protocol/base/result.h"
#include "storage/disk.h"
#include "storage/log_folder.h"
#include "tools/dump/dump.h"

namespace hw::dump {

struct SizedFile {
    std::shared_ptr<storage::File> file;
    std::uint64_t size = 0;  ///< when it was opened; a running broker may append
};

/// One file that is being dumped. The objects it points to outlive it.
struct DumpJob {
    storage::Disk* disk;
    std::string_view path;
    const DumpOptions* options;
    DumpOutput* output;

    /// The last part of the path.
    [[nodiscard]] std::string_view name() const { return path.substr(path.rfind('/') + 1); }
    /// The offset in the name.
    [[nodiscard]] std::optional<Offset> offset(std::string_view suffix) const {
        return storage::parse_file_name(name(), suffix);
    }
    /// Errors: not_found, permission, limit, io.
    [[nodiscard]] Result<SizedFile> open() const {
        HW_TRY(file, disk->open(std::string(path), storage::OpenMode::read));
        HW_TRY(size, file->size());
        return SizedFile{std::move(file), size};
    }
};

/// Suffix of a snapshot of the metadata: `<end offset, 20 digits>-<epoch, 10 digits>.checkpoint`,
/// or `bootstrap.checkpoint`.
inline constexpr std::string_view kCheckpointSuffix = ".checkpoint";

/// One function for each kind of file. Errors: as `dump_file`.
[[nodiscard]] Result<void> dump_log(const DumpJob& job);
[[nodiscard]] Result<void> dump_checkpoint(const DumpJob& job);
/// Leaves out the zeroes of preallocation at the end.
[[nodiscard]] Result<void> dump_offset_index(const DumpJob& job);
[[nodiscard]] Result<void> dump_time_index(const DumpJob& job);
/// Prints nothing of a snapshot whose checksum is wrong.
[[nodiscard]] Result<void> dump_producers(const DumpJob& job);

}  // namespace hw::dump
