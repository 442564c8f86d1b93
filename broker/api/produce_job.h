#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include <boost/container/small_vector.hpp>

#include "broker/api/partition_lookup.h"
#include "broker/net/exchange.h"
#include "broker/net/long_loop.h"
#include "protocol/record/produce_validator.h"
#include "protocol/record/record_scanner.h"
#include "protocol/schema/api/produce.h"
#include "replication/partition/delayed_produce.h"

namespace hw::broker {

/// One Produce request in progress: checks its batches, appends them, waits for the outcomes, and
/// answers.
///
/// If a partition is named twice, both batches are appended, in order, and both are answered; Kafka
/// appends only the last one. Transactions are refused.
///
/// Owned by its exchange, which the wait keeps alive until all writes have ended. Used on the
/// exchange's shard. The end of the connection does not end the wait.
class ProduceJob {
public:
    ProduceJob(ApiServices& services, const ExchangePtr& exchange,
               const schema::ProduceRequest& request);

    /// Bytes taken for each topic and each partition of a request, for this object, the waits and
    /// the answer. None are taken for a request with one partition. The text of refusals is counted
    /// separately.
    static constexpr std::size_t kBytesPerItem = 512;
    [[nodiscard]] static std::size_t partitions_of(const schema::ProduceRequest& request);

    /// Checks the next batches; those that pass become appends. False when it must be called again,
    /// after other work had its turn.
    /// `loop` counts the work of all requests of the shard, since the requests of a connection can
    /// follow each other in one turn.
    /// Each call checks at least one batch if `must_progress`, so that others cannot keep the
    /// request waiting for ever.
    [[nodiscard]] bool check(record::RecordScanner& scanner, LongLoop& loop, bool must_progress);
    /// Begins to wait for the appends, or answers if there are none.
    void begin_wait();
    [[nodiscard]] std::size_t appends() const { return appends_.size(); }
    /// Enters the partition of append `index`; does nothing when the request is answered already.
    /// False when its guard is full: call it again later.
    [[nodiscard]] bool begin_append(std::size_t index);

private:
    using Request = schema::ProduceRequest;
    using Response = schema::ProduceResponse;

    /// A batch that passed its checks. It holds its replica, because the request may wait before it
    /// enters the guard.
    struct CheckedBatch {
        ReplicaPtr replica;
        MutableBytes batch;
        std::optional<Timestamp> append_time;
        std::size_t answer = 0;  ///< index into answers_
    };
    struct RefusedPartition {
        std::size_t answer = 0;
        record::ProduceError error;
        std::vector<Response::RecordError> records;  ///< those of `error`, in the response's type
    };

    [[nodiscard]] FoundTopic find(const Request::Topic& topic) const;
    void check_next(const FoundTopic& topic, const Request::Partition& partition,
                    record::RecordScanner& scanner);
    /// The error of all partitions, if the whole request is refused.
    [[nodiscard]] std::optional<record::ProduceError> refusal_of_all() const;
    [[nodiscard]] std::expected<CheckedBatch, record::ProduceError> check_partition(
        const FoundTopic& topic, const Request::Partition& partition,
        record::RecordScanner& scanner);
    [[nodiscard]] std::expected<CheckedBatch, record::ProduceError> check_batch(
        const HostedPartition& hosted, ByteView records, record::RecordScanner& scanner);
    void refuse(std::size_t answer, record::ProduceError error);
    void refuse_appends(const record::ProduceError& error);
    void on_wait_end();
    void take_outcomes();
    void finish();
    void finish_without_answer();
    void explain(RefusedPartition& refusal);
    void answer();
    [[nodiscard]] static Task<> answer_in_turns(ExchangePtr exchange, ProduceJob& job);

    ApiServices& services_;
    std::weak_ptr<Exchange> exchange_;
    const RequestContext& who_;  ///< of the exchange, which outlives this
    const Request& request_;
    ApiVersion version_;
    Timestamp now_;
    template <class T>
    using FewOf = boost::container::small_vector<T, 1>;

    FewOf<Response::Partition> answers_;  ///< of all topics, in the order of the request
    FewOf<CheckedBatch> appends_;
    std::vector<RefusedPartition> refusals_;
    std::optional<record::ProduceError> refusal_of_all_;
    std::size_t next_topic_ = 0;      ///< to be checked
    std::size_t next_partition_ = 0;  ///< of that topic
    replication::WaitHandle<replication::DelayedProduce> wait_;
    std::uint64_t checked_bytes_ = 0;  ///< of all batches, uncompressed
    bool finished_ = false;
};

}  // namespace hw::broker
