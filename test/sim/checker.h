#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
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
    std::vector<FetchedRecord> records;  ///< from `from` on
};

/// Checks a run from what its clients see. A record that was acknowledged or read is a promise: it
/// must be found again at its offset with its value. A power loss may take records, except those of
/// a `disk` topic that were read or acknowledged with acks=all. Nothing else may take a record.
///
/// Clients report in any order. The checker keeps the first broken rule.
class Checker {
public:
    Checker(std::vector<replication::Durability> partitions, std::vector<ProducerFacts> producers);

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
    /// The values were sent once and refused with a definite error, so they are in no log.
    void on_refused(ProducerNumber producer, const std::vector<std::string>& values);
    /// The broker no longer knows the sequence numbers of an idempotent producer.
    void on_out_of_sequence(ProducerNumber producer);
    void on_fetched(PartitionNumber partition, const FetchedRecords& fetched, const Mark& mark);
    void on_out_of_range(PartitionNumber partition, Offset from, const Mark& mark);

    /// A read failed because of damage: the broker refused it, or the client found a wrong
    /// checksum.
    void on_damage_reported(PartitionNumber partition, Offset from, const Mark& mark);
    /// Bytes of the partition's log were damaged at rest. Reads of it may be refused until
    /// `on_repaired`.
    void on_damaged(PartitionNumber partition);
    void on_repaired();

    void on_sync_failed(TimePoint when);
    void on_power_loss();
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
        replication::Durability durability;
        /// Values by offset; an empty value means that no client has seen the record.
        std::vector<std::string> records;
        /// The highest that clients know from an answer or from an acknowledgement with acks=all.
        Offset high_watermark{0};
        std::uint64_t losses = 0;
        std::uint64_t damages = 0;
        bool is_damaged = false;
    };
    struct Producer {
        ProducerFacts facts;
        Offset acknowledged_end{0};  ///< end offset of the last batch that is still promised
    };

    [[nodiscard]] Partition& at(PartitionNumber partition) {
        return partitions_[partition.value()];
    }
    void note(PartitionNumber partition, Offset offset, const std::string& value);
    void check_order(PartitionNumber partition);
    template <class... Args>
    void fail_rule(fmt::format_string<Args...> text, Args&&... args) {
        if (!broken_) {
            broken_ = fmt::format(text, std::forward<Args>(args)...);
        }
    }

    std::vector<Partition> partitions_;
    std::vector<Producer> producers_;
    std::set<std::string> refused_;
    std::optional<TimePoint> sync_failed_;
    std::uint64_t acknowledged_ = 0;
    std::uint64_t read_ = 0;
    std::uint64_t damage_reports_ = 0;
    std::optional<std::string> broken_;
};

}  // namespace hw::sim
