#include "tools/cli/consumer.h"

#include <algorithm>

#include <fmt/format.h>

#include "protocol/record/batch_cursor.h"

namespace hw::cli {

Result<void> Consumer::start(const std::vector<PartitionIndex>& partitions) {
    for (const PartitionIndex partition : partitions) {
        const auto part = start_of(partition);
        if (!part) {
            parts_.clear();
            return std::unexpected(part.error());
        }
        parts_.push_back(*part);
    }
    drop_finished();
    return {};
}

Result<Consumer::Part> Consumer::start_of(PartitionIndex partition) {
    const client::PartitionName name{options_.topic, partition};
    const auto end_offset = client::offset_at(*client_, name, client::kLogEnd);
    if (!end_offset) {
        return std::unexpected(end_offset.error());
    }
    if (const auto* time = std::get_if<Timestamp>(&options_.start)) {
        const auto found = client::offset_at(*client_, name, *time);
        if (!found) {
            return std::unexpected(found.error());
        }
        return Part{{partition, *found}, *end_offset};
    }
    const Offset wanted = std::get<Offset>(options_.start);
    const auto start_offset = client::offset_at(*client_, name, client::kLogStart);
    if (!start_offset) {
        return std::unexpected(start_offset.error());
    }
    if (wanted < *start_offset || wanted > *end_offset) {
        return fail(ErrorKind::limit,
                    "offset {} is outside of partition {}, which starts at {} and ends at {}; try "
                    "--from beginning",
                    wanted, client::to_string(name), *start_offset, *end_offset);
    }
    return Part{{partition, wanted}, *end_offset};
}

std::vector<client::Position> Consumer::positions() const {
    std::vector<client::Position> positions;
    std::ranges::transform(parts_, std::back_inserter(positions), &Part::position);
    return positions;
}

Result<void> Consumer::poll() {
    const auto answers = client::fetch(*client_, options_.topic, positions(), kMaxWait);
    if (!answers) {
        return std::unexpected(answers.error());
    }
    for (const client::FetchAnswer& answer : *answers) {
        if (const auto done = read_answer(answer.message); !done) {
            return done;
        }
    }
    drop_finished();
    return {};
}

Result<void> Consumer::read_answer(const schema::FetchResponse& response) {
    for (const auto& topic : response.responses) {
        for (const auto& partition : topic.partitions) {
            if (const auto done = read(partition); !done) {
                return done;
            }
        }
    }
    return {};
}

Result<void> Consumer::read(const schema::FetchResponse::Partition& partition) {
    const auto part = std::ranges::find(parts_, partition.partition_index,
                                        [](const Part& each) { return each.position.partition; });
    if (part == parts_.end()) {
        return fail(ErrorKind::corrupt, "the broker sent partition {}, which was not asked for",
                    partition.partition_index);
    }
    for (const ByteView slice : partition.records) {
        record::BatchCursor batches(slice);
        while (const auto batch = batches.next()) {
            if (const auto done = read_batch(*batch, *part); !done) {
                const client::PartitionName name{options_.topic, partition.partition_index};
                return fail(done.error().kind, "partition {}, batch at offset {}: {}",
                            client::to_string(name), batch->base_offset(), done.error().message);
            }
        }
        // The last batch may be cut where the answer was full; it is fetched again.
        if (batches.end() == record::BatchesEnd::bad) {
            return batches.status();
        }
    }
    return {};
}

Result<void> Consumer::read_batch(const record::BatchView& batch, Part& part) {
    if (!batch.crc_matches()) {
        return fail(ErrorKind::corrupt, "its CRC should be {} and is {}", batch.crc(),
                    batch.computed_crc());
    }
    const auto codec = batch.codec();
    if (!codec) {
        return fail(ErrorKind::unsupported, "no codec has the number {}", batch.codec_number());
    }
    if (!batch.is_control()) {
        Buffer plain;
        if (*codec != record::Codec::none) {
            auto decompressed = decompressor_.decompress(*codec, batch.records());
            if (!decompressed) {
                return std::unexpected(decompressed.error());
            }
            plain = std::move(*decompressed);
        }
        record::RecordCursor records(
            batch, *codec == record::Codec::none ? batch.records() : plain.view());
        hand_on(records, part);
        if (const auto status = records.status(); left() > 0 && !status) {
            return status;
        }
    }
    part.position.next_offset = batch.last_offset() + 1;
    return {};
}

void Consumer::hand_on(record::RecordCursor& records, Part& part) {
    while (left() > 0) {
        const auto record = records.next();
        if (!record) {
            return;
        }
        const bool is_wanted = record->offset >= part.position.next_offset &&
                               (options_.at_end == AtEnd::wait || record->offset < part.end_offset);
        if (is_wanted) {
            handler_(part.position.partition, *record);
            ++handed_on_;
        }
    }
}

void Consumer::drop_finished() {
    if (options_.at_end == AtEnd::stop) {
        std::erase_if(
            parts_, [](const Part& part) { return part.position.next_offset >= part.end_offset; });
    }
}

}  // namespace hw::cli
