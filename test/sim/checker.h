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
#include "replication/partition/partition_options.h"
#include "replication/partition/produce_wait.h"

namespace hw::sim {

/// A partition of a run by its place in the list of all, and a producer likewise.
using PartitionNumber = Id<struct PartitionNumberTag, std::uint32_t>;
using ProducerNumber = Id<struct ProducerNumberTag, std::uint32_t>;

/// What the checker has to know of a producer. It sends to one partition, one request at a time.
struct ProducerFacts {
    PartitionNumber partition;
    replication::Acks acks = replication::Acks::all;
    bool idempotent = false;
};

/// "PRODUCER-NUMBER-PADDING": who sent a value, and which it is in its line.
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
    Offset from;  ///< what was asked for
    Offset high_watermark;
    std::vector<FetchedRecord> records;  ///< from there on
};

/// Judges a run by what its clients saw. A promise is a record that was acknowledged or read; it
/// is kept by being read again, at its offset, with its value, after whatever happened, as long as
/// nothing happened that may cost it: a power loss, unless the topic is a `disk` one and the record
/// was acknowledged with acks=all or read, that is, was below the high watermark.
///
/// Told by clients in any order; the first broken rule stays.
class Checker {
public:
    Checker(std::vector<replication::Durability> partitions, std::vector<ProducerFacts> producers);

    /// What counts when a request leaves: its answer is judged by it.
    struct Mark {
        TimePoint sent;
        Offset high_watermark;  ///< seen until then
        std::uint64_t losses = 0;
        std::uint64_t damages = 0;
        bool is_damaged = false;
    };
    [[nodiscard]] Mark mark(PartitionNumber partition, TimePoint now) const;

    void on_acknowledged(const AcknowledgedBatch& batch, const Mark& mark);
    /// No attempt to send the values was answered by anything but a definite error.
    void on_refused(ProducerNumber producer, const std::vector<std::string>& values);
    /// A broker has lost track of an idempotent producer.
    void on_out_of_sequence(ProducerNumber producer);
    void on_fetched(PartitionNumber partition, const FetchedRecords& fetched, const Mark& mark);
    void on_out_of_range(PartitionNumber partition, Offset from, const Mark& mark);

    /// A read was refused because of damage: by the broker, or by the client, which found that a
    /// checksum does not match.
    void on_damage_told(PartitionNumber partition, Offset from, const Mark& mark);
    /// Bytes of the partition's log were changed at rest; until they are repaired what is in it may
    /// be refused.
    void on_damaged(PartitionNumber partition);
    void on_repaired();

    void on_sync_failed(TimePoint when);
    void on_power_loss();
    /// The last word, after all was read once more.
    void on_end();

    /// Behind the last record that must be there.
    [[nodiscard]] Offset end_offset(PartitionNumber partition) const;
    /// How many records were acknowledged, and how many read.
    [[nodiscard]] std::uint64_t acknowledged() const { return acknowledged_; }
    [[nodiscard]] std::uint64_t read() const { return read_; }
    /// Reads that were refused because of damage.
    [[nodiscard]] std::uint64_t told() const { return told_; }
    /// The first rule that was broken, as a sentence.
    [[nodiscard]] const std::optional<std::string>& broken() const { return broken_; }

private:
    /// A failed sync may end while answers to earlier requests are made; this long, at most.
    static constexpr Duration kSyncFailureSpreads = std::chrono::seconds(1);

    struct Partition {
        replication::Durability durability;
        /// By offset; what nobody saw is empty.
        std::vector<std::string> records;
        /// The largest that was seen, by an answer or by an acknowledgement of acks=all.
        Offset high_watermark{0};
        std::uint64_t losses = 0;
        std::uint64_t damages = 0;
        bool is_damaged = false;
    };
    struct Producer {
        ProducerFacts facts;
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
