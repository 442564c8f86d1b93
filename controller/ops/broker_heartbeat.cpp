#include <algorithm>
#include <iterator>
#include <vector>

#include "controller/ops/brokers.h"
#include "controller/ops/election.h"

namespace hw::controller {
namespace {

constexpr ApiVersion kVersion{0};
constexpr std::int8_t kFence = 1;
constexpr std::int8_t kUnfence = -1;

using Request = schema::BrokerHeartbeatRequest;

enum class State : std::uint8_t { fenced, unfenced, controlled_shutdown, shut_down };

State state_of(const BrokerImage& broker) {
    if (broker.fenced) {
        return State::fenced;
    }
    return broker.in_controlled_shutdown ? State::controlled_shutdown : State::unfenced;
}

bool is_caught_up(const Request& request, const BrokerImage& broker) {
    return request.current_metadata_offset >= broker.catch_up_to;
}

/// A broker that was in controlled shutdown must register again before it is unfenced. Otherwise it
/// could lead again, but could not start a second controlled shutdown.
bool may_be_unfenced(const Request& request, const BrokerImage& broker) {
    return !request.want_fence && !broker.in_controlled_shutdown && is_caught_up(request, broker);
}

/// True if all remaining brokers have applied the records that moved the leaderships to them.
bool others_have_taken_over(const BrokerImage& broker, const OperationContext& context) {
    const Offset moved = context.heartbeats.shutdown_offset(broker.id);
    return std::ranges::all_of(context.image.brokers(), [&](const auto& entry) {
        const auto& [id, other] = entry;
        return !other.is_active() || context.heartbeats.metadata_offset(id) >= moved;
    });
}

State next_state(const Request& request, const BrokerImage& broker,
                 const OperationContext& context) {
    const State current = state_of(broker);
    const bool leads = !context.image.topic_table().led_by(broker.id).empty();
    switch (current) {
        case State::fenced:
            if (request.want_shut_down) {
                return State::shut_down;
            }
            return may_be_unfenced(request, broker) ? State::unfenced : current;
        case State::unfenced:
            if (request.want_shut_down) {
                return leads && !request.want_fence ? State::controlled_shutdown : State::shut_down;
            }
            return request.want_fence ? State::fenced : current;
        case State::controlled_shutdown:
            return leads || !others_have_taken_over(broker, context) ? current : State::shut_down;
        case State::shut_down:
            break;
    }
    return current;
}

void add_controlled_shutdown(RecordBatch& records, const OperationContext& context,
                             const BrokerImage& broker) {
    records.add(
        schema::BrokerRegistrationChangeRecord{
            .broker_id = broker.id, .broker_epoch = broker.epoch, .in_controlled_shutdown = 1},
        ApiVersion(1));
    BrokersDuringElection brokers = context.brokers();
    brokers.leaving = broker.id;
    add_changes_of_leaving(records, brokers);
}

void add_transition(RecordBatch& records, const OperationContext& context,
                    const BrokerImage& broker, State next) {
    const State current = state_of(broker);
    const bool to_fence = next == State::fenced || next == State::shut_down;
    if (to_fence && current != State::fenced) {
        add_fence(records, context, broker);
    } else if (next == State::unfenced && current == State::fenced) {
        add_unfence(records, context, broker);
    } else if (next == State::controlled_shutdown && current == State::unfenced) {
        add_controlled_shutdown(records, context, broker);
    }
}

Checked<void> check_size(const Request& request) {
    const std::size_t cordoned =
        request.cordoned_log_dirs.is_null() ? 0 : request.cordoned_log_dirs.size();
    const std::size_t most = std::max(request.offline_log_dirs.size(), cordoned);
    if (most > kMaxDirectories) {
        return refuse(wire::ErrorCode::invalid_request,
                      "the heartbeat of broker {} names {} log directories; the limit is {}",
                      request.broker_id, most, kMaxDirectories);
    }
    return {};
}

/// The directories that the broker reports as failed and that were online until now.
std::vector<DirectoryId> newly_failed(const Request& request, const BrokerImage& broker) {
    std::vector<DirectoryId> failed;
    std::ranges::copy_if(broker.log_dirs, std::back_inserter(failed), [&](DirectoryId directory) {
        return std::ranges::find(request.offline_log_dirs, directory) !=
               request.offline_log_dirs.end();
    });
    return failed;
}

void add_failed_directories(RecordBatch& records, const OperationContext& context,
                            const BrokerImage& broker, const std::vector<DirectoryId>& failed) {
    BrokersDuringElection brokers = context.brokers();
    brokers.leaving = broker.id;
    std::vector<DirectoryId> online = broker.log_dirs;
    for (const DirectoryId directory : failed) {
        add_changes_of_directory(records, brokers, directory);
        std::erase(online, directory);
    }
    records.add(
        schema::BrokerRegistrationChangeRecord{
            .broker_id = broker.id, .broker_epoch = broker.epoch, .log_dirs = records.list(online)},
        ApiVersion(2));
}

void add_cordoned(RecordBatch& records, const Request& request, const BrokerImage& broker) {
    const auto& cordoned = request.cordoned_log_dirs;
    if (cordoned.is_null() || (broker.cordoned_log_dirs.has_value() &&
                               std::ranges::equal(cordoned, *broker.cordoned_log_dirs))) {
        return;
    }
    records.add(schema::BrokerRegistrationChangeRecord{.broker_id = broker.id,
                                                       .broker_epoch = broker.epoch,
                                                       .cordoned_log_dirs = records.list(cordoned)},
                ApiVersion(3));
}

}  // namespace

void add_fence(RecordBatch& records, const OperationContext& context, const BrokerImage& broker) {
    BrokersDuringElection brokers = context.brokers();
    brokers.leaving = broker.id;
    add_changes_of_leaving(records, brokers);
    records.add(
        schema::BrokerRegistrationChangeRecord{
            .broker_id = broker.id, .broker_epoch = broker.epoch, .fenced = kFence},
        kVersion);
}

void add_unfence(RecordBatch& records, const OperationContext& context, const BrokerImage& broker) {
    records.add(
        schema::BrokerRegistrationChangeRecord{
            .broker_id = broker.id, .broker_epoch = broker.epoch, .fenced = kUnfence},
        kVersion);
    BrokersDuringElection brokers = context.brokers();
    brokers.arriving = broker.id;
    add_changes_of_arriving(records, brokers);
}

Outcome<BrokerHeartbeatResult> broker_heartbeat(const Request& request,
                                                const OperationContext& context) {
    Outcome<BrokerHeartbeatResult> outcome;
    if (const auto checked = check_size(request); !checked) {
        outcome.response.refusal = checked.error();
        return outcome;
    }
    const auto found = check_broker_epoch(context.image, request.broker_id, request.broker_epoch);
    if (!found) {
        outcome.response.refusal = found.error();
        return outcome;
    }
    const BrokerImage& broker = **found;
    const std::vector<DirectoryId> failed = context.version().has_directories()
                                                ? newly_failed(request, broker)
                                                : std::vector<DirectoryId>();
    const bool all_failed = !failed.empty() && failed.size() == broker.log_dirs.size();
    State next = state_of(broker);
    if (!failed.empty() && !all_failed) {
        // The records of another transition would not see these. It follows with the next
        // heartbeat.
        add_failed_directories(outcome.records, context, broker, failed);
    } else {
        // A record cannot say that no directory is left, so a broker without any is kept fenced.
        Request asked = request;
        asked.want_fence = request.want_fence || all_failed;
        next = next_state(asked, broker, context);
        add_transition(outcome.records, context, broker, next);
    }
    if (context.version().has_cordoned_directories()) {
        add_cordoned(outcome.records, request, broker);
    }
    outcome.response.is_caught_up = is_caught_up(request, broker);
    outcome.response.is_fenced = next == State::fenced || next == State::shut_down;
    outcome.response.should_shut_down = next == State::shut_down;
    return outcome;
}

}  // namespace hw::controller
