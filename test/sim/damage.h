#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "protocol/base/ids.h"
#include "protocol/base/random.h"
#include "test/sim/sim_disk.h"

namespace hw::sim {

/// What happens to bytes that were on stable storage.
enum class DamageKind : std::uint8_t { bit_flip, header_bit_flip, zeroed_sector };

/// Damage of one log, as a seed draws it.
struct DamagePlan {
    Duration after{};  ///< the start of the process; zero: while no process runs
    bool is_of_metadata = false;
    DamageKind kind = DamageKind::bit_flip;
    std::uint64_t seed = 0;  ///< of the place
};

/// Damages the logs of a broker at rest, below their recovery points, and repairs them: what lies
/// there was promised to outlive every crash, so nothing may cut it or give it as something else.
class DamageAtRest {
public:
    explicit DamageAtRest(SimDisk& disk) : disk_(&disk) {}

    /// Damages a batch of one of the folders, of which the first that has one counts. False when
    /// none has a batch below its recovery point.
    bool make(const DamagePlan& plan, const std::vector<std::string>& folders);
    /// As an operator does who has an undamaged copy of the file.
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
