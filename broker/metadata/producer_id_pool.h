#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <optional>

#include "broker/metadata/producer_id_blocks.h"
#include "protocol/base/clock.h"
#include "protocol/base/ids.h"
#include "protocol/base/logger.h"
#include "protocol/base/shard.h"
#include "protocol/schema/api/allocate_producer_ids.h"
#include "replication/peer/peer_client.h"

namespace hw::broker {

/// Id and current epoch of this broker.
struct BrokerIdentity {
    BrokerId id;
    BrokerEpoch epoch;
};

/// Hands out producer ids to all shards of this broker. It gets blocks of ids from the active
/// controller (KIP-730), and asks for the next block before the current one is used up.
///
/// Owned by the node. `take` may be called on any shard; everything else runs on the control shard.
/// `stop` must have ended before it is destroyed.
class ProducerIdPool {
public:
    /// Called with an id, or with nothing if none came in time; then the client may try again.
    using Done = std::move_only_function<void(std::optional<ProducerId>)>;
    using Identify = std::function<BrokerIdentity()>;

    /// Limit of callers that wait for a block; further ones are refused at once.
    static constexpr std::size_t kMaxWaiting = 10'000;
    /// How long a caller waits: longer than a controller election takes, shorter than clients wait.
    static constexpr Duration kMaxWait = std::chrono::seconds(5);
    /// Limit of one request. Callers are refused between requests, so up to this much later.
    static constexpr Duration kAttempt = std::chrono::seconds(1);

    ProducerIdPool(Shard& control, const Clock& clock, replication::PeerClient& controller,
                   Identify identify, Logger log)
        : control_(control),
          clock_(clock),
          controller_(controller),
          identify_(std::move(identify)),
          log_(log),
          tasks_(control) {}
    ProducerIdPool(const ProducerIdPool&) = delete;
    ProducerIdPool& operator=(const ProducerIdPool&) = delete;

    /// Takes an id that is never used again, and calls `done` with it on `home`, the caller's
    /// shard.
    void take(Shard& home, Done done);
    /// Refuses all waiting and later callers, and sends no further request.
    void begin_stop();
    /// Calls begin_stop and waits for the end of the request that is under way.
    [[nodiscard]] Task<> stop();

private:
    using Reply = wire::DecodedMessage<schema::AllocateProducerIdsResponse>;

    static constexpr Duration kPause = std::chrono::milliseconds(50);  ///< after a failed request

    struct Taker {
        Shard* home;
        Done done;
        TimePoint deadline;
    };

    void serve(Taker taker);
    void hand_out();
    void refuse_late();
    static void give(Taker taker, std::optional<ProducerId> id);
    [[nodiscard]] Task<> refill();
    [[nodiscard]] Result<void> add_block(const Result<Reply>& answer);
    /// Adds the block of an answer and serves the waiting callers. False if there was no block.
    [[nodiscard]] bool take_answer(const Result<Reply>& answer);

    Shard& control_;
    const Clock& clock_;
    replication::PeerClient& controller_;
    Identify identify_;
    Logger log_;
    ProducerIdBlocks stock_;
    std::deque<Taker> takers_;  ///< waiting callers, ordered by deadline
    bool refilling_ = false;
    bool failing_ = false;  ///< the newest request brought no block
    bool stopping_ = false;
    Signal stop_;
    TaskGroup tasks_;
};

}  // namespace hw::broker
