#pragma once

#include <algorithm>
#include <cstddef>
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
#include "protocol/schema/api/alter_partition.h"
#include "protocol/schema/api/assign_replicas_to_dirs.h"
#include "protocol/schema/api/broker_heartbeat.h"
#include "protocol/schema/api/broker_registration.h"
#include "protocol/schema/api/controller_registration.h"
#include "protocol/schema/api/create_topics.h"
#include "protocol/schema/api/delete_topics.h"
#include "protocol/schema/api/elect_leaders.h"
#include "protocol/schema/api/incremental_alter_configs.h"
#include "protocol/schema/api/update_features.h"
#include "replication/decision_queue.h"

namespace hw::controller {

/// A decoded request to the controller; must live only during the call. Its answer is the
/// alternative of ControllerResponse at the same index.
using ControllerRequest =
    std::variant<schema::BrokerRegistrationRequest, schema::ControllerRegistrationRequest,
                 schema::BrokerHeartbeatRequest, schema::CreateTopicsRequest,
                 schema::DeleteTopicsRequest, schema::AllocateProducerIdsRequest,
                 schema::AlterPartitionRequest, schema::AssignReplicasToDirsRequest,
                 schema::ElectLeadersRequest, schema::IncrementalAlterConfigsRequest,
                 schema::UpdateFeaturesRequest>;

/// Identifies a request until it is answered; chosen by the caller.
using Ticket = std::uint64_t;

struct ControllerAnswer {
    Ticket ticket = 0;
    ControllerResponse response;
};

/// One batch to append to the metadata log, atomically, at `base_offset`.
struct MetadataAppend {
    Offset base_offset;
    RecordBatch records;
};

/// What the caller has to do, in the order of the fields.
struct ControllerEffects {
    /// Batches to append, in order. If one cannot be appended at its base offset, the caller
    /// appends no further ones, resigns and calls on_resigned.
    std::vector<MetadataAppend> appends;
    std::vector<ControllerAnswer> answers;
    /// Brokers that are fenced because their session has expired.
    std::vector<BrokerId> expired;
};

/// The replicated state machine of the cluster's metadata (KIP-631).
///
/// As a follower it applies the committed log. As the leader it decides requests from the
/// *appended* state, and answers each one when that state is *committed*. When it loses the
/// leadership, it returns to the committed state. The requests that still wait then get
/// REQUEST_TIMED_OUT if they have appended records, because the next leader may keep these, and
/// NOT_CONTROLLER if they have not. Every request is answered exactly once.
///
/// Does no I/O, reads no clock. Called by one thread at a time; after each call next_deadline()
/// may have changed.
class QuorumController {
public:
    struct Ports {
        Entropy& entropy;
        const ConfigRules& configs;
    };

    static constexpr std::size_t kMaxBalanced = 1'000;

    QuorumController(ControllerOptions options, Ports ports, MetadataImage initial);

    /// Applies a committed batch; control batches too, in order. Must not be called while leading.
    /// Errors: corrupt; the controller must not be used after that.
    [[nodiscard]] Result<void> on_batch(const MetadataBatch& batch);
    /// This node has become the leader of the quorum in `epoch`. The log up to and including the
    /// first batch of that epoch is committed and was passed to on_batch.
    void on_leader(LeaderEpoch epoch, TimePoint now, ControllerEffects& effects);
    /// The leadership is lost or given up. All waiting requests are answered, see above.
    void on_resigned(ControllerEffects& effects);

    /// The leader's log now ends with `last_offset`, after an append of the controller or a control
    /// batch of the quorum. A control batch may come only when all appends of the controller have
    /// been carried out.
    void on_appended(Offset last_offset);
    /// The log is committed up to and including `last_offset`.
    void on_committed(Offset last_offset, ControllerEffects& effects);

    /// Decides a request; its answer comes with this or a later call. When not leading, answers at
    /// once with NOT_CONTROLLER.
    void handle(const ControllerRequest& request, Ticket ticket, TimePoint now,
                ControllerEffects& effects);
    /// Fences the brokers whose session has expired. When it is time, gives partitions back to
    /// their preferred leaders, kMaxBalanced at a time.
    void on_deadline(TimePoint now, ControllerEffects& effects);
    /// The process of `broker` that registered with `epoch` has ended. Fences the broker and ends
    /// its session, as if the session had expired. Returns false, and does nothing, if the broker
    /// is fenced already or has registered anew, or this controller is not leading.
    [[nodiscard]] bool fence_gone(BrokerId broker, BrokerEpoch epoch, TimePoint now,
                                  ControllerEffects& effects);
    /// When to call on_deadline; kNever when not leading.
    [[nodiscard]] TimePoint next_deadline() const {
        return std::min(heartbeats_.next_deadline(), next_balancing_);
    }

    [[nodiscard]] Duration session_timeout() const { return heartbeats_.session_timeout(); }
    [[nodiscard]] bool is_leading() const { return leading_; }
    [[nodiscard]] const MetadataImage& committed() const { return *committed_.image(); }
    [[nodiscard]] const std::shared_ptr<const MetadataImage>& committed_image() const {
        return committed_.image();
    }
    /// The end of the log that committed() includes.
    [[nodiscard]] Offset committed_end_offset() const { return committed_.next_offset(); }
    /// The metadata with all appended records, which may still be lost; equals committed() when not
    /// leading.
    [[nodiscard]] const MetadataImage& appended() const { return *appended_.image(); }

private:
    /// The state after one batch that is appended but not committed.
    struct Uncommitted {
        Offset last_offset;
        ImageLoader state;
    };

    [[nodiscard]] OperationContext context(TimePoint now) const;
    [[nodiscard]] Offset last_appended() const { return appended_.next_offset() - 1; }
    [[nodiscard]] Offset last_committed() const { return committed_.next_offset() - 1; }
    void append(const RecordBatch& records, TimePoint now, ControllerEffects& effects);
    void load_appended(const MetadataBatch& batch, TimePoint now);
    void fence_expired(TimePoint now, ControllerEffects& effects);
    void fence(const BrokerImage& broker, TimePoint now, ControllerEffects& effects);
    void balance(TimePoint now, ControllerEffects& effects);
    void follow_broker(BrokerId id, const BrokerImage* before, TimePoint now);
    void note_heartbeat(const schema::BrokerHeartbeatRequest& request,
                        const BrokerHeartbeatResult& result, TimePoint now);

    ControllerOptions options_;
    Ports ports_;
    ImageLoader committed_;
    ImageLoader appended_;
    std::deque<Uncommitted> uncommitted_;
    replication::DecisionQueue<ControllerAnswer> waiting_;
    HeartbeatTracker heartbeats_;
    TimePoint next_balancing_ = kNever;
    LeaderEpoch epoch_ = kNoLeaderEpoch;
    bool leading_ = false;
};

}  // namespace hw::controller
