#include "test/sim/checker.h"

#include <algorithm>
#include <string_view>

namespace hw::sim {

using replication::Acks;
using replication::Durability;

namespace {

/// The value without its padding.
std::string_view name_of(std::string_view value) {
    return value.substr(0, value.rfind('-'));
}

}  // namespace

std::string make_value(ProducerNumber producer, std::uint64_t number, std::size_t padding) {
    return fmt::format("{}-{}-", producer.value(), number) + std::string(padding, '.');
}

Checker::Checker(std::vector<PartitionFacts> partitions,
                 const std::vector<ProducerFacts>& producers)
    : producers_(producers) {
    for (const PartitionFacts& facts : partitions) {
        partitions_.emplace_back();
        partitions_.back().facts = facts;
    }
}

Checker::Mark Checker::mark(PartitionNumber partition, TimePoint now) const {
    const Partition& of = partitions_[partition.value()];
    return {now, of.high_watermark, of.losses, of.damages, of.damaged_replicas > 0};
}

void Checker::on_acknowledged(const AcknowledgedBatch& batch, const Mark& mark) {
    const ProducerFacts& producer = producers_[batch.producer.value()];
    Partition& partition = at(producer.partition);
    const bool all = producer.acks == Acks::all;
    const bool is_single = partition.facts.replication_factor == 1;
    const bool outlives_power =
        all && partition.facts.durability == Durability::disk && !partition.had_unclean_election;
    if (outlives_power && is_single && partition.sync_failed &&
        mark.sent > *partition.sync_failed + kSyncFailureGrace) {
        fail_rule("partition {}: a batch was acknowledged although it was sent after a failed sync",
                  producer.partition.value());
    }
    acknowledged_ += batch.values.size();
    // The answer is from before a power loss, which ended the promises of that life.
    if (!outlives_power && mark.losses != partition.losses) {
        return;
    }
    Offset offset = batch.base_offset;
    for (const std::string& value : batch.values) {
        if (producer.acks == Acks::leader && is_single) {
            partition.weak[offset] = value;
        }
        ++offset;
    }
    if (all) {
        partition.high_watermark = std::max(partition.high_watermark, offset);
    }
}

void Checker::on_out_of_sequence(ProducerNumber producer) {
    const ProducerFacts& facts = producers_[producer.value()];
    const Partition& partition = at(facts.partition);
    if (partition.facts.durability == Durability::disk && facts.acks == Acks::all &&
        !partition.had_unclean_election) {
        fail_rule("producer {}: an idempotent producer with acks=all was forgotten by a disk topic",
                  producer.value());
    }
}

void Checker::on_fetched(PartitionNumber number, const FetchedRecords& fetched, const Mark& mark) {
    Partition& partition = at(number);
    read_ += fetched.records.size();
    // The answer is from before a power loss, which may have taken these records.
    const bool may_lose =
        partition.facts.durability == Durability::memory || partition.had_unclean_election;
    if (may_lose && mark.losses != partition.losses) {
        return;
    }
    const bool tells_end = fetched.high_watermark != kNoOffset;
    if (partition.facts.replication_factor == 1 && tells_end &&
        fetched.high_watermark < mark.high_watermark) {
        fail_rule("partition {}: the high watermark fell from {} to {}", number.value(),
                  mark.high_watermark, fetched.high_watermark);
    }
    partition.high_watermark = std::max(partition.high_watermark, fetched.high_watermark);
    for (const FetchedRecord& record : fetched.records) {
        check_weak(number, record);
    }
    if (fetched.records.empty() && fetched.from < fetched.high_watermark) {
        fail_rule("partition {}: a reader got nothing at offset {}, but the high watermark is {}",
                  number.value(), fetched.from, fetched.high_watermark);
    }
}

void Checker::check_weak(PartitionNumber number, const FetchedRecord& record) {
    auto& weak = at(number).weak;
    const auto promised = weak.find(record.offset);
    if (promised == weak.end()) {
        return;
    }
    if (promised->second != record.value) {
        fail_rule("partition {}: '{}' was acknowledged at offset {}, which now holds '{}'",
                  number.value(), name_of(promised->second), record.offset, name_of(record.value));
    }
    weak.erase(promised);
}

void Checker::on_damage_reported(PartitionNumber number, Offset from, const Mark& mark) {
    ++damage_reports_;
    const Partition& partition = at(number);
    if (!mark.is_damaged && mark.damages == partition.damages) {
        fail_rule("partition {}: offset {} was reported as damaged, but nothing was damaged",
                  number.value(), from);
    }
}

void Checker::on_damaged(PartitionNumber number) {
    ++at(number).damaged_replicas;
    ++at(number).damages;
}

bool Checker::may_have_had_old_leader(const Partition& partition) {
    const bool has_lost_memory = partition.facts.replication_factor > 1 &&
                                 partition.facts.durability == Durability::memory &&
                                 partition.losses > 0;
    return partition.had_unclean_election || has_lost_memory;
}

void Checker::on_out_of_range(PartitionNumber number, Offset from, const Mark& mark) {
    const Partition& partition = at(number);
    if (may_have_had_old_leader(partition)) {
        return;
    }
    if (partition.facts.durability == Durability::disk || mark.losses == partition.losses) {
        fail_rule(
            "partition {}: offset {} is out of range, but a reader has seen the high watermark {}",
            number.value(), from, mark.high_watermark);
    }
}

void Checker::on_sync_failed(PartitionNumber partition, TimePoint when) {
    at(partition).sync_failed = when;
}

void Checker::on_power_loss(PartitionNumber number) {
    Partition& partition = at(number);
    partition.sync_failed.reset();
    ++partition.losses;
    partition.weak.clear();
    if (partition.facts.durability == Durability::memory) {
        partition.high_watermark = Offset(0);
    }
}

void Checker::on_unclean_election(PartitionNumber number) {
    on_power_loss(number);
    at(number).had_unclean_election = true;
    at(number).high_watermark = Offset(0);
}

void Checker::begin_final_read(PartitionNumber number, Offset in_sync_end) {
    Partition& partition = at(number);
    if (may_have_had_old_leader(partition)) {
        partition.high_watermark = std::min(partition.high_watermark, in_sync_end);
    }
}

void Checker::on_end() {
    for (std::uint32_t i = 0; i < partitions_.size(); ++i) {
        if (const auto& weak = partitions_[i].weak; !weak.empty()) {
            fail_rule(
                "partition {}: '{}' was acknowledged at offset {}, which could not be read "
                "at the end",
                i, name_of(weak.begin()->second), weak.begin()->first);
        }
    }
}

Offset Checker::end_offset(PartitionNumber partition) const {
    const Partition& of = partitions_[partition.value()];
    return of.weak.empty() ? of.high_watermark
                           : std::max(of.high_watermark, of.weak.rbegin()->first + 1);
}

}  // namespace hw::sim
