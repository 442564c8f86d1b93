#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "protocol/base/ids.h"
#include "protocol/base/random.h"
#include "test/sim/sim_disk.h"

namespace hw::sim {

/// The kinds of damage to bytes that were on stable storage.
enum class DamageKind : std::uint8_t { bit_flip, header_bit_flip, zeroed_sector };

/// Damage to make in one log, drawn from the seed.
struct DamagePlan {
    Duration after{};  ///< time since the start of the process; zero: before the start
    bool is_of_metadata = false;
    DamageKind kind = DamageKind::bit_flip;
    std::uint64_t seed = 0;  ///< selects the batch and the bytes
};

/// Damages a broker's log at rest, below its recovery point, and repairs it. Records below a
/// recovery point survive every crash, so the broker may neither cut nor alter them.
class DamageAtRest {
public:
    explicit DamageAtRest(SimDisk& disk) : disk_(&disk) {}

    /// Damages a batch below the recovery point, in the first of `folders` that has such a batch.
    /// Returns false if no folder has one.
    bool make(const DamagePlan& plan, const std::vector<std::string>& folders);
    /// Restores the original bytes, as an operator with an undamaged copy of the file would.
    void repair();

    /// The damaged file; empty if there is none.
    [[nodiscard]] const std::string& path() const { return path_; }
    /// Describes the damage, for the trace.
    [[nodiscard]] std::string text() const;

private:
    /// Bytes [begin, end) of a file.
    struct ByteRange {
        std::string path;
        std::uint64_t begin = 0;
        std::uint64_t end = 0;
    };

    [[nodiscard]] std::vector<ByteRange> durable_batches(const std::string& folder) const;
    void change(const DamagePlan& plan, const ByteRange& batch, Random& random);

    SimDisk* disk_;
    std::string path_;
    std::uint64_t position_ = 0;
    std::string original_;
    std::string damaged_;
};

}  // namespace hw::sim
