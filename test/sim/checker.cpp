#include "test/sim/checker.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace hw::sim {

using replication::Acks;
using replication::Durability;

namespace {

struct ParsedValue {
    ProducerNumber producer;
    std::uint64_t number = 0;
};

std::optional<ParsedValue> parse_value(std::string_view text) {
    const char* const end = text.data() + text.size();
    std::uint32_t producer = 0;
    const auto first = std::from_chars(text.data(), end, producer);
    if (first.ec != std::errc() || first.ptr == end || *first.ptr != '-') {
        return std::nullopt;
    }
    ParsedValue parsed{ProducerNumber(producer)};
    const auto second = std::from_chars(first.ptr + 1, end, parsed.number);
    if (second.ec != std::errc() || second.ptr == end || *second.ptr != '-') {
        return std::nullopt;
    }
    return parsed;
}

/// The value without its padding.
std::string_view name_of(std::string_view value) {
    return value.substr(0, value.rfind('-'));
}

}  // namespace

std::string make_value(ProducerNumber producer, std::uint64_t number, std::size_t padding) {
    return fmt::format("{}-{}-", producer.value(), number) + std::string(padding, '.');
}

Checker::Checker(std::vector<Durability> partitions, std::vector<ProducerFacts> producers) {
    for (const Durability durability : partitions) {
        partitions_.push_back({.durability = durability, .records = {}});
    }
    for (const ProducerFacts& facts : producers) {
        producers_.push_back({.facts = facts});
    }
}

Checker::Mark Checker::mark(PartitionNumber partition, TimePoint now) const {
    const Partition& of = partitions_[partition.value()];
    return {now, of.high_watermark, of.losses, of.damages, of.is_damaged};
}

void Checker::on_acknowledged(const AcknowledgedBatch& batch, const Mark& mark) {
    Producer& producer = producers_[batch.producer.value()];
    const PartitionNumber number = producer.facts.partition;
    Partition& partition = at(number);
    const bool all = producer.facts.acks == Acks::all;
    const bool outlives_power = all && partition.durability == Durability::disk;
    if (outlives_power && sync_failed_ && mark.sent > *sync_failed_ + kSyncFailureGrace) {
        fail_rule("partition {}: a batch was acknowledged although it was sent after a failed sync",
                  number.value());
    }
    // The answer is from before a power loss, which ended the promises of that life.
    if (!outlives_power && mark.losses != partition.losses) {
        return;
    }
    if (batch.base_offset < producer.acknowledged_end) {
        fail_rule(
            "producer {}: '{}' was acknowledged at offset {}, but the batch before it ends at {}",
            batch.producer.value(), name_of(batch.values.front()), batch.base_offset,
            producer.acknowledged_end);
    }
    Offset offset = batch.base_offset;
    for (const std::string& value : batch.values) {
        note(number, offset, value);
        ++offset;
    }
    producer.acknowledged_end = offset;
    acknowledged_ += batch.values.size();
    if (all) {
        partition.high_watermark = std::max(partition.high_watermark, offset);
    }
}

void Checker::on_refused(ProducerNumber producer, const std::vector<std::string>& values) {
    for (const std::string& value : values) {
        refused_.insert(value);
        const auto& records = at(producers_[producer.value()].facts.partition).records;
        if (std::ranges::count(records, value) > 0) {
            fail_rule("'{}' was read and then refused with a definite error", name_of(value));
        }
    }
}

void Checker::on_out_of_sequence(ProducerNumber producer) {
    const ProducerFacts& facts = producers_[producer.value()].facts;
    if (at(facts.partition).durability == Durability::disk && facts.acks == Acks::all) {
        fail_rule("producer {}: an idempotent producer with acks=all was forgotten by a disk topic",
                  producer.value());
    }
}

void Checker::on_fetched(PartitionNumber number, const FetchedRecords& fetched, const Mark& mark) {
    Partition& partition = at(number);
    // The answer is from before a power loss, which may have taken these records.
    if (partition.durability == Durability::memory && mark.losses != partition.losses) {
        return;
    }
    if (fetched.high_watermark < mark.high_watermark) {
        fail_rule("partition {}: the high watermark fell from {} to {}", number.value(),
                  mark.high_watermark, fetched.high_watermark);
    }
    partition.high_watermark = std::max(partition.high_watermark, fetched.high_watermark);
    Offset expected = fetched.from;
    for (const FetchedRecord& record : fetched.records) {
        if (record.offset != expected) {
            fail_rule("partition {}: a reader got offset {} instead of {}", number.value(),
                      record.offset, expected);
            return;
        }
        if (record.offset >= fetched.high_watermark) {
            fail_rule("partition {}: a reader got offset {}, but the high watermark is {}",
                      number.value(), record.offset, fetched.high_watermark);
        }
        note(number, record.offset, record.value);
        ++expected;
    }
    if (fetched.records.empty() && fetched.from < fetched.high_watermark) {
        fail_rule("partition {}: a reader got nothing at offset {}, but the high watermark is {}",
                  number.value(), fetched.from, fetched.high_watermark);
    }
    read_ += fetched.records.size();
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
    at(number).is_damaged = true;
    ++at(number).damages;
}

void Checker::on_repaired() {
    for (Partition& partition : partitions_) {
        partition.is_damaged = false;
    }
}

void Checker::on_out_of_range(PartitionNumber number, Offset from, const Mark& mark) {
    const Partition& partition = at(number);
    if (partition.durability == Durability::disk || mark.losses == partition.losses) {
        fail_rule(
            "partition {}: offset {} is out of range, but a reader has seen the high watermark {}",
            number.value(), from, mark.high_watermark);
    }
}

void Checker::on_sync_failed(TimePoint when) {
    sync_failed_ = when;
}

void Checker::on_power_loss() {
    sync_failed_.reset();
    for (Partition& partition : partitions_) {
        ++partition.losses;
        if (partition.durability == Durability::memory) {
            partition.high_watermark = Offset(0);
        }
        const auto kept = static_cast<std::size_t>(partition.high_watermark.value());
        partition.records.resize(std::min(partition.records.size(), kept));
    }
    for (Producer& producer : producers_) {
        const Partition& partition = at(producer.facts.partition);
        producer.acknowledged_end = std::min(producer.acknowledged_end, partition.high_watermark);
    }
}

void Checker::on_end() {
    for (std::uint32_t i = 0; i < partitions_.size(); ++i) {
        const PartitionNumber number(i);
        const auto& records = at(number).records;
        const auto missing = std::ranges::find(records, std::string());
        if (missing != records.end()) {
            fail_rule("partition {}: offset {} could not be read at the end", number.value(),
                      missing - records.begin());
        }
        check_order(number);
    }
}

Offset Checker::end_offset(PartitionNumber partition) const {
    const Partition& of = partitions_[partition.value()];
    return std::max(of.high_watermark, Offset(static_cast<std::int64_t>(of.records.size())));
}

void Checker::note(PartitionNumber number, Offset offset, const std::string& value) {
    const auto parsed = parse_value(value);
    if (!parsed || parsed->producer.value() >= producers_.size() ||
        producers_[parsed->producer.value()].facts.partition != number) {
        fail_rule("partition {}: offset {} holds '{}', which nobody sent there", number.value(),
                  offset, name_of(value));
        return;
    }
    if (refused_.contains(value)) {
        fail_rule("partition {}: offset {} holds '{}', which was refused with a definite error",
                  number.value(), offset, name_of(value));
    }
    auto& records = at(number).records;
    const auto index = static_cast<std::size_t>(offset.value());
    if (records.size() <= index) {
        records.resize(index + 1);
    }
    if (!records[index].empty() && records[index] != value) {
        fail_rule("partition {}: offset {} held '{}' and now holds '{}'", number.value(), offset,
                  name_of(records[index]), name_of(value));
    }
    records[index] = value;
}

/// Checks that each value of an idempotent producer is there once, in the order of sending.
void Checker::check_order(PartitionNumber number) {
    std::map<ProducerNumber, std::uint64_t> last;
    for (const std::string& value : at(number).records) {
        const auto parsed = parse_value(value);
        if (!parsed || !producers_[parsed->producer.value()].facts.idempotent) {
            continue;
        }
        const auto [entry, is_first] = last.emplace(parsed->producer, parsed->number);
        if (!is_first && entry->second >= parsed->number) {
            fail_rule("partition {}: '{}' comes after number {} of the same idempotent producer",
                      number.value(), name_of(value), entry->second);
        }
        entry->second = parsed->number;
    }
}

}  // namespace hw::sim
