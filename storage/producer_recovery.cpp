#include "storage/producer_recovery.h"

#include <ranges>
#include <vector>

#include "storage/batch_walker.h"
#include "storage/log_folder.h"
#include "storage/producer_snapshot.h"

namespace hw::storage {
namespace {

Result<RecoveredProducers> newest_snapshot(Disk& disk, const std::string& folder,
                                           const std::vector<DirectoryEntry>& entries,
                                           Offset end_offset) {
    for (const DirectoryEntry& entry : std::views::reverse(entries)) {
        const auto offset = parse_file_name(entry.name, kSnapshotSuffix);
        if (!offset || *offset > end_offset) {
            continue;
        }
        const std::string path = folder + "/" + entry.name;
        auto producers = read_producer_snapshot(disk, path);
        if (producers) {
            return RecoveredProducers{std::move(*producers), *offset};
        }
        const ErrorKind kind = producers.error().kind;
        if (kind != ErrorKind::corrupt && kind != ErrorKind::unsupported) {
            return std::unexpected(producers.error());
        }
    }
    return RecoveredProducers{};
}

/// The error for a batch that cannot be replayed.
std::unexpected<Error> damaged(std::uint64_t position, const Error& reason) {
    return fail(reason.kind, "byte {}: {}", position, reason.message);
}

/// Replays the batches of a segment from `from` on.
Result<void> replay(File& file, ExpectedOffsets offsets, Offset from, ProducerTable& producers) {
    HW_TRY(size, file.size());
    BatchWalker walker(file, 0, size, BatchWalker::kLargeWindow);
    walker.expect(offsets);
    while (true) {
        HW_TRY(batch, walker.next_batch());
        if (!batch) {
            break;
        }
        if (batch->last_offset() < from) {
            continue;
        }
        if (!batch->crc_matches()) {
            return damaged(walker.position(), {ErrorKind::corrupt, "the checksum does not match"});
        }
        const auto facts = producer_facts(*batch);
        if (!facts) {
            return damaged(walker.position(), facts.error());
        }
        if (*facts) {
            producers.apply(**facts);
        }
    }
    return walker.problem() ? Result<void>(damaged(walker.next_position(),
                                                   {ErrorKind::corrupt, walker.problem()->message}))
                            : Result<void>{};
}

}  // namespace

Result<RecoveredProducers> recover_producers(Disk& disk, const std::string& folder,
                                             Offset end_offset) {
    HW_TRY(entries, disk.list(folder));
    auto recovered = newest_snapshot(disk, folder, entries, end_offset);
    if (!recovered) {
        return recovered;
    }
    std::vector<Offset> bases;
    for (const DirectoryEntry& entry : entries) {
        if (const auto base = parse_file_name(entry.name, kLogSuffix)) {
            bases.push_back(*base);
        }
    }
    for (std::size_t i = 0; i < bases.size(); ++i) {
        const Offset end = i + 1 < bases.size() ? bases[i + 1] : end_offset;
        if (end <= recovered->snapshot_offset) {
            continue;
        }
        const std::string path = folder + "/" + file_name(bases[i], kLogSuffix);
        HW_TRY(file, disk.open(path, OpenMode::read));
        const auto replayed = replay(*file, {.first = bases[i], .end_offset = end},
                                     recovered->snapshot_offset, recovered->producers);
        if (!replayed) {
            return fail(replayed.error().kind, "{}, {}", path, replayed.error().message);
        }
    }
    return recovered;
}

}  // namespace hw::storage
