#pragma once

#include "test/history/facts.h"
#include "test/history/findings.h"

namespace hw::history {

// Each check reads the facts and adds what it finds. A check of another kind of operation is
// another function here, with a file of its own, called by `judge`.

/// Offsets and values: inconsistent-offsets, duplicate, dirty-read, unknown-value,
/// read-before-send, above-watermark.
void check_values(const Facts& facts, Findings& findings);

/// Records that are gone: lost-write, phantom, unseen.
void check_losses(const Facts& facts, Findings& findings);

/// What a reader meets on its way: poll-skip, nonmonotonic-poll.
void check_polls(const Facts& facts, Findings& findings);

/// The order of records: nonmonotonic-send, realtime-order.
void check_order(const Facts& facts, Findings& findings);

/// Answers of leaders: two-leaders, low-list-offsets, watermark-decrease, log-start-decrease.
void check_leaders(const Facts& facts, Findings& findings);

}  // namespace hw::history
