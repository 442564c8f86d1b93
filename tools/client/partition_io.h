#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "protocol/base/bytes.h"
#include "protocol/base/ids.h"
#include "protocol/schema/api/fetch.h"
#include "tools/client/client.h"

/// Requests to the leaders of partitions, and the choice of a record's partition.
namespace hw::client {

/// Replicas that must have a batch before the leader answers; the numbers are those on the wire.
enum class Acks : std::int16_t { none = 0, leader = 1, all = -1 };

struct PartitionName {
    std::string topic;
    PartitionIndex partition;

    auto operator<=>(const PartitionName&) const = default;
};

/// "orders-3".
[[nodiscard]] std::string to_string(const PartitionName& name);

/// Appends one batch; returns the offset of its first record, none with Acks::none, which is not
/// answered. Retried only when the broker refused it, or when the leader could not be looked up or
/// connected to. Errors: those of Client::leader; not_sent; closed, timed_out (the batch may have
/// been appended); limit, corrupt, busy and so on, as the broker says.
[[nodiscard]] Result<std::optional<Offset>> produce(Client& client, const PartitionName& name,
                                                    Acks acks, ByteView batch);

/// Timestamps that ListOffsets takes for the two ends of a log.
inline constexpr Timestamp kLogEnd{-1};
inline constexpr Timestamp kLogStart{-2};

/// The offset of the first record at or after a time; the end when there is none. Errors: those of
/// Client::leader and BrokerConnection::call.
[[nodiscard]] Result<Offset> offset_at(Client& client, const PartitionName& name, Timestamp time);

/// The next record to read from a partition.
struct Position {
    PartitionIndex partition;
    Offset next_offset;
};

using FetchAnswer = wire::DecodedMessage<schema::FetchResponse>;

/// Fetches batches from `positions` on, one answer per leader; waits for `max_wait` in total when
/// there are none. Errors: those of Client::leader and BrokerConnection::call; limit (an offset
/// that is out of range), busy, and other errors of the broker for a partition.
[[nodiscard]] Result<std::vector<FetchAnswer>> fetch(Client& client, const std::string& topic,
                                                     std::span<const Position> positions,
                                                     Milliseconds max_wait);

/// MurmurHash2, 32 bits, with the seed of Kafka's Java client.
[[nodiscard]] std::uint32_t murmur2(ByteView bytes);

/// The partition that the Java client chooses for a key; `partition_count` is 1 or more.
[[nodiscard]] PartitionIndex partition_of_key(ByteView key, std::int32_t partition_count);

}  // namespace hw::client
