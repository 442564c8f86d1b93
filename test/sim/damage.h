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

/// Damage of one log, as a seed draws it.
struct DamagePlan {
    Duration after{};  ///< the start of the process; zero: while no process runs
    bool is_of_metadata = false;
    DamageKind kind = DamageKind::bit_flip;
    std::uint64_t seed = 0;  ///< for drawing the place
};

/// Damages the logs of a broker at rest, below their recovery points, and repairs them. Records
/// below a recovery point survive every crash, so the broker may neither cut nor alter them.
class DamageAtRest {
public:
    explicit DamageAtRest(SimDisk& disk) : disk_(&disk) {}

    /// Damages a batch below the recovery point, in the first of `folders` that has one. False when
    /// none has one.
    bool make(const DamagePlan& plan, const std::vector<std::string>& folders);
    /// Restores the original bytes, as an operator with an undamaged copy of the file would.
    void repair();

    /// The damaged file; empty when there is none.
    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] std::string text() const;

private:
    /// Bytes [begin, end) of a file.
    struct Stretch {
        std::string path;
        std::uint64_t begin = 0;
        std::uint64_t end = 0;
    };

    [[nodiscard]] std::vector<Stretch> durable_batches(const std::string& folder) const;
    void change(const DamagePlan& plan, const Stretch& batch, Random& random);

    SimDisk* disk_;
    std::string path_;
    std::uint64_t position_ = 0;
    std::string original_;
    std::string damaged_;
};

}  // namespace hw::sim
