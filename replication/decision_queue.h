#pragma once

#include <cstddef>
#include <deque>
#include <utility>

#include "protocol/base/ids.h"

namespace hw::replication {

/// The answers of a replicated state machine that wait for the log. A decision is taken from the
/// *appended* state, so that requests need not wait for each other. Its answer goes out when that
/// state is *committed*, also if the decision has added no records, because the records that it was
/// based on may still be lost. So answers leave in the order of the decisions.
template <class Answer>
class DecisionQueue {
public:
    struct Waiting {
        Offset until;  ///< the answer is sent when this offset is committed
        Answer answer;
        bool has_records = false;  ///< the decision itself is in the log
    };

    /// Adds the answer of a decision that was taken when `last_appended` was the last offset.
    void add(Offset last_appended, Answer answer, bool has_records) {
        waiting_.push_back({last_appended, std::move(answer), has_records});
    }
    /// The log is committed up to and including `last`. Passes each answer that may go out to
    /// `send`.
    template <class Send>
    void on_committed(Offset last, Send send) {
        while (!waiting_.empty() && waiting_.front().until <= last) {
            // Out of the queue first: `send` may add further decisions.
            Answer answer = std::move(waiting_.front().answer);
            waiting_.pop_front();
            send(std::move(answer));
        }
    }
    /// Hands over all that wait, because the leadership is lost. The outcome of those with records
    /// is unknown: the next leader may keep them.
    [[nodiscard]] std::deque<Waiting> take() { return std::exchange(waiting_, {}); }
    [[nodiscard]] bool empty() const { return waiting_.empty(); }
    [[nodiscard]] std::size_t size() const { return waiting_.size(); }

private:
    std::deque<Waiting> waiting_;
};

}  // namespace hw::replication
