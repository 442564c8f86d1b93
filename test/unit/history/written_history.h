#pragma once

#include <string_view>

#include "test/history/history.h"

namespace hw::history {

/// A history from a short notation, one operation or event a line. Ends the test for a mistake.
///
/// | line | meaning |
/// |---|---|
/// | `p 10-20 send a ->5` | process p sends value a, acknowledged with acks=all at offset 5 |
/// | `p 10-20 fail send a` | the kind is fail (or info) |
/// | `p 10-? info send a` | it never ended |
/// | `c 30-40 poll 0 a b _ c` | a poll from offset 0 that returned a, b and c at 0, 1 and 3 |
/// | `c 30-40 poll 4 7:a` | ... a at 7 |
/// | `c 30-40 latest 5`, `earliest` | list_offsets |
/// | `c 30-30 assign 4`, `assign ?` | assign, from offset 4 or from an unknown one |
/// | `! 50-60 unclean`, `power`, `start ->3`, `leader`, `delete`, `final` | events |
///
/// Words that may follow: `acks=1`, `id=7` (producer id), `by=2` (broker), `epoch=3` (leader
/// epoch), `hw=8` (high watermark), `committed` (isolation); `in=1`, `in=m0`, `in=r0`: the
/// partition, in the `disk` topic orders, the `memory` topic clicks or the topic orders that was
/// created again.
[[nodiscard]] History written_history(std::string_view text);

}  // namespace hw::history
