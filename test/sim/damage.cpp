#include "test/sim/damage.h"

#include <algorithm>
#include <sstream>

#include <fmt/format.h>

#include "protocol/record/batch_cursor.h"
#include "storage/log_folder.h"
#include "storage/offset_checkpoint.h"

namespace hw::sim {

using record::BatchLayout;

namespace {

/// The recovery point of the log in `folder`, read from its data directory's file; 0 if the file
/// does not list the log.
Offset recovery_point(const SimDisk& disk, const std::string& folder) {
    const std::size_t slash = folder.rfind('/');
    const std::string path = folder.substr(0, slash + 1) + storage::kRecoveryPointFile;
    const auto offsets = storage::parse_offset_checkpoint(disk.contents(path), path);
    const auto name = storage::parse_folder_name(folder.substr(slash + 1)).log;
    const bool is_known = offsets && offsets->contains(name);
    return is_known ? offsets->at(name) : Offset(0);
}

}  // namespace

std::vector<DamageAtRest::ByteRange> DamageAtRest::durable_batches(
    const std::string& folder) const {
    std::vector<ByteRange> batches;
    const Offset end_offset = recovery_point(*disk_, folder);
    const auto entries = disk_->list(folder);
    for (const storage::DirectoryEntry& entry :
         entries ? *entries : std::vector<storage::DirectoryEntry>()) {
        if (!storage::parse_file_name(entry.name, storage::kLogSuffix)) {
            continue;
        }
        const std::string path = folder + "/" + entry.name;
        const std::string bytes = disk_->contents(path);
        record::BatchCursor cursor(as_bytes(bytes));
        std::uint64_t begin = 0;
        while (const auto batch = cursor.next()) {
            if (batch->last_offset() >= end_offset) {
                break;
            }
            batches.push_back({path, begin, cursor.position()});
            begin = cursor.position();
        }
    }
    return batches;
}

bool DamageAtRest::make(const DamagePlan& plan, const std::vector<std::string>& folders) {
    repair();
    Random random(plan.seed);
    for (const std::string& folder : folders) {
        const std::vector<ByteRange> batches = durable_batches(folder);
        if (!batches.empty()) {
            change(plan, batches[random.below(batches.size())], random);
            return true;
        }
    }
    return false;
}

void DamageAtRest::change(const DamagePlan& plan, const ByteRange& batch, Random& random) {
    path_ = batch.path;
    position_ = batch.begin;
    const std::uint64_t size = batch.end - batch.begin;
    std::uint64_t count = 1;
    if (plan.kind == DamageKind::zeroed_sector) {
        // Stays inside the batch, because the bytes after it may not be on stable storage.
        count = std::min(size, SimDisk::kSector);
        position_ += random.below(size - count + 1);
    } else {
        position_ += random.below(plan.kind == DamageKind::header_bit_flip
                                      ? std::uint64_t{BatchLayout::kHeaderSize}
                                      : size);
    }
    original_ = disk_->contents(path_).substr(position_, count);
    damaged_ = original_;
    if (plan.kind == DamageKind::zeroed_sector) {
        damaged_.assign(count, '\0');
    } else {
        damaged_[0] = static_cast<char>(damaged_[0] ^ (1 << random.below(8)));
    }
    disk_->alter(path_, position_, damaged_);
}

void DamageAtRest::repair() {
    if (!path_.empty()) {
        // A follower that has cut its log has perhaps written other records there.
        const std::string bytes = disk_->contents(path_);
        if (bytes.compare(std::min<std::size_t>(position_, bytes.size()), damaged_.size(),
                          damaged_) == 0) {
            disk_->alter(path_, position_, original_);
        }
        path_.clear();
    }
}

std::string DamageAtRest::text() const {
    return fmt::format("{}, byte {}, of {} bytes", path_, position_, original_.size());
}

}  // namespace hw::sim
