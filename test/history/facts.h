#pragma once

#include <optional>
#include <vector>

#include "test/history/history.h"
#include "test/history/timeline.h"

namespace hw::history {

/// One answer that shows a record at an offset: a read, or an acknowledgement with acks=all.
struct Sighting {
    Offset offset;
    ValueNumber value;
    OperationNumber operation;
    Time invoked;
    Time done;
    bool is_read = false;
};

/// Offsets below a returned record that a poll asked for and that held no record.
struct Gap {
    Offset offset;
    Offset end_offset;
    OperationNumber operation;
    Time invoked;
    Time done;
};

/// All that the history says about one value.
struct ValueFacts {
    PartitionNumber partition = kNoPartition;        ///< of its sends
    OperationNumber first_send = kNoOperation;       ///< by `invoked`
    OperationNumber acknowledgement = kNoOperation;  ///< the first with acks=all
    OperationNumber first_read = kNoOperation;       ///< by `done`
    Offset first_read_offset = kNoOffset;
    bool is_idempotent = true;     ///< all sends have the same producer id
    bool is_failed = true;         ///< all sends have definitely failed
    bool is_acknowledged = false;  ///< some send is ok, with any acks
};

/// All that the history says about one partition. Operations are in the order of `invoked`, and
/// those that began together in the order of adding.
struct PartitionFacts {
    std::vector<OperationNumber> sends;
    std::vector<OperationNumber> polls;  ///< ok only
    std::vector<OperationNumber> lists;  ///< ok only
    std::vector<Sighting> sightings;     ///< by offset, then by `invoked`
    std::vector<Gap> gaps;               ///< by offset
    std::vector<LeaderElection> elections;
    Losses losses;
    LogStarts log_starts;
    /// The highest that polls of the final read have told; none if there were none.
    Offset final_high_watermark = kNoOffset;
};

/// The history, arranged for the checks. The history must outlive it and not change.
class Facts {
public:
    explicit Facts(const History& history);

    [[nodiscard]] const History& history() const { return history_; }
    [[nodiscard]] const std::vector<PartitionFacts>& partitions() const { return partitions_; }
    [[nodiscard]] const std::vector<ValueFacts>& values() const { return values_; }
    [[nodiscard]] const ValueFacts& of(ValueNumber value) const { return values_[value.value()]; }
    /// All operations in the order of `invoked`, then of adding.
    [[nodiscard]] const std::vector<OperationNumber>& in_order() const { return in_order_; }
    [[nodiscard]] bool in_final_read(Time invoked) const {
        return history_.final_read() && invoked >= *history_.final_read();
    }
    /// The offset at which the value is committed for all that is known: as acknowledged with
    /// acks=all, else as first read; kNoOffset if unknown.
    [[nodiscard]] Offset committed_offset(const ValueFacts& value) const;

private:
    void add_events();
    void add(const Send& send, OperationNumber number);
    void add(const Poll& poll, OperationNumber number);
    void add(const ListOffsets& list, OperationNumber number);
    void add(const Assign& /*assign*/, OperationNumber /*number*/) {}
    void add_gap(const Poll& poll, OperationNumber number, Offset begin, Offset end_offset);

    const History& history_;
    std::vector<PartitionFacts> partitions_;
    std::vector<ValueFacts> values_;
    std::vector<OperationNumber> in_order_;
};

}  // namespace hw::history
