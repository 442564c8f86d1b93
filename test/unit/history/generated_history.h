#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "test/history/findings.h"
#include "test/history/history.h"

namespace hw::history {

/// Operations and events of a run against a small model of correct logs. `history` has the names
/// and the events; the operations are not added yet, so that a test can change one.
struct GeneratedRun {
    History history;
    std::vector<Operation> operations;
    /// The first partition is in a `disk` topic, and its log start never moves.
    PartitionNumber plain_partition;
    Time final_read;
};

/// The same seed gives the same run. It has idempotent and plain producers, retries, failed and
/// unknown sends, readers that move between brokers, elections, stale leaders, moves of the log
/// start, power losses of a `memory` topic, and a final read.
[[nodiscard]] GeneratedRun generate_run(std::uint64_t seed, std::size_t steps);

/// Adds the operations to the history.
[[nodiscard]] History finish(GeneratedRun run);

/// Ways to break a correct history.
enum class Corruption : std::uint8_t {
    cut_final_tail,
    hide_record,
    change_value,
    invent_value,
    repeat_record,
    fail_read_send,
    send_too_late,
    swap_offsets_of_producer,
    swap_offsets_in_time,
    skip_at_poll,
    repeat_poll,
    lower_watermark,
    lower_latest,
    change_leader,
};
inline constexpr std::size_t kCorruptions = 14;

/// Breaks the run at a place that the seed decides. Returns the kinds of which the judge must
/// report at least one; none if the run has no suitable operation, and is unchanged.
[[nodiscard]] std::vector<AnomalyKind> corrupt(GeneratedRun& run, Corruption corruption,
                                               std::uint64_t seed);

}  // namespace hw::history
