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

/// Index of a partition, or of a producer, in the list of all of a run.
using PartitionNumber = Id<struct PartitionNumberTag, std::uint32_t>;
using ProducerNumber = Id<struct ProducerNumberTag, std::uint32_t>;

/// What the checker knows about a producer, which sends to one partition, one request at a time.
struct ProducerBatchInfo {
    PartitionNumber partition;
    replication::Acks acks = replication::Acks::all;
    bool idempotent = false;
};

/// "PRODUCER-NUMBER-PADDING": a value that names its producer and its place in the order of
/// sending.
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

/// Checks a run by what its clients saw. A record that was acknowledged or read is a promise: it
/// must be read again at its offset with its value, after whatever faults. Only a power loss may
/// take it, and not if the topic is a `disk` topic and the record was below the high watermark,
/// that is, acknowledged with acks=all or read.
///
/// Clients report in any order; the first broken rule is kept.
class Checker {
public:
    Checker(std::vector<replication::Durability> partitions,
            std::vector<ProducerBatchInfo> producers);

    /// What is known when a request is sent; its answer is checked against that.
    struct Mark {
        TimePoint sent;
        Offset high_watermark;  ///< the highest seen until then
        std::uint64_t losses = 0;
        std::uint64_t damages = 0;
        bool is_damaged = false;
    };
    [[nodiscard]] Mark mark(PartitionNumber partition, TimePoint now) const;

    void on_acknowledged(const AcknowledgedBatch& batch, const Mark& mark);
    /// The only answer to the values was a definite error.
    void on_refused(ProducerNumber producer, const std::vector<std::string>& values);
    /// A broker does not know the sequence numbers of an idempotent producer.
    void on_out_of_sequence(ProducerNumber producer);
    void on_fetched(PartitionNumber partition, const FetchedRecords& fetched, const Mark& mark);
    void on_out_of_range(PartitionNumber partition, Offset from, const Mark& mark);

    /// A read failed because of damage: the broker refused it, or the client found a wrong
    /// checksum.
    void on_damage_told(PartitionNumber partition, Offset from, const Mark& mark);
    /// Bytes of the partition's log were changed at rest; until they are repaired, reads of it may
    /// be refused.
    void on_damaged(PartitionNumber partition);
    void on_repaired();

    void on_sync_failed(TimePoint when);
    void on_power_loss();
    /// The final checks, after everything was read once more.
    void on_end();

    /// The offset after the last record that must be there.
    [[nodiscard]] Offset end_offset(PartitionNumber partition) const;
    /// Numbers of records that were acknowledged and read.
    [[nodiscard]] std::uint64_t acknowledged() const { return acknowledged_; }
    [[nodiscard]] std::uint64_t read() const { return read_; }
    /// Reads that were refused because of damage.
    [[nodiscard]] std::uint64_t told() const { return told_; }
    /// The first rule that was broken, as a sentence.
    [[nodiscard]] const std::optional<std::string>& broken() const { return broken_; }

private:
    /// After a failed sync, answers to earlier requests may still be made for this long.
    static constexpr Duration kSyncFailureSpreads = std::chrono::seconds(1);

    struct Partition {
        replication::Durability durability;
        /// By offset; empty where no client has seen a record.
        std::vector<std::string> records;
        /// The highest seen, in an answer or by an acknowledgement of acks=all.
        Offset high_watermark{0};
        std::uint64_t losses = 0;
        std::uint64_t damages = 0;
        bool is_damaged = false;
    };
    struct Producer {
        ProducerBatchInfo facts;
        Offset acknowledged_end{0};  ///< of the last batch that is still promised
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
    std::uint64_t told_ = 0;
    std::optional<std::string> broken_;
};

}  // namespace hw::sim
