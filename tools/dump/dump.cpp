#include "tools/dump/dump.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "tools/dump/dump_job.h"

namespace hw::dump {
namespace {

struct Kind {
    std::string_view suffix;
    Result<void> (*dump)(const DumpJob& job);
};

constexpr std::array kKinds{
    Kind{storage::kLogSuffix, dump_log},
    Kind{kCheckpointSuffix, dump_checkpoint},
    Kind{storage::kIndexSuffix, dump_offset_index},
    Kind{storage::kTimeIndexSuffix, dump_time_index},
    Kind{storage::kSnapshotSuffix, dump_producers},
};

}  // namespace

Result<void> dump_file(storage::Disk& disk, const std::string& path, const DumpOptions& options,
                       DumpOutput& output) {
    // First, so that a missing file is reported as missing, whatever its name.
    HW_TRY_VOID(disk.open(path, storage::OpenMode::read));
    const auto kind = std::ranges::find_if(
        kKinds, [&](const Kind& candidate) { return path.ends_with(candidate.suffix); });
    if (kind == kKinds.end()) {
        return fail(ErrorKind::invalid,
                    "{} cannot be dumped: its name must end in .log, .index, .timeindex, .snapshot "
                    "or .checkpoint",
                    path);
    }
    output.line(fmt::format("Dumping {}", path));
    return kind->dump({&disk, path, &options, &output});
}

}  // namespace hw::dump
