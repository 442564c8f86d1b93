#pragma once

#include <cstdint>
#include <deque>
#include <variant>
#include <vector>

#include "controller/image/image_loader.h"
#include "controller/ops/heartbeat_tracker.h"
#include "controller/ops/operation.h"
#include "controller/ops/record_batch.h"
#include "controller/ops/results.h"
#include "protocol/base/entropy.h"
#include "protocol/base/ids.h"
#include "protocol/base/result.h"
#include "protocol/base/time.h"
#include "protocol/schema/api/allocate_producer_ids.h"
#include "protocol/schema/api/broker_heartbeat.h"
#include "protocol/schema/api/broker_registration.h"
#include "protocol/schema/api/controller_registration.h"
#include "protocol/schema/api/create_topics.h"
#include "protocol/schema/api/delete_topics.h"

namespace hw::controller {

/// A request as it was decoded; need not outlive the call. Its answer is the alternative of
/// ControllerResponse at the same place.
using ControllerRequest =
    std::variant<schema::BrokerRegistrationRequest, schema::ControllerRegistrationRequest,
                 schema::BrokerHeartbeatRequest, schema::CreateTopicsRequest,
                 schema::DeleteTopicsRequest, schema::AllocateProducerIdsRequest>;

/// Names a request until it is answered; chosen by who asks.
using Ticket = std::uint64_t;

struct Answer {
    Ticket ticket = 0;
    ControllerResponse response;
};

/// One batch for the metadata log, all of it or nothing, that starts at `base_offset`.
struct Append {
    Offset base_offset;
    RecordBatch records;
};

/// What the caller has to do, in the order of the fields.
struct ControllerEffects {
    /// In order. When one cannot be appended just there, nothing after it is, and the caller
    /// resigns and says on_resigned.
    std::vector<Append> appends;
    std::vector<Answer> answers;
};

/// The replicated state machine of the cluster's metadata: what may change, and how.
///
/// Follows the committed log until it is told to lead. Then it decides from what was *appended*,
/// and answers when that is *committed*; what is lost with the leadership it has never answered,
/// and falls back to what is committed. Every request is answered exactly once.
///
/// Does no I/O, reads no clock. Called by one thread at a time; after each call next_deadline()
/// may have changed.
class QuorumController {
public:
    struct Ports {
        Entropy& entropy;
        const TopicConfigs& configs;
    };

    QuorumController(ControllerOptions options, Ports ports, MetadataImage initial);

    /// A committed batch, control batches too, in order; while not leading only. Errors: corrupt;
    /// then this controller must not go on.
    [[nodiscard]] Result<void> on_batch(const MetadataBatch& batch);
    /// This node leads the quorum, and everything before its first batch in `epoch`, with that
    /// batch itself, is committed and was given to on_batch.
    void on_leader(LeaderEpoch epoch, TimePoint now, ControllerEffects& effects);
    /// Leadership is lost or given up: what is waiting is answered with NOT_CONTROLLER.
    void on_resigned(ControllerEffects& effects);

    /// The leader's log ends with `last_offset`, by an append of ours or by a control batch of the
    /// quorum's own, which comes only when all our appends are carried out.
    void on_appended(Offset last_offset);
    /// The leader's log is committed up to `last_offset`.
    void on_committed(Offset last_offset, ControllerEffects& effects);

    /// Answers at once with NOT_CONTROLLER when not leading.
    void handle(const ControllerRequest& request, Ticket ticket, TimePoint now,
                ControllerEffects& effects);
    /// Fences brokers whose session has run out.
    void on_deadline(TimePoint now, ControllerEffects& effects);
    /// When to call on_deadline; kNever when not leading.
    [[nodiscard]] TimePoint next_deadline() const { return heartbeats_.next_deadline(); }

    [[nodiscard]] bool is_leading() const { return leading_; }
    [[nodiscard]] const MetadataImage& committed() const { return *committed_.image(); }
    /// With what is appended and may still be lost; the same as committed() when not leading.
    [[nodiscard]] const MetadataImage& appended() const { return *appended_.image(); }

private:
    /// The state after a batch that is appended and not committed: an entry of the undo log.
    struct Uncommitted {
        Offset last_offset;
        ImageLoader state;
    };
    struct Waiting {
        Offset until;  ///< to be committed before the answer
        Answer answer;
    };

    [[nodiscard]] OperationContext context(TimePoint now) const;
    [[nodiscard]] Offset last_appended() const { return appended_.next_offset() - 1; }
    [[nodiscard]] Offset last_committed() const { return committed_.next_offset() - 1; }
    void append(const RecordBatch& records, TimePoint now, ControllerEffects& effects);
    void load_appended(const MetadataBatch& batch, TimePoint now);
    void follow_broker(BrokerId id, const BrokerImage* before, TimePoint now);
    void note_heartbeat(const schema::BrokerHeartbeatRequest& request,
                        const BrokerHeartbeatResult& result, TimePoint now);

    ControllerOptions options_;
    Ports ports_;
    ImageLoader committed_;
    ImageLoader appended_;
    std::deque<Uncommitted> uncommitted_;
    std::deque<Waiting> waiting_;
    HeartbeatTracker heartbeats_;
    LeaderEpoch epoch_ = kNoLeaderEpoch;
    bool leading_ = false;
};

}  // namespace hw::controller
