#pragma once

#include <string>

#include "broker/net/dispatcher.h"
#include "protocol/base/clock.h"
#include "protocol/schema/api/fetch.h"
#include "replication/raft/raft_node.h"

namespace hw::broker {

/// Handles Fetch on a controller's listener: voters and observers copy the metadata log from its
/// leader (KIP-595). They get all written records, committed or not, and the high watermark; with
/// nothing new they wait. The memory of the answers is limited, as for a Fetch on a broker: without
/// memory the answer has no records. Fetch sessions are not supported: session id 0 gets full
/// answers. A version below 12, which cannot say where logs diverge, gets UNSUPPORTED_VERSION.
///
/// Used on the control shard, with the raft node. A waiting Fetch holds up later requests of its
/// connection, so a replica uses a separate connection for it.
class QuorumFetchHandler final : public MessageHandler<schema::FetchRequest> {
public:
    QuorumFetchHandler(replication::RaftNode& raft, Shard& shard, const Clock& clock,
                       std::string cluster_id)
        : raft_(raft), shard_(shard), clock_(clock), cluster_id_(std::move(cluster_id)) {}

protected:
    [[nodiscard]] Task<> serve(ExchangePtr exchange, const schema::FetchRequest& request) override;

private:
    using Response = schema::FetchResponse;

    /// The longest wait, whatever the request says.
    static constexpr Millis kMaxWait{30'000};
    /// Maximum bytes of one answer; only the first batch may be larger.
    static constexpr std::int32_t kMaxBytes = 8 << 20;

    [[nodiscard]] wire::ErrorCode check(const schema::FetchRequest& request,
                                        ApiVersion version) const;
    /// Takes memory for records, and returns how much. 0: there was none until `deadline`.
    [[nodiscard]] Task<std::size_t> take_memory(Exchange& exchange,
                                                const schema::FetchRequest& request,
                                                TimePoint deadline) const;
    /// `room`: memory that was taken for records.
    void answer(Exchange& exchange, const schema::FetchRequest& request,
                const replication::FetchVerdict& verdict, std::size_t room);
    /// Reads `room` bytes or the first batch, and completes `partition`. The exchange owns the
    /// bytes.
    [[nodiscard]] ByteView read(Exchange& exchange, const schema::FetchRequest& request,
                                Response::Partition& partition, std::size_t room);

    replication::RaftNode& raft_;
    Shard& shard_;
    const Clock& clock_;
    std::string cluster_id_;
    storage::ReadCursor cursor_;
};

}  // namespace hw::broker
