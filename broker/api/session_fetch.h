#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <span>
#include <vector>

#include "broker/net/exchange.h"
#include "protocol/base/clock.h"
#include "protocol/base/shard.h"
#include "protocol/schema/api/fetch.h"
#include "replication/fetch/fetch_session_cache.h"

namespace hw::broker {

/// The fetch session of one Fetch request (replication/fetch/README.md): which partitions the
/// request reads, and which of their answers are sent. Also for a full request that asks for a new
/// session; this is added to the cache when the request is answered.
///
/// Owned by the job of the request; used on its shard. The cache is not used by the destructor.
class SessionFetch {
public:
    using Request = schema::FetchRequest;
    using Answer = schema::FetchResponse::Partition;
    using Cache = replication::FetchSessionCache;

    /// Memory for each partition and each topic: for this object, and in a full request also for
    /// the session, which the cache does not count yet.
    [[nodiscard]] std::size_t bytes_per_item() const {
        return is_full() ? kBytesPerNewItem : kBytesPerItem;
    }

    /// For a request whose epoch is not kFinalSessionEpoch. Codes: see FetchSessionCache::begin.
    [[nodiscard]] static std::expected<std::unique_ptr<SessionFetch>, wire::ErrorCode> begin(
        Cache& cache, const Request& request, ApiVersion version, Cache::Reader reader);
    SessionFetch(Cache& cache, const Request& request, Cache::SessionPtr session,
                 Cache::Reader reader);
    SessionFetch(const SessionFetch&) = delete;
    SessionFetch& operator=(const SessionFetch&) = delete;
    ~SessionFetch() { end(); }

    /// How many partitions and topics `list` may take memory for.
    [[nodiscard]] std::size_t items() const;
    /// Makes the changes that the request asks for, and lists the partitions of the session. Code:
    /// fetch_session_id_not_found, if the session has become too large.
    [[nodiscard]] Task<wire::ErrorCode> list(Shard& shard, const Clock& clock);
    /// All partitions to be read, in order; each is there once.
    [[nodiscard]] std::span<const Request::Topic> topics() const { return topics_; }
    [[nodiscard]] std::size_t size() const { return listed_.size(); }

    /// Takes the answers to the next topic of the list, all topics in turn. Returns those that the
    /// response must have; they are moved to the front.
    [[nodiscard]] std::span<Answer> select(std::span<Answer> answers);
    /// The session id of the response. Called after all answers were selected; adds a new session
    /// to the cache.
    [[nodiscard]] std::int32_t response_id(TimePoint now);
    /// The response is encoded, so the next request may use the session.
    void end();

private:
    using Listed = replication::FetchSession::Partitions::iterator;
    static constexpr std::size_t kBytesPerItem = 128;
    static constexpr std::size_t kBytesPerNewItem = 512;
    static_assert(sizeof(Request::Partition) + sizeof(Listed) <= kBytesPerItem &&
                  sizeof(Request::Topic) <= kBytesPerItem);

    [[nodiscard]] bool is_full() const { return id_ == replication::kNoFetchSession; }
    [[nodiscard]] Task<> apply(Shard& shard);

    Cache& cache_;
    const Request& request_;
    Cache::SessionPtr session_;
    Cache::Reader reader_;
    std::int32_t id_;  ///< kNoFetchSession: the session is new
    bool is_closed_ = false;
    std::vector<Listed> listed_;
    std::vector<Request::Partition> partitions_;
    std::vector<Request::Topic> topics_;  ///< consecutive partitions of one topic are together
    std::size_t next_ = 0;                ///< of listed_, to be answered
};

}  // namespace hw::broker
