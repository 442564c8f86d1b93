#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "protocol/base/arena.h"
#include "tools/client/frame_input.h"
#include "tools/perf/load_connection.h"
#include "tools/perf/request.h"
#include "tools/perf/tally.h"

namespace hw::perf {

/// Shared by all connections to one coordinator; outlives them.
struct CommitLane {
    ApiVersion version;
    std::size_t in_flight = 1;         ///< requests per connection
    std::size_t partitions = 0;        ///< in each request
    std::vector<RequestFrame> frames;  ///< one for each group, sent in turn
    std::size_t next_frame = 0;
    Supply supply{0};
    Tally* tally = nullptr;
};

/// A connection that keeps as many OffsetCommit requests in flight as its window and the supply
/// allow. The requests are encoded before the load; all carry the same offsets.
class CommitConnection final : public LoadConnection {
public:
    CommitConnection(client::Socket socket, CommitLane& lane);

    [[nodiscard]] Result<std::size_t> send(SteadyTime now) override;
    [[nodiscard]] Result<std::size_t> receive(SteadyTime now) override;
    [[nodiscard]] bool is_idle() const override { return outstanding_ == 0; }

private:
    /// A request in flight, and the time from which its latency counts.
    struct Slot {
        std::vector<std::byte> head;
        SteadyTime due;
    };

    void stage(SteadyTime due);
    [[nodiscard]] Result<void> on_answer(ByteView answer, SteadyTime now);

    CommitLane* lane_;
    ApiVersion header_version_;
    std::vector<Slot> slots_;  ///< a ring: request n is in slot n mod size
    std::uint64_t next_ = 0;   ///< number of the next request
    std::uint64_t outstanding_ = 0;
    Unsent unsent_;
    client::FrameInput input_;
    Arena arena_;
};

}  // namespace hw::perf
