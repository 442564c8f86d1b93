#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <sys/uio.h>
#include <vector>

#include "protocol/base/arena.h"
#include "protocol/base/bytes.h"
#include "protocol/base/ids.h"
#include "protocol/base/result.h"
#include "tools/perf/descriptor.h"
#include "tools/perf/request_frame.h"
#include "tools/perf/tally.h"

namespace hw::perf {

using SteadyTime = std::chrono::steady_clock::time_point;

/// What all connections of a load share; outlives them.
struct SharedLoad {
    ByteView batch;
    ApiVersion version;
    bool answered = true;  ///< false with acks=0
    std::size_t in_flight = 1;
    Supply supply{0};
    Tally tally;
};

/// One connection under load: keeps as many requests at the broker as its window allows.
///
/// A request is a head and a tail of this connection around the batch that all share, so the bytes
/// of a load stay in the cache. The socket does not block. Used by one thread.
class LoadConnection {
public:
    /// `frames` are the requests it sends in turn, one a partition; they outlive it.
    LoadConnection(Descriptor socket, std::vector<const RequestFrame*> frames, SharedLoad& load);

    /// Fills the window from the supply and sends what the socket takes. Errors: closed.
    [[nodiscard]] Result<void> send(SteadyTime now);
    /// Takes the answers that are there and fills the window again. Errors: closed, corrupt.
    [[nodiscard]] Result<void> receive(SteadyTime now);

    [[nodiscard]] bool is_idle() const { return outstanding_ == 0; }
    [[nodiscard]] const Descriptor& socket() const { return socket_; }

private:
    /// A request on its way.
    struct Slot {
        std::vector<std::byte> head;
        SteadyTime sent;
    };

    void fill_window(SteadyTime now);
    void stage(SteadyTime now);
    void on_sent(std::size_t bytes);
    [[nodiscard]] Result<void> take_answers(SteadyTime now);
    [[nodiscard]] Result<void> on_answer(ByteView answer, SteadyTime now);

    Descriptor socket_;
    std::vector<const RequestFrame*> frames_;
    SharedLoad* load_;
    ApiVersion header_version_;
    std::vector<Slot> slots_;  ///< a ring: request n is in slot n mod size
    std::uint64_t next_ = 0;   ///< number of the next request
    std::uint64_t outstanding_ = 0;
    std::vector<iovec> unsent_;
    std::size_t first_unsent_ = 0;
    std::vector<std::byte> input_;
    std::size_t received_ = 0;
    Arena arena_;
};

}  // namespace hw::perf
