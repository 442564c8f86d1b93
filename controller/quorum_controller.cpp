#include "controller/quorum_controller.h"

#include <utility>

#include "controller/ops/brokers.h"
#include "controller/ops/cluster.h"
#include "controller/ops/configs.h"
#include "controller/ops/features.h"
#include "controller/ops/partitions.h"
#include "controller/ops/topics.h"
#include "protocol/base/assert.h"

namespace hw::controller {
namespace {

auto run(const schema::BrokerRegistrationRequest& request, const OperationContext& context) {
    return register_broker(request, context);
}
auto run(const schema::ControllerRegistrationRequest& request, const OperationContext& context) {
    return register_controller(request, context);
}
auto run(const schema::BrokerHeartbeatRequest& request, const OperationContext& context) {
    return broker_heartbeat(request, context);
}
auto run(const schema::CreateTopicsRequest& request, const OperationContext& context) {
    return create_topics(request, context);
}
auto run(const schema::DeleteTopicsRequest& request, const OperationContext& context) {
    return delete_topics(request, context);
}
auto run(const schema::AllocateProducerIdsRequest& request, const OperationContext& context) {
    return allocate_producer_ids(request, context);
}
auto run(const schema::AlterPartitionRequest& request, const OperationContext& context) {
    return alter_partition(request, context);
}
auto run(const schema::AssignReplicasToDirsRequest& request, const OperationContext& context) {
    return assign_replicas(request, context);
}
auto run(const schema::ElectLeadersRequest& request, const OperationContext& context) {
    return elect_leaders(request, context);
}
auto run(const schema::IncrementalAlterConfigsRequest& request, const OperationContext& context) {
    return alter_configs(request, context);
}
auto run(const schema::UpdateFeaturesRequest& request, const OperationContext& context) {
    return update_features(request, context);
}

template <class Request>
using ResponseTo =
    decltype(run(std::declval<const Request&>(), std::declval<const OperationContext&>()).response);

Refusal not_leading() {
    return {wire::ErrorCode::not_controller, "this controller is not the active one"};
}

Refusal unknown_outcome() {
    return {wire::ErrorCode::request_timed_out,
            "the outcome is unknown: this controller stopped being the active one before the "
            "decision was committed. The next one may keep it. Look whether it was carried out "
            "before you try again"};
}

/// The answer with `refusal`, of the same type as `response`.
ControllerResponse refused(const ControllerResponse& response, const Refusal& refusal) {
    return std::visit(
        [&refusal]<class Response>(const Response&) {
            Response answer;
            answer.refusal = refusal;
            return ControllerResponse(std::move(answer));
        },
        response);
}

}  // namespace

QuorumController::QuorumController(ControllerOptions options, Ports ports, MetadataImage initial)
    : options_(std::move(options)),
      ports_(ports),
      committed_(std::move(initial)),
      appended_(committed_),
      heartbeats_(options_.session_timeout) {}

OperationContext QuorumController::context(TimePoint now) const {
    return {.image = appended(),
            .next_offset = appended_.next_offset(),
            .now = now,
            .options = options_,
            .heartbeats = heartbeats_,
            .configs = ports_.configs,
            .entropy = ports_.entropy};
}

Result<void> QuorumController::on_batch(const MetadataBatch& batch) {
    HW_ASSERT(!leading_);
    HW_TRY_VOID(committed_.load(batch));
    appended_ = committed_;
    return {};
}

void QuorumController::on_leader(LeaderEpoch epoch, TimePoint now, ControllerEffects& effects) {
    HW_ASSERT(!leading_);
    leading_ = true;
    epoch_ = epoch;
    // This node does not know when the brokers last sent a heartbeat to the previous leader, so
    // each of them starts with a full session.
    for (const auto& [id, broker] : appended().brokers()) {
        heartbeats_.touch(id, kNoOffset, now);
        heartbeats_.set_fenced(id, broker.fenced);
        if (broker.in_controlled_shutdown) {
            heartbeats_.set_shutdown_offset(id, last_appended());
        }
    }
    if (options_.leader_balance_interval.has_value()) {
        next_balancing_ = now + *options_.leader_balance_interval;
    }
    append(activation_records(appended_, options_.initial_features), now, effects);
}

void QuorumController::on_resigned(ControllerEffects& effects) {
    for (const auto& waiting : waiting_.take()) {
        const Refusal refusal = waiting.has_records ? unknown_outcome() : not_leading();
        effects.answers.push_back(
            {waiting.answer.ticket, refused(waiting.answer.response, refusal)});
    }
    uncommitted_.clear();
    heartbeats_.clear();
    next_balancing_ = kNever;
    appended_ = committed_;
    leading_ = false;
}

void QuorumController::on_appended(Offset last_offset) {
    HW_ASSERT(leading_);
    if (last_offset <= last_appended()) {
        return;
    }
    const MetadataBatch control{.base_offset = appended_.next_offset(),
                                .last_offset = last_offset,
                                .epoch = epoch_,
                                .records = {}};
    const auto loaded = appended_.load(control);
    HW_ASSERT(loaded.has_value());
    uncommitted_.push_back({last_offset, appended_});
}

void QuorumController::on_committed(Offset last_offset, ControllerEffects& effects) {
    HW_ASSERT(leading_);
    while (!uncommitted_.empty() && uncommitted_.front().last_offset <= last_offset) {
        committed_ = std::move(uncommitted_.front().state);
        uncommitted_.pop_front();
    }
    waiting_.on_committed(last_committed(), [&](ControllerAnswer answer) {
        effects.answers.push_back(std::move(answer));
    });
}

void QuorumController::handle(const ControllerRequest& request, Ticket ticket, TimePoint now,
                              ControllerEffects& effects) {
    std::visit(
        [&]<class Request>(const Request& body) {
            if (!leading_) {
                ResponseTo<Request> response;
                response.refusal = not_leading();
                effects.answers.push_back({ticket, std::move(response)});
                return;
            }
            auto outcome = run(body, context(now));
            append(outcome.records, now, effects);
            if constexpr (std::is_same_v<Request, schema::BrokerHeartbeatRequest>) {
                note_heartbeat(body, outcome.response, now);
            }
            ControllerAnswer answer{ticket, std::move(outcome.response)};
            if (last_appended() == last_committed()) {
                effects.answers.push_back(std::move(answer));
            } else {
                waiting_.add(last_appended(), std::move(answer), !outcome.records.empty());
            }
        },
        request);
}

void QuorumController::on_deadline(TimePoint now, ControllerEffects& effects) {
    fence_expired(now, effects);
    if (next_balancing_ <= now) {
        balance(now, effects);
    }
}

void QuorumController::fence_expired(TimePoint now, ControllerEffects& effects) {
    // Fence one broker at a time: the election for the next expired broker then sees that this one
    // is fenced, and does not choose it.
    while (const auto expired = heartbeats_.find_expired(now)) {
        fence(*appended().find_broker(*expired), now, effects);
        effects.expired.push_back(*expired);
    }
}

bool QuorumController::fence_gone(BrokerId broker, BrokerEpoch epoch, TimePoint now,
                                  ControllerEffects& effects) {
    const BrokerImage* found = leading_ ? appended().find_broker(broker) : nullptr;
    if (found == nullptr || found->epoch != epoch || found->fenced) {
        return false;
    }
    fence(*found, now, effects);
    return true;
}

void QuorumController::fence(const BrokerImage& broker, TimePoint now, ControllerEffects& effects) {
    const BrokerId id = broker.id;  // the append replaces the image
    RecordBatch records;
    add_fence(records, context(now), broker);
    append(records, now, effects);
    heartbeats_.end(id);
}

void QuorumController::balance(TimePoint now, ControllerEffects& effects) {
    // With more to move, the next check comes soon; the pause lets other requests in between.
    constexpr Duration kPause = std::chrono::milliseconds(100);
    const RecordBatch records = preferred_elections(context(now), kMaxBalanced);
    append(records, now, effects);
    next_balancing_ =
        now + (records.size() == kMaxBalanced ? kPause : *options_.leader_balance_interval);
}

void QuorumController::append(const RecordBatch& records, TimePoint now,
                              ControllerEffects& effects) {
    for (RecordBatch& part : records.split()) {
        const Offset base = appended_.next_offset();
        const Offset last = base + (static_cast<std::int64_t>(part.size()) - 1);
        load_appended(
            {.base_offset = base, .last_offset = last, .epoch = epoch_, .records = part.records()},
            now);
        uncommitted_.push_back({last, appended_});
        effects.appends.push_back({base, std::move(part)});
    }
}

void QuorumController::load_appended(const MetadataBatch& batch, TimePoint now) {
    const std::shared_ptr<const MetadataImage> before = appended_.image();
    const auto published = appended_.load(batch);
    HW_ASSERT(published.has_value());
    HW_ASSERT(published->has_value());
    for (const BrokerId id : (*published)->changes.brokers) {
        follow_broker(id, before->find_broker(id), now);
    }
}

void QuorumController::follow_broker(BrokerId id, const BrokerImage* before, TimePoint now) {
    const BrokerImage& after = *appended().find_broker(id);
    if (before == nullptr || before->incarnation != after.incarnation) {
        heartbeats_.end(id);
        heartbeats_.touch(id, kNoOffset, now);
    }
    heartbeats_.set_fenced(id, after.fenced);
}

void QuorumController::note_heartbeat(const schema::BrokerHeartbeatRequest& request,
                                      const BrokerHeartbeatResult& result, TimePoint now) {
    if (result.refusal.code != wire::ErrorCode::none) {
        return;
    }
    const BrokerId id = request.broker_id;
    if (result.should_shut_down) {
        heartbeats_.end(id);
        return;
    }
    heartbeats_.touch(id, request.current_metadata_offset, now);
    heartbeats_.set_fenced(id, result.is_fenced);
    const bool stops = appended().find_broker(id)->in_controlled_shutdown;
    if (stops && heartbeats_.shutdown_offset(id) == kNoOffset) {
        heartbeats_.set_shutdown_offset(id, last_appended());
    }
}

}  // namespace hw::controller
