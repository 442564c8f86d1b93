#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <vector>

#include "tools/client/frame_input.h"
#include "tools/perf/group_member.h"
#include "tools/perf/load_connection.h"

namespace hw::perf {

/// A connection that several members share. Their requests are pipelined, and the broker answers
/// in the same order. Used by one thread.
class GroupConnection final : public LoadConnection {
public:
    /// Called after each answer. `seat` is the number that `stage` was given.
    using OnAnswer = std::function<void(std::size_t seat, SteadyTime now)>;

    GroupConnection(client::Socket socket, OnAnswer on_answer);

    /// Appends the request that is due to what `send` sends. `seat` tells the owner which member
    /// that is. Errors: those of GroupMember::next_request.
    [[nodiscard]] Result<void> stage(std::size_t seat, GroupMember& member, SteadyTime now);

    [[nodiscard]] Result<std::size_t> send(SteadyTime now) override;
    /// Errors: also those of GroupMember::on_answer.
    [[nodiscard]] Result<std::size_t> receive(SteadyTime now) override;
    [[nodiscard]] bool is_idle() const override { return open_.empty(); }

private:
    struct Open {
        GroupMember* member;
        std::size_t seat;
    };

    [[nodiscard]] Result<void> take(ByteView answer, SteadyTime now);

    OnAnswer on_answer_;
    std::deque<Open> open_;
    std::uint64_t next_ = 0;  ///< number of the next request
    std::vector<std::byte> unsent_;
    std::size_t sent_ = 0;  ///< bytes of `unsent_` that the socket has taken
    client::FrameInput input_;
};

}  // namespace hw::perf
