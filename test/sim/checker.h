#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "protocol/base/ids.h"
#include "protocol/base/time.h"
#include "replication/partition/delayed_produce.h"
#include "replication/partition/partition_options.h"

namespace hw::sim {

/// Index of a partition or of a producer in the run's Plan.
using PartitionNumber = Id<struct PartitionNumberTag, std::uint32_t>;
using ProducerNumber = Id<struct ProducerNumberTag, std::uint32_t>;

/// The checker's knowledge of a partition.
struct PartitionFacts {
    replication::Durability durability = replication::Durability::disk;
    std::int16_t replication_factor = 1;
    bool may_elect_uncleanly = false;
};

/// The checker's knowledge of a producer, which sends to one partition, one request at a time.
struct ProducerFacts {
    PartitionNumber partition;
    replication::Acks acks = replication::Acks::all;
    bool idempotent = false;
};

/// Makes a value "PRODUCER-NUMBER-PADDING": its producer, and its number in the order of sending.
[[nodiscard]] std::string make_value(ProducerNumber producer, std::uint64_t number,
                                     std::size_t padding);

/// Batches and answers as clients see them.
struct AcknowledgedBatch {
    ProducerNumber producer;
    Offset base_offset;
    const std::vector<std::string>& values;
};
struct FetchedRecord {
    Offset offset;
    std::string value;
};
struct FetchedRecords {
    Offset from;  ///< the requested offset
    Offset high_watermark;
    std::vector<FetchedRecord> records;         ///< from `from` on
    BrokerId broker = kNoBroker;                ///< that answered
    LeaderEpoch leader_epoch = kNoLeaderEpoch;  ///< in which it leads; -1: it follows
};

/// Checks the promises to clients that the judge (test/history) cannot know: those of a single
/// replica, of a failed disk and of damaged bytes. A partition with one replica keeps records that
/// were acknowledged with acks=1 until its machine loses its power, and its high watermark does not
/// fall, except at a power loss in a `memory` topic.
///
/// Clients report in any order. The checker keeps the first broken rule.
class Checker {
public:
    Checker(std::vector<PartitionFacts> partitions, const std::vector<ProducerFacts>& producers);

    /// The checker's knowledge when a request is sent. The answer is checked against it.
    struct Mark {
        TimePoint sent;
        Offset high_watermark;  ///< the highest seen so far
        std::uint64_t losses = 0;
        std::uint64_t damages = 0;
        bool is_damaged = false;
    };
    [[nodiscard]] Mark mark(PartitionNumber partition, TimePoint now) const;

    void on_acknowledged(const AcknowledgedBatch& batch, const Mark& mark);
    /// The broker no longer knows the sequence numbers of an idempotent producer.
    void on_out_of_sequence(ProducerNumber producer);
    void on_fetched(PartitionNumber partition, const FetchedRecords& fetched, const Mark& mark);
    void on_out_of_range(PartitionNumber partition, Offset from, const Mark& mark);

    /// A read failed because of damage: the broker refused it, or the client found a wrong
    /// checksum.
    void on_damage_reported(PartitionNumber partition, Offset from, const Mark& mark);
    /// Bytes of one replica of the partition were damaged at rest. Reads of it may be refused until
    /// `on_repaired`.
    void on_damaged(PartitionNumber partition);
    void on_repaired(PartitionNumber partition) { --at(partition).damaged_replicas; }

    /// A sync of the machine that has the partition failed at `when`, in the present life.
    void on_sync_failed(PartitionNumber partition, TimePoint when);
    /// The last replica in sync that had all records lost its power.
    void on_power_loss(PartitionNumber partition);
    /// A replica that was not in sync leads now. From then on nothing is promised.
    void on_unclean_election(PartitionNumber partition);
    /// The faults have ended, and everything is read once more. All in-sync replicas have the
    /// records below `in_sync_end`. What an old leader acknowledged above it is not waited for.
    void begin_final_read(PartitionNumber partition, Offset in_sync_end);
    /// Makes the final checks. Call after everything was read once more.
    void on_end();

    /// The offset after the last record that must exist.
    [[nodiscard]] Offset end_offset(PartitionNumber partition) const;
    /// Numbers of records that were acknowledged and read.
    [[nodiscard]] std::uint64_t acknowledged() const { return acknowledged_; }
    [[nodiscard]] std::uint64_t read() const { return read_; }
    /// Number of reads that were refused because of damage.
    [[nodiscard]] std::uint64_t damage_reports() const { return damage_reports_; }
    /// The first broken rule, as a sentence; nullopt if none is broken.
    [[nodiscard]] const std::optional<std::string>& broken() const { return broken_; }

private:
    /// A request sent within this time after a failed sync may still be acknowledged as durable.
    static constexpr Duration kSyncFailureGrace = std::chrono::seconds(1);

    struct Partition {
        PartitionFacts facts;
        /// Records that were acknowledged with acks=1 and not read yet. What is read is known to
        /// the judge.
        std::map<Offset, std::string> weak;
        /// The highest that clients know from an answer or from an acknowledgement with acks=all.
        Offset high_watermark{0};
        std::optional<TimePoint> sync_failed;
        std::uint64_t losses = 0;
        std::uint64_t damages = 0;
        std::uint64_t damaged_replicas = 0;
        bool had_unclean_election = false;
    };

    [[nodiscard]] Partition& at(PartitionNumber partition) {
        return partitions_[partition.value()];
    }
    /// After a loss an old leader that is cut off may go on for a while, with what only it has.
    [[nodiscard]] static bool may_have_had_old_leader(const Partition& partition);
    void check_weak(PartitionNumber number, const FetchedRecord& record);
    template <class... Args>
    void fail_rule(fmt::format_string<Args...> text, Args&&... args) {
        if (!broken_) {
            broken_ = fmt::format(text, std::forward<Args>(args)...);
        }
    }

    std::vector<Partition> partitions_;
    std::vector<ProducerFacts> producers_;
    std::uint64_t acknowledged_ = 0;
    std::uint64_t read_ = 0;
    std::uint64_t damage_reports_ = 0;
    std::optional<std::string> broken_;
};

}  // namespace hw::sim
