#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "test/history/history.h"
#include "test/sim/checker.h"
#include "test/sim/plan.h"

namespace hw::sim {

/// One attempt of a producer to send its batch.
struct SendAttempt {
    ProducerNumber producer;
    const std::vector<std::string>& values;
    ProducerId id = kNoProducerId;  ///< set if the producer is idempotent
    TimePoint sent;
};

/// The latest offset of a partition, as a leader told it.
struct ListedLatest {
    Offset offset;
    BrokerId broker;
    LeaderEpoch leader_epoch;
};

/// Writes down what the clients of a run do and see, for the judge (test/history).
class Recorder {
public:
    Recorder(const Scheduler& scheduler, const Plan& plan);
    Recorder(const Recorder&) = delete;
    Recorder& operator=(const Recorder&) = delete;

    void on_acknowledged(const SendAttempt& attempt, Offset base_offset);
    /// The broker refused the batch with an error that says it is in no log.
    void on_refused(const SendAttempt& attempt);
    void on_unknown(const SendAttempt& attempt);

    /// A reader goes on at `offset`.
    void on_seek(PartitionNumber partition, Offset offset);
    void on_fetched(PartitionNumber partition, const FetchedRecords& fetched, TimePoint sent);
    /// A leader has told the latest offset.
    void on_listed(PartitionNumber partition, const ListedLatest& listed, TimePoint sent);

    /// The last replica in sync that had all records lost its power.
    void on_power_loss(PartitionNumber partition);
    /// A replica that was not in sync leads now.
    void on_unclean_election(PartitionNumber partition);
    /// No replica can show any more what the others have lost.
    void on_loss_end(PartitionNumber partition);
    /// From now on readers read everything once more, without faults.
    void begin_final_read() { history_.begin_final_read(now()); }

    /// The report of the judge, if a promise was broken or nothing could be checked. Call once.
    [[nodiscard]] std::optional<std::string> judge();

private:
    [[nodiscard]] static history::Time time(TimePoint at);
    [[nodiscard]] history::Time now() const { return time(scheduler_->now()); }
    void add(const SendAttempt& attempt, history::Outcome outcome, Offset base_offset);
    void add(history::Operation operation);
    void begin_loss(history::Loss::Cause cause, PartitionNumber partition);

    const Scheduler* scheduler_;
    history::History history_;
    /// Those that have not ended, by PartitionNumber.
    std::vector<std::vector<history::Loss>> losses_;
    std::vector<ProducerFacts> producers_;
    std::vector<history::PartitionNumber> partitions_;        ///< by PartitionNumber
    std::vector<history::ProcessNumber> producer_processes_;  ///< by ProducerNumber
    std::vector<history::ProcessNumber> reader_processes_;    ///< by PartitionNumber
};

}  // namespace hw::sim
