#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <optional>

#include "broker/metadata/producer_id_stock.h"
#include "protocol/base/clock.h"
#include "protocol/base/ids.h"
#include "protocol/base/logger.h"
#include "protocol/base/shard.h"
#include "protocol/schema/api/allocate_producer_ids.h"
#include "replication/fetch/peer_client.h"

namespace hw::broker {

/// Who a broker is to the controller, now.
struct BrokerIdentity {
    BrokerId id;
    BrokerEpoch epoch;
};

/// The producer ids of this broker, for all its shards. Blocks of them come from the active
/// controller (KIP-730), the next one before the present one is used up.
///
/// Owned by the node. `take` may be called on any shard, everything else happens on the control
/// shard; `stop` must have ended before it is destroyed.
class ProducerIdPool {
public:
    /// With nothing when no id could be had in time: the client may ask again.
    using Done = std::move_only_function<void(std::optional<ProducerId>)>;
    using Identify = std::function<BrokerIdentity()>;

    /// Takers that wait for a block at a time; those beyond are refused at once.
    static constexpr std::size_t kWaitingMax = 10'000;
    /// How long one waits: longer than the controllers need for another leader, shorter than the
    /// patience of any client.
    static constexpr Duration kPatience = std::chrono::seconds(5);

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

    /// Calls `done` on `home`, the shard it is called on, with an id that nobody else has or had.
    void take(Shard& home, Done done);
    /// Refuses who waits and who comes; nothing is asked of the controller any more.
    void begin_stop();
    /// Begins to stop, and ends when the last request has its answer.
    [[nodiscard]] Task<> stop();

private:
    using Answer = replication::Answer<schema::AllocateProducerIdsResponse>;

    static constexpr Duration kAttempt = std::chrono::seconds(1);
    static constexpr Duration kPause = std::chrono::milliseconds(50);  ///< after a failed one

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
    [[nodiscard]] TimePoint attempt_deadline() const;
    [[nodiscard]] Result<void> add_block(const Result<Answer>& answer);
    /// False when it brought no block.
    [[nodiscard]] bool take_answer(const Result<Answer>& answer);

    Shard& control_;
    const Clock& clock_;
    replication::PeerClient& controller_;
    Identify identify_;
    Logger log_;
    ProducerIdStock stock_;
    std::deque<Taker> takers_;  ///< the one whose deadline is next in front
    bool refilling_ = false;
    bool failing_ = false;  ///< the last attempt brought no block
    bool stopping_ = false;
    Signal stop_;
    TaskGroup tasks_;
};

}  // namespace hw::broker
