#include "tools/client/partition_io.h"

#include <array>
#include <bit>
#include <cstring>

#include <fmt/format.h>

#include "protocol/schema/api/list_offsets.h"
#include "protocol/schema/api/produce.h"
#include "tools/client/words.h"

namespace hw::client {
namespace {

constexpr std::uint32_t kMurmurSeed = 0x9747b28c;
constexpr std::uint32_t kMurmurMultiplier = 0x5bd1e995;
constexpr std::size_t kMurmurWord = sizeof(std::uint32_t);

std::uint32_t load_little_endian(const std::byte* from, std::size_t size) {
    static_assert(std::endian::native == std::endian::little);
    std::uint32_t value = 0;
    std::memcpy(&value, from, size);
    return value;
}

constexpr std::int32_t kPartitionBytes = 1024 * 1024;
constexpr std::int32_t kFetchBytes = 50 * 1024 * 1024;

Millis in_wire_form(Milliseconds duration) {
    return Millis(static_cast<std::int32_t>(duration.count()));
}

/// The leader was just looked up, so an unknown partition means that this broker has not caught up
/// with the metadata yet: busy.
Error leader_error(wire::ErrorCode code, const PartitionName& name, std::string_view message = {}) {
    Error error = error_of(code, "partition " + to_string(name), message);
    if (error.kind == ErrorKind::not_found) {
        error.kind = ErrorKind::busy;
    }
    return error;
}

Error not_described(const PartitionName& name) {
    return {ErrorKind::corrupt,
            fmt::format("partition {}: the broker's answer does not contain it", to_string(name))};
}

Result<std::optional<Offset>> base_offset(const schema::ProduceResponse& response,
                                          const PartitionName& name) {
    if (response.responses.empty() || response.responses[0].partition_responses.empty()) {
        return std::unexpected(not_described(name));
    }
    const auto& partition = response.responses[0].partition_responses[0];
    if (partition.error_code != wire::ErrorCode::none) {
        return std::unexpected(leader_error(partition.error_code, name, partition.error_message));
    }
    return partition.base_offset;
}

/// For what is done before the request is sent: a lost connection means that it was not sent.
template <class T>
Result<T> before_sending(Result<T> result) {
    if (!result && result.error().kind == ErrorKind::closed) {
        result.error().kind = ErrorKind::not_sent;
    }
    return result;
}

Result<std::optional<Offset>> try_produce(Client& client, const PartitionName& name, Acks acks,
                                          ByteView batch, const Deadline& deadline) {
    HW_TRY(leader, before_sending(client.leader(name.topic, name.partition, deadline)));
    HW_TRY(topic, before_sending(client.topic(name.topic, deadline)));
    const std::array slices{batch};
    const std::array partitions{
        schema::ProduceRequest::Partition{.index = name.partition, .records = slices}};
    const std::array topics{schema::ProduceRequest::Topic{
        .name = name.topic, .topic_id = topic.id, .partition_data = partitions}};
    const schema::ProduceRequest request{.acks = static_cast<std::int16_t>(acks),
                                         .timeout_ms = in_wire_form(deadline.left()),
                                         .topic_data = topics};
    if (acks == Acks::none) {
        const auto sent = leader->send(request, deadline);
        return sent ? Result<std::optional<Offset>>(std::nullopt) : std::unexpected(sent.error());
    }
    const auto answer = leader->call<schema::ProduceResponse>(request, deadline);
    if (!answer) {
        return fail(answer.error().kind, "{}; it is unknown whether the last batch was appended",
                    answer.error().message);
    }
    return base_offset(**answer, name);
}

Result<Offset> try_offset_at(Client& client, const PartitionName& name, Timestamp time,
                             const Deadline& deadline) {
    HW_TRY(leader, client.leader(name.topic, name.partition, deadline));
    const std::array partitions{schema::ListOffsetsRequest::Partition{
        .partition_index = name.partition, .timestamp = time}};
    const std::array topics{
        schema::ListOffsetsRequest::Topic{.name = name.topic, .partitions = partitions}};
    const schema::ListOffsetsRequest request{
        .replica_id = kNoBroker, .topics = topics, .timeout_ms = in_wire_form(deadline.left())};
    HW_TRY(answer, leader->call<schema::ListOffsetsResponse>(request, deadline));
    if (answer->topics.empty() || answer->topics[0].partitions.empty()) {
        return std::unexpected(not_described(name));
    }
    const auto& partition = answer->topics[0].partitions[0];
    if (partition.error_code != wire::ErrorCode::none) {
        return std::unexpected(leader_error(partition.error_code, name));
    }
    return partition.offset;
}

using FetchPartitions = std::vector<schema::FetchRequest::Partition>;

/// One fetch for several positions, sent to one leader.
struct LeaderFetch {
    BrokerConnection* leader;
    FetchPartitions partitions;
};

Result<std::vector<LeaderFetch>> plan(Client& client, const std::string& topic,
                                      std::span<const Position> positions,
                                      const Deadline& deadline) {
    std::vector<LeaderFetch> fetches;
    for (const Position& position : positions) {
        const auto leader = client.leader(topic, position.partition, deadline);
        if (!leader) {
            return std::unexpected(leader.error());
        }
        auto to_leader = std::ranges::find(fetches, *leader, &LeaderFetch::leader);
        if (to_leader == fetches.end()) {
            to_leader = fetches.insert(fetches.end(), {*leader, {}});
        }
        to_leader->partitions.push_back({.partition = position.partition,
                                         .fetch_offset = position.next_offset,
                                         .partition_max_bytes = kPartitionBytes});
    }
    return fetches;
}

Result<void> check(const schema::FetchResponse& response, const std::string& topic) {
    if (response.error_code != wire::ErrorCode::none) {
        return std::unexpected(error_of(response.error_code, "fetch from topic '" + topic + "'"));
    }
    for (const auto& answered : response.responses) {
        for (const auto& partition : answered.partitions) {
            if (partition.error_code != wire::ErrorCode::none) {
                const PartitionName name{topic, partition.partition_index};
                return std::unexpected(leader_error(partition.error_code, name));
            }
        }
    }
    return {};
}

Result<std::vector<FetchAnswer>> try_fetch(Client& client, const std::string& topic,
                                           std::span<const Position> positions,
                                           Milliseconds max_wait, const Deadline& deadline) {
    HW_TRY(fetches, plan(client, topic, positions, deadline));
    HW_TRY(view, client.topic(topic, deadline));
    std::vector<FetchAnswer> answers;
    for (const auto& [leader, partitions] : fetches) {
        const std::array topics{schema::FetchRequest::Topic{
            .topic = topic, .topic_id = view.id, .partitions = partitions}};
        const auto leaders = static_cast<std::int32_t>(fetches.size());
        const schema::FetchRequest request{.max_wait_ms = in_wire_form(max_wait / leaders),
                                           .min_bytes = 1,
                                           .max_bytes = kFetchBytes,
                                           .topics = topics};
        HW_TRY(answer, leader->call<schema::FetchResponse>(request, deadline));
        HW_TRY_VOID(check(*answer, topic));
        answers.push_back(std::move(answer));
    }
    return answers;
}

}  // namespace

std::string to_string(const PartitionName& name) {
    return fmt::format("{}-{}", name.topic, name.partition);
}

Result<std::optional<Offset>> produce(Client& client, const PartitionName& name, Acks acks,
                                      ByteView batch) {
    return client.retried(Retry::refused, [&](const Deadline& deadline) {
        return try_produce(client, name, acks, batch, deadline);
    });
}

Result<Offset> offset_at(Client& client, const PartitionName& name, Timestamp time) {
    const auto found = client.retried(Retry::any, [&](const Deadline& deadline) {
        return try_offset_at(client, name, time, deadline);
    });
    if (found && *found == kNoOffset && time != kLogEnd) {
        return offset_at(client, name, kLogEnd);
    }
    return found;
}

Result<std::vector<FetchAnswer>> fetch(Client& client, const std::string& topic,
                                       std::span<const Position> positions, Milliseconds max_wait) {
    return client.retried(Retry::any, [&](const Deadline& deadline) {
        return try_fetch(client, topic, positions, max_wait, deadline);
    });
}

std::uint32_t murmur2(ByteView bytes) {
    std::uint32_t hash = kMurmurSeed ^ static_cast<std::uint32_t>(bytes.size());
    for (; bytes.size() >= kMurmurWord; bytes = bytes.subspan(kMurmurWord)) {
        std::uint32_t word = load_little_endian(bytes.data(), kMurmurWord) * kMurmurMultiplier;
        word = (word ^ (word >> 24)) * kMurmurMultiplier;
        hash = (hash * kMurmurMultiplier) ^ word;
    }
    if (!bytes.empty()) {
        hash = (hash ^ load_little_endian(bytes.data(), bytes.size())) * kMurmurMultiplier;
    }
    hash = (hash ^ (hash >> 13)) * kMurmurMultiplier;
    return hash ^ (hash >> 15);
}

PartitionIndex partition_of_key(ByteView key, std::int32_t partition_count) {
    const auto positive = static_cast<std::int32_t>(murmur2(key) & 0x7fffffffU);
    return PartitionIndex(positive % partition_count);
}

}  // namespace hw::client
