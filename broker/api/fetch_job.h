#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <vector>

#include "broker/api/guard_visit.h"
#include "broker/api/partition_lookup.h"
#include "broker/net/exchange.h"
#include "protocol/schema/api/fetch.h"
#include "replication/partition/fetch_wait.h"
#include "replication/partition/partition_reader.h"

namespace hw::broker {

/// One Fetch request while it is served: its partitions are read in their order; when they have
/// less than min.bytes and nothing else to tell, the request waits, and reads once more.
///
/// The first batch that is found is given though it is larger than all limits (KIP-74). A request
/// with a replica id is refused as Kafka refuses a replica that a leader does not know, because no
/// leader here knows its followers.
///
/// Kept by its exchange, and lives on its shard: when the connection ends while nothing but the
/// wait is left, both go. Each coroutine of it holds the exchange.
class FetchJob {
public:
    /// `fetch.max.bytes`: records in one answer.
    static constexpr std::int64_t kMaxBytes = std::int64_t{55} * 1024 * 1024;

    FetchJob(ApiServices& services, const ExchangePtr& exchange,
             const schema::FetchRequest& request, replication::IsolationLevel isolation);

    /// The ordered stage: reads, and answers or begins to wait. `job` is what the exchange keeps.
    [[nodiscard]] static Task<> serve(ExchangePtr exchange, FetchJob& job);

private:
    using Request = schema::FetchRequest;
    using Response = schema::FetchResponse;
    using ReadResult = std::expected<replication::FetchAnswer, replication::PartitionError>;

    /// A partition that is read. What was read stands here until the answer is sent.
    struct Read {
        ReplicaPtr replica;
        const Request::Partition* asked = nullptr;
        std::size_t answer = 0;  ///< index into answers_
        Buffer bytes;
        ByteView records;              ///< the bytes, as the answer points to them
        std::uint64_t seen_bytes = 0;  ///< readable bytes when it was read
        std::uint64_t room = 0;        ///< bytes that the partition's limit would still allow
    };

    [[nodiscard]] static Task<> read_again(ExchangePtr exchange, FetchJob& job);
    [[nodiscard]] Task<> read_all();
    [[nodiscard]] Task<> watch_all();

    [[nodiscard]] FoundTopic find(const Request::Topic& topic) const;
    void resolve(const FoundTopic& topic, const Request::Partition& asked);
    [[nodiscard]] std::expected<const HostedPartition*, replication::PartitionError> find_partition(
        const FoundTopic& topic, const Request::Partition& asked) const;
    void refuse(std::size_t answer, wire::ErrorCode code);

    void forget_reads();
    [[nodiscard]] bool begin_read(Read& read);
    void end_read(Read& read);
    void take(Read& read, replication::FetchAnswer found);
    [[nodiscard]] replication::FetchRead next_read(const Read& read) const;

    /// False when the request is to be answered now.
    [[nodiscard]] bool begin_wait();
    [[nodiscard]] bool begin_watch(const Read& read);
    void answer();

    ApiServices& services_;
    std::weak_ptr<Exchange> exchange_;
    const RequestContext& who_;  ///< of the exchange, which outlives this
    const Request& request_;
    ApiVersion version_;
    replication::IsolationLevel isolation_;
    std::int64_t limit_;  ///< bytes of records in the answer
    TimePoint deadline_;
    std::vector<Response::Partition> answers_;  ///< of all topics, in the order of the request
    std::vector<Read> reads_;
    GuardVisit visit_;
    ReadResult result_;         ///< of the visit
    std::int64_t found_ = 0;    ///< bytes of records
    bool has_to_tell_ = false;  ///< an error, or where logs diverge
    replication::WaitHandle<replication::FetchWait> wait_;
};

}  // namespace hw::broker
