#pragma once

#include <optional>
#include <vector>

#include "test/history/operation.h"

namespace hw::history {

/// The events of one partition that may take records away, in an order that answers quickly.
class Losses {
public:
    void add(Time at, Time until) { losses_.push_back({at, until}); }
    /// Call once, after the last `add`.
    void sort();

    /// What was invoked up to this time may be lost, as seen by an operation that ended at `done`.
    /// The result is before every time if nothing may be lost.
    [[nodiscard]] Time horizon(Time done) const;
    /// May a loss have come between an operation that was invoked at `from` and another one that
    /// ended at `to`?
    [[nodiscard]] bool excuse(Time from, Time to) const { return from <= horizon(to); }
    /// All values of `horizon` that are a time, rising.
    [[nodiscard]] std::vector<Time> horizons() const;

private:
    struct Interval {
        Time at;
        Time until;
    };
    std::vector<Interval> losses_;  ///< by `at`; after `sort`, `until` is the latest one so far
};

/// The declared moves of one partition's log start.
class LogStarts {
public:
    void add(Time at, Offset offset) { moves_.push_back({at, offset}); }
    /// Call once, after the last `add`.
    void sort();

    /// The highest start that the log can have had at this time; 0 without a move.
    [[nodiscard]] Offset at(Time time) const;

private:
    struct Move {
        Time at;
        Offset offset;
    };
    std::vector<Move> moves_;  ///< by `at`; after `sort`, `offset` is the highest one so far
};

/// An offset that an operation has proved, for example that the log reached it.
struct Proof {
    Offset offset;
    OperationNumber operation;
    Time invoked;
    Time done;
};

/// Finds the highest proven offset among the operations that ended before another one began,
/// leaving out what a loss may have taken. Takes O(n log n) for n proofs and queries.
class HighestProof {
public:
    HighestProof(const Losses& losses, std::vector<Proof> proofs);

    /// The highest proof for an operation; nullptr if there is none. Calls come in the order of
    /// `invoked`.
    [[nodiscard]] const Proof* before(Time invoked, Time done);

private:
    const Losses& losses_;
    std::vector<Time> horizons_;
    std::vector<Proof> proofs_;  ///< by `done`
    std::size_t next_ = 0;
    /// The highest proof invoked after horizon i-1 and up to horizon i.
    std::vector<const Proof*> highest_;
};

}  // namespace hw::history
