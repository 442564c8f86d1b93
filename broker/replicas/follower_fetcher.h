#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "broker/net/rate_limited_log.h"
#include "broker/replicas/hosted_replica.h"
#include "protocol/base/clock.h"
#include "protocol/base/shard.h"
#include "protocol/schema/api/fetch.h"
#include "protocol/wire/decoded_message.h"
#include "replication/fetch/fetch_session_reader.h"
#include "replication/peer/peer_client.h"

namespace hw::broker {

/// How a follower fetches.
struct FetcherOptions {
    BrokerId self;
    std::int32_t partition_max_bytes = 1024 * 1024;      ///< replica.fetch.max.bytes
    std::int32_t response_max_bytes = 10 * 1024 * 1024;  ///< replica.fetch.response.max.bytes
    std::chrono::milliseconds max_wait{500};             ///< replica.fetch.wait.max.ms
    std::chrono::milliseconds answer_limit{30'000};      ///< replica.socket.timeout.ms
};

/// Fetches from one broker, for the replicas of one data directory that follow it.
///
/// A request names the replicas that may fetch now. A replica that must wait, for example for the
/// sync of what it got, is left out, and comes back by `add`. Since the replicas of a directory are
/// synced together, a request waits for those that were in the answer before, at most kPatience.
/// A replica with an error is paused alone.
///
/// One request *rests* at the leader until there are records. For replicas that come meanwhile a
/// second one is sent at once, which does not rest. Its answer ends the rest of the first, and then
/// all of them are asked for in one request. So nobody waits for the rest of others, and when there
/// are no records, one request rests.
///
/// The requests that rest form a fetch session: each names only the replicas whose position has
/// changed, and those that are not in it any more. The second one is not part of the session, which
/// allows one request at a time.
///
/// Lives on one data shard; used there only. `stop` must have ended before it is destroyed.
class FollowerFetcher {
public:
    struct Ports {
        Shard& shard;
        const Clock& clock;
        Logger log;
        replication::PeerClient& leader;
        /// The epoch of this broker's registration.
        std::function<BrokerEpoch()> broker_epoch;
    };

    FollowerFetcher(Ports ports, BrokerId leader, const FetcherOptions& options);
    FollowerFetcher(const FollowerFetcher&) = delete;
    FollowerFetcher& operator=(const FollowerFetcher&) = delete;

    void start() { tasks_.spawn(run()); }
    /// The replica may fetch now.
    void add(ReplicaPtr replica);
    /// Begins no further fetch.
    void begin_stop();
    /// Waits for the fetches under way. Call after the peer has been disconnected for good.
    [[nodiscard]] Task<> stop();

private:
    using Key = controller::PartitionKey;
    using Reply = wire::DecodedMessage<schema::FetchResponse>;
    using ReplyPtr = std::shared_ptr<const Reply>;

    static constexpr Duration kPatience = std::chrono::milliseconds(20);
    /// A leader that is short of memory answers without records at once. So no request follows
    /// sooner than this after one that should have rested, if no other one ended its rest.
    static constexpr Duration kShortest = std::chrono::milliseconds(5);
    /// Pauses of a replica after errors: the first, doubled with each further one up to the last.
    static constexpr Duration kFirstPause = std::chrono::milliseconds(5);
    static constexpr Duration kLastPause = std::chrono::milliseconds(500);

    /// A replica on its way: in a request, or before the next one.
    struct Member {
        ReplicaPtr replica;
        replication::FetchPosition position;
        int failures = 0;  ///< since its last good answer
    };
    struct Paused {
        TimePoint until;
        ReplicaPtr replica;
        int failures = 0;
    };
    using Batch = std::map<Key, Member>;
    using NextRequest = replication::FetchSessionReader::NextRequest;
    enum class Rest : std::uint8_t { yes, no };

    [[nodiscard]] Task<> run();
    [[nodiscard]] Task<> admit();
    [[nodiscard]] bool may_send() const;
    [[nodiscard]] TimePoint next_time() const;
    void end_pauses();

    [[nodiscard]] Task<> fetch(Batch batch, Rest rest);
    /// The partitions to name in a request, in order.
    [[nodiscard]] std::vector<replication::FetchSessionReader::Wanted> wanted(
        const Batch& batch) const;
    /// Sends the batch in the session.
    [[nodiscard]] Task<Result<ReplyPtr>> send_in_session(const Batch& batch);
    [[nodiscard]] Task<Result<ReplyPtr>> send_alone(const Batch& batch);
    [[nodiscard]] Task<Result<ReplyPtr>> send(const NextRequest& next,
                                              std::chrono::milliseconds max_wait);
    [[nodiscard]] Task<> take(Batch& batch, ReplyPtr reply);
    /// Takes the members that the response to a request of the session leaves out.
    [[nodiscard]] Task<> take_unchanged(Batch& batch, ReplyPtr reply);
    [[nodiscard]] Task<> take_partition(Member member, replication::FetchedPartition answer,
                                        ReplyPtr reply);
    [[nodiscard]] Task<> give_up(Member member);
    void begin_next(Member member, const std::optional<replication::FetchPosition>& position);
    void pause(Member member);
    void report(const std::string& trouble);

    Ports ports_;
    BrokerId leader_;
    FetcherOptions options_;
    TaskGroup tasks_;
    Signal changed_;
    std::vector<Paused> arrivals_;  ///< ask them for their positions now
    std::vector<Paused> paused_;
    Batch ready_;
    replication::FetchSessionReader session_;  ///< used by the request that may rest
    TimePoint ready_since_{};
    std::map<Key, int> awaited_;  ///< replicas that were told to wait, and their failures
    TimePoint hurried_at_{};      ///< when the last request was sent that may not rest
    bool one_rests_ = false;      ///< a request that may rest is under way
    bool one_hurries_ = false;    ///< one that may not is under way
    /// The last replica that got records. Requests begin behind it, so that the limit of an answer
    /// is not always used up by the same ones.
    Key last_served_;
    RateLimitedLog troubles_;
    std::string last_trouble_;
    bool stopping_ = false;
};

}  // namespace hw::broker
