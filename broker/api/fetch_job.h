#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <tuple>
#include <vector>

#include <boost/container/small_vector.hpp>

#include "broker/api/partition_lookup.h"
#include "broker/api/session_fetch.h"
#include "broker/net/exchange.h"
#include "broker/replicas/guard_visit.h"
#include "broker/replicas/read_places.h"
#include "protocol/schema/api/fetch.h"
#include "replication/partition/delayed_fetch.h"
#include "replication/partition/partition_reader.h"

namespace hw::broker {

/// One Fetch request in progress. It reads its partitions in order. If they have less than
/// min.bytes and nothing else to report, the request is delayed, and then reads once more.
///
/// The first batch found is returned even if it is larger than all limits (KIP-74).
///
/// A follower reads to the log end, and its request acknowledges what is below its offsets. Such a
/// request is served only on the listener of the brokers, and only with the epoch of the broker's
/// registration (KIP-903). A follower may send a second request while one waits for records.
/// Answers keep the order of the requests, so when the second has its answer, the first is
/// answered, too. One that names the high watermark that its own readers see is answered soon
/// after the leader's has moved.
///
/// A partition that is named several times is answered once, at the position of its first mention,
/// with the parameters of its last mention, as in Kafka.
///
/// A read is planned in the guard of its partition. The records are read outside of it: on this
/// shard if they are in memory, else on the threads of the data directory, so that old records
/// delay neither the shard nor the producers of the partition.
///
/// Memory for the records is reserved before they are read; when there is less, less is read.
///
/// Owned by its exchange; used on its shard. Its coroutines hold the exchange. During the wait only
/// the connection holds it, so the end of the connection frees both.
class FetchJob {
public:
    /// The reads of one connection.
    struct ConnectionReads final : ConnectionState {
        explicit ConnectionReads(ReadPlaces& places) : reader(places) {}

        ReadPlaces::Reader reader;
        /// A follower's requests that wait, in their order.
        std::vector<std::weak_ptr<replication::DelayedFetch>> waits;
    };

    /// `fetch.max.bytes`: maximum bytes of records in one answer.
    static constexpr std::int64_t kMaxBytes = std::int64_t{55} * 1024 * 1024;
    /// Bytes taken for each topic and each partition of a request, for this object and the answer.
    /// None are taken for a request with one partition.
    static constexpr std::size_t kBytesPerItem = 512;

    FetchJob(ApiServices& services, const ExchangePtr& exchange,
             const schema::FetchRequest& request, replication::IsolationLevel isolation);

    /// The answer may name a follower in the rack of the consumer.
    void offer_followers();
    /// The request continues a session, or begins one.
    void use_session(std::unique_ptr<SessionFetch> session) { session_ = std::move(session); }
    [[nodiscard]] bool is_of_follower() const { return follower_ > kNoBroker; }
    /// Whether the sender may be one.
    [[nodiscard]] bool may_follow() const;
    /// The ordered part: reads, then answers or begins to wait. The exchange owns `job`.
    [[nodiscard]] static Task<> serve(ExchangePtr exchange, FetchJob& job);

private:
    using Request = schema::FetchRequest;
    using Response = schema::FetchResponse;
    using PlanResult = std::expected<replication::FetchPlan, wire::Refusal>;

    /// A partition to read. Keeps the bytes that were read until the answer is sent.
    struct Read {
        ReplicaPtr replica;
        const Request::Partition* asked = nullptr;
        std::size_t answer = 0;         ///< index into answers_
        std::uint32_t batch_bytes = 0;  ///< max.message.bytes of the topic
        Buffer bytes;
        ByteView records;                           ///< view of `bytes`; the answer points to it
        std::uint64_t seen_bytes = 0;               ///< bytes in its scope when it was read
        LeaderEpoch leader_epoch = kNoLeaderEpoch;  ///< likewise
        std::uint64_t room = 0;                     ///< bytes left of the partition's limit
    };

    /// One mention of a partition in the request.
    struct PartitionMention {
        const Request::Topic* topic = nullptr;
        const Request::Partition* asked = nullptr;
        std::size_t place = 0;  ///< number in the request, from 0 over all topics

        /// Sorts the mentions of one partition next to each other, in the order of the request.
        [[nodiscard]] auto key() const {
            return std::tuple(topic->topic, topic->topic_id, asked->partition);
        }
        bool operator<(const PartitionMention& other) const {
            return std::tuple(key(), place) < std::tuple(other.key(), other.place);
        }
    };
    /// A change to one mention of a partition that is named several times.
    struct RepeatedMention {
        std::size_t place = 0;
        const Request::Partition* asked = nullptr;  ///< used instead; null: the mention is skipped
    };

    [[nodiscard]] static Task<> read_again(ExchangePtr exchange, FetchJob& job);
    /// Prepares what is read. False when the request has ended already.
    [[nodiscard]] Task<bool> prepare(ExchangePtr exchange);
    [[nodiscard]] Task<bool> prepare_session(ExchangePtr exchange);
    [[nodiscard]] Task<> find_repeated();
    [[nodiscard]] Task<> resolve_all();
    [[nodiscard]] Task<> read_all();
    [[nodiscard]] Task<> watch_all();

    [[nodiscard]] FoundTopic find(const Request::Topic& topic) const;
    /// Resolves the next partitions; false when it must be called again.
    [[nodiscard]] bool resolve_some();
    void resolve(const FoundTopic& topic, const Request::Partition& asked);
    [[nodiscard]] std::expected<const HostedPartition*, wire::Refusal> find_partition(
        const FoundTopic& topic, const Request::Partition& asked) const;
    void refuse(std::size_t answer, wire::ErrorCode code);
    /// Whether the request may be that of a follower. Codes: CLUSTER_AUTHORIZATION_FAILED,
    /// UNKNOWN_LEADER_EPOCH and NOT_LEADER_OR_FOLLOWER as Kafka has them.
    [[nodiscard]] std::expected<void, wire::Refusal> check_follower(
        const Request::Partition& asked) const;
    /// Whether it takes an answer of a follower.
    [[nodiscard]] bool reads_anywhere() const;
    /// Whether it may join an ISR now.
    void look_at_follower();
    void plan(replication::PartitionReplica& replica, const Request::Partition& asked,
              const replication::FetchRead& wanted);
    void note_wait() const;
    /// Answers the follower's requests that were sent before this one and wait.
    void end_earlier_waits() const;

    void forget_reads();
    /// Sets `allowed_` from the memory that is free now.
    void choose_limit();
    /// Takes memory for the next read; false when there is not enough.
    [[nodiscard]] bool take_memory(const Read& read);
    [[nodiscard]] Task<> wait_for_memory(const Read& read);
    /// Takes the place of this connection in the partition into `cursor_`.
    void take_place(const Read& read);
    /// Plans a read in the guard of the partition, into `plan_`. False when the guard is full.
    [[nodiscard]] bool begin_plan(Read& read);
    /// Runs the plan from memory, on this shard. False when it would have to wait for the disk, or
    /// when it has failed.
    [[nodiscard]] bool read_cached();
    /// Runs the plan on the threads of the data directory. If it fails, takes the refusal from the
    /// partition.
    [[nodiscard]] Task<> read_slowly(Read& read);
    /// The state of this connection's reads; nullptr if the connection has ended.
    [[nodiscard]] ConnectionReads* connection_reads() const;
    void end_read(Read& read);
    /// Bytes to count as read from disk: the bytes returned. If none are returned although the
    /// partition has records, the `wanted` bytes: they were read and dropped, because the first
    /// batch is larger than the space that is left.
    [[nodiscard]] std::size_t bytes_read(const Read& read, std::size_t wanted) const;
    void take(Read& read, Buffer bytes);
    [[nodiscard]] replication::FetchRead next_read(const Read& read) const;

    /// Begins the wait. False when the request must be answered now.
    [[nodiscard]] bool begin_wait();
    [[nodiscard]] bool begin_watch(const Read& read);
    void answer();

    ApiServices& services_;
    std::weak_ptr<Exchange> exchange_;
    const RequestContext& who_;              ///< of the exchange, which outlives this
    Reservation& memory_;                    ///< likewise
    Request request_;                        ///< in a session: with all its partitions
    std::unique_ptr<SessionFetch> session_;  ///< null: there is none
    ApiVersion version_;
    replication::IsolationLevel isolation_;
    std::vector<BrokerId> rack_;                      ///< the brokers of the consumer's rack
    BrokerId follower_;                               ///< -1: a consumer
    BrokerEpoch follower_epoch_;                      ///< of its registration; -1 in old versions
    std::int64_t limit_;                              ///< bytes of records in the answer
    std::int64_t allowed_ = 0;                        ///< part of limit_ that memory allows
    std::size_t taken_ = 0;                           ///< bytes of memory for the next read
    std::size_t partitions_;                          ///< that the request names
    std::vector<RepeatedMention> repeated_mentions_;  ///< sorted by place
    std::size_t next_repeated_ = 0;
    std::size_t next_place_ = 0;
    std::size_t next_topic_ = 0;                                    ///< to be resolved
    std::size_t next_partition_ = 0;                                ///< of that topic
    boost::container::small_vector<std::size_t, 1> topic_answers_;  ///< number of answers per topic
    TimePoint deadline_;
    std::vector<Response::Partition> answers_;  ///< of all topics, in the order of the request
    std::vector<Read> reads_;
    GuardVisit visit_;
    storage::ReadCursor cursor_;                 ///< for the next plan
    Offset log_start_offset_ = kNoOffset;        ///< if the plan is out of a follower's range
    PlanResult plan_;                            ///< of the visit
    Result<storage::ReadAnswer> found_records_;  ///< of the plan
    std::int64_t found_ = 0;                     ///< bytes of records
    bool follower_may_join_ = false;             ///< the ISR: it is unfenced and not stopping
    bool must_answer_now_ = false;               ///< an error, a diverging epoch, another replica
    bool has_watermark_ = false;                 ///< that a follower asks for, see FetchPosition
    bool has_no_memory_ = false;                 ///< there is no memory for records
    replication::WaitHandle<replication::DelayedFetch> wait_;
};

}  // namespace hw::broker
