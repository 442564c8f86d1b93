#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "test/history/operation.h"

namespace hw::history {

/// A broken promise of the broker.
enum class AnomalyKind : std::uint8_t {
    inconsistent_offsets,
    duplicate,
    lost_write,
    unseen,
    phantom,
    dirty_read,
    unknown_value,
    read_before_send,
    above_watermark,
    poll_skip,
    nonmonotonic_poll,
    nonmonotonic_send,
    realtime_order,
    low_list_offsets,
    watermark_decrease,
    log_start_decrease,
    two_leaders,
};
inline constexpr std::size_t kAnomalyKinds = 17;

/// Something that looks wrong, but that the broker does not promise to prevent.
enum class Curiosity : std::uint8_t {
    stale_read,
    plain_duplicate,
    plain_reorder,
    excused_loss,
    unknown_read,
    unknown_not_read,
    weak_not_read,
    acknowledged_not_read,
    broker_change,
};
inline constexpr std::size_t kCuriosities = 9;

/// Name in reports, and a sentence that explains it.
struct Described {
    std::string_view name;
    std::string_view meaning;
};
[[nodiscard]] const Described& describe(AnomalyKind kind);
[[nodiscard]] const Described& describe(Curiosity curiosity);

struct Anomaly {
    AnomalyKind kind;
    PartitionNumber partition;
    Offset offset = kNoOffset;  ///< none if the anomaly has no place in the log
    /// The operations that contradict each other; the second one may be missing.
    std::array<OperationNumber, 2> operations{kNoOperation, kNoOperation};
    std::string message;
};

/// The results of all checks: how many anomalies of each kind, and the first of each kind.
class Findings {
public:
    explicit Findings(const std::vector<Operation>& operations) : operations_(&operations) {}

    void add(Anomaly anomaly);
    void count(Curiosity curiosity, std::uint64_t times = 1) {
        curiosities_[static_cast<std::size_t>(curiosity)] += times;
    }

    [[nodiscard]] std::uint64_t times(AnomalyKind kind) const {
        return anomalies_[static_cast<std::size_t>(kind)].times;
    }
    [[nodiscard]] std::uint64_t times(Curiosity curiosity) const {
        return curiosities_[static_cast<std::size_t>(curiosity)];
    }
    /// The anomaly whose operations began first; nullptr if there is none of this kind.
    [[nodiscard]] const Anomaly* first(AnomalyKind kind) const {
        const auto& of = anomalies_[static_cast<std::size_t>(kind)];
        return of.times == 0 ? nullptr : &of.first;
    }
    /// Number of kinds that were found.
    [[nodiscard]] std::size_t kinds() const;

private:
    struct OfKind {
        std::uint64_t times = 0;
        Anomaly first{};
        Time when{};
    };

    const std::vector<Operation>* operations_;
    std::array<OfKind, kAnomalyKinds> anomalies_{};
    std::array<std::uint64_t, kCuriosities> curiosities_{};
};

}  // namespace hw::history
