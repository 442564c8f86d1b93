#include "replication/raft/raft_node.h"

#include <algorithm>
#include <array>
#include <utility>

#include "protocol/record/batch_builder.h"
#include "protocol/record/control_record.h"
#include "protocol/schema/record/control.h"
#include "protocol/wire/encode_message.h"
#include "replication/raft/metadata_topic.h"
#include "storage/quorum_state_file.h"
#include "storage/small_file.h"

namespace hw::replication {
namespace {

LogEnd end_of(const storage::Log& log) {
    const auto& epochs = log.epochs().entries();
    return {.end_offset = log.log_end_offset(),
            .epoch = epochs.empty() ? LeaderEpoch(0) : epochs.back().epoch};
}

/// The contents of quorum-state for a quorum of static voters (kraft.version 0).
storage::QuorumState file_form(const ElectionState& state, const VoterSet& voters) {
    storage::QuorumState file{.data_version = 0,
                              .leader_id = state.leader,
                              .leader_epoch = state.epoch,
                              .voted_id = state.voted.id,
                              .voted_directory_id = {},
                              .current_voters = {}};
    for (const Voter& voter : voters.voters()) {
        file.current_voters.push_back(voter.key.id);
    }
    return file;
}

std::vector<schema::LeaderChangeMessage::Voter> schema_voters(const std::set<BrokerId>& ids) {
    std::vector<schema::LeaderChangeMessage::Voter> voters;
    for (const BrokerId id : ids) {
        voters.push_back({.voter_id = id});
    }
    return voters;
}

/// Encodes the value of a LeaderChange record, in version 0.
Result<wire::Encoded> encode(const LeaderChange& change) {
    const auto voters = schema_voters(change.voters);
    const auto granting = schema_voters(change.granting_voters);
    schema::LeaderChangeMessage message;
    message.leader_id = change.leader;
    message.voters = voters;
    message.granting_voters = granting;
    return wire::encode_message(message, ApiVersion(0));
}

}  // namespace

RaftNode::RaftNode(RaftServices services, RaftOptions options, storage::LogContents contents,
                   ElectionState state, Random random)
    : services_(std::move(services)),
      options_(options),
      log_(log_context(), std::move(contents)),
      core_(std::move(options), state, end_of(log_), random) {}

storage::LogContext RaftNode::log_context() {
    storage::LogContext context{.disk = &services_.disk,
                                .logger = services_.log,
                                .options = {},
                                .enter = nullptr,
                                .on_failure = nullptr,
                                .mutants = {}};
    context.options.gaps = storage::Gaps::none;
    // Only the control shard uses the log, so a post to that shard serves as the guard.
    context.enter = [this](std::move_only_function<void()> work) {
        services_.shard.post(std::move(work));
    };
    context.on_failure = [this](const Error& reason) {
        services_.directory.report_failure(reason);
    };
    return context;
}

void RaftNode::start(RaftListener& listener) {
    listener_ = &listener;
    const storage::TopicPartition name{.topic = kMetadataTopic, .partition = kMetadataPartition};
    log_id_ = services_.directory.add(name, shared_from_this(), log_.durable_end_offset());
    RaftEffects effects;
    core_.start(services_.clock.now(), effects);
    execute(effects);
}

Result<ElectionState> load_election_state(storage::Disk& disk, const std::string& folder) {
    const std::string path = folder + "/" + storage::kQuorumStateFile;
    const auto text = storage::read_small_file(disk, path);
    if (!text) {
        return text.error().kind == ErrorKind::not_found ? Result<ElectionState>(ElectionState())
                                                         : std::unexpected(text.error());
    }
    const auto state = storage::parse_quorum_state(*text, path);
    if (!state) {
        return fail(
            state.error().kind,
            "{}. This file records the vote of this node and its epoch: put a copy of it "
            "back. If this node is the only controller, the file may be removed; the node "
            "then elects itself in a new epoch. If there are other controllers, do not remove "
            "it: the node could vote twice in one epoch",
            state.error().message);
    }
    return ElectionState{.epoch = state->leader_epoch,
                         .leader = state->leader_id,
                         .voted = {.id = state->voted_id, .directory = state->voted_directory_id}};
}

storage::ClosingLog RaftNode::closing_log() {
    return {.directory = &services_.directory, .id = log_id_, .log = &log_};
}

void RaftNode::end_waits() {
    waits_ended_ = true;
    for (Waiter* waiter : waiters_) {
        waiter->committed.set();
    }
}

void RaftNode::execute(RaftEffects& effects) {
    if (effects.persist) {
        persist(*effects.persist);
        return;
    }
    if (effects.append) {
        append_leader_change(*effects.append);
    }
    if (effects.high_watermark) {
        commit(*effects.high_watermark);
    }
    if (effects.activate) {
        services_.log.info("this node leads the metadata quorum in epoch {}", *effects.activate);
        listener_->on_activate(*effects.activate, next_offset());
    }
}

void RaftNode::persist(const ElectionState& state) {
    std::string text = storage::format_quorum_state(file_form(state, options_.voters));
    auto outcome = std::make_shared<Result<void>>();
    storage::Disk& disk = services_.disk;
    auto work = [&disk, outcome, folder = log_.folder(), text = std::move(text)] {
        *outcome = storage::replace_small_file(disk, folder, storage::kQuorumStateFile, text);
    };
    auto done = [self = shared_from_this(), outcome](storage::BlockingEnd end) {
        const std::string& directory = self->services_.directory.path();
        const Result<void> persisted = end == storage::BlockingEnd::done
                                           ? *outcome
                                           : std::unexpected(storage::abandoned_error(directory));
        if (!persisted) {
            self->services_.directory.report_failure(persisted.error());
            self->fail_for_good(persisted.error());
            return;
        }
        RaftEffects effects;
        self->core_.on_persisted(effects);
        self->execute(effects);
    };
    disk.run_blocking(services_.directory.path(), services_.shard, std::move(work),
                      std::move(done));
}

void RaftNode::append_leader_change(const LeaderChange& change) {
    const auto value = encode(change);
    HW_ASSERT(value.has_value());
    record::BatchBuilder builder({.base_offset = next_offset(),
                                  .leader_epoch = change.epoch,
                                  .compression = {},
                                  .control = true});
    const auto key = record::encode_control_key(record::ControlType::leader_change);
    builder.add({.key = ByteView(key),
                 .value = value->own.view(),
                 .headers = {},
                 .timestamp = services_.clock.wall_now()});
    auto batch = builder.finish(compressor_);
    HW_ASSERT(batch.has_value());
    if (const auto staged = stage(std::move(*batch)); !staged) {
        fail_for_good(staged.error());
    }
}

Result<Offset> RaftNode::append(std::span<const ByteView> values) {
    if (!core_.leads()) {
        return fail(ErrorKind::invalid, "this node does not lead the metadata quorum");
    }
    const Offset first = next_offset();
    record::BatchBuilder builder(
        {.base_offset = first, .leader_epoch = core_.epoch(), .compression = {}});
    const Timestamp now = services_.clock.wall_now();
    for (const ByteView value : values) {
        builder.add({.key = {}, .value = value, .headers = {}, .timestamp = now});
    }
    HW_TRY(batch, builder.finish(compressor_));
    HW_TRY_VOID(stage(std::move(batch)));
    return first;
}

Result<void> RaftNode::stage(Buffer batch) {
    const auto staged = log_.stage(
        {.bytes = batch.bytes(), .leader_epoch = core_.epoch(), .append_time = std::nullopt});
    if (!staged) {
        return fail(ErrorKind::io, "{}", staged.error().message);
    }
    unwritten_.push_back(std::move(batch));
    services_.shard.at_end_of_turn(TurnStep::apply, *this);
    return {};
}

void RaftNode::at_end_of_turn() {
    const Offset end_offset = log_.staged_end_offset();
    // Keep the batches alive until their write has ended.
    auto written = std::make_shared<std::vector<Buffer>>(std::exchange(unwritten_, {}));
    log_.write_staged([self = shared_from_this(), written, end_offset](Result<void> outcome) {
        self->on_written(end_offset, outcome);
    });
}

void RaftNode::on_written(Offset end_offset, const Result<void>& outcome) {
    if (!outcome) {
        fail_for_good(outcome.error());
        return;
    }
    core_.on_appended({.end_offset = end_offset, .epoch = core_.epoch()});
    services_.directory.request_sync(log_id_, storage::SyncUrgency::waited_for,
                                     log_.unsynced_bytes());
}

void RaftNode::begin_sync(TakeJob take) {
    take(log_.begin_sync());
}

void RaftNode::end_sync(const storage::SyncTicket& ticket, const Result<void>& outcome) {
    log_.on_synced(ticket, outcome);
    if (!outcome) {
        fail_for_good(outcome.error());
        return;
    }
    RaftEffects effects;
    core_.on_durable(log_.durable_end_offset(), effects);
    execute(effects);
}

void RaftNode::end_snapshot(storage::SnapshotJob job, const Result<void>& outcome) {
    log_.on_snapshot_written(job, outcome);
}

void RaftNode::on_offline(const Error& reason) {
    log_.go_offline(reason);
    fail_for_good({reason.kind, "the data directory is offline: " + reason.message});
}

void RaftNode::commit(Offset end_offset) {
    for (Waiter* waiter : waiters_) {
        if (waiter->offset < end_offset) {
            waiter->committed.set();
        }
    }
    listener_->on_committed(end_offset);
}

void RaftNode::fail_for_good(const Error& reason) {
    if (!std::exchange(failed_, true)) {
        services_.log.error("the metadata log failed: {}", reason.message);
        // Nothing more will be committed here, so end all waits.
        for (Waiter* waiter : waiters_) {
            waiter->committed.set();
        }
        listener_->on_failure(reason);
    }
}

std::expected<storage::ReadAnswer, wire::Refusal> RaftNode::read(
    Offset from, std::size_t max_bytes, storage::ReadCursor& cursor) const {
    return log_.read({.from = from,
                      .end_offset = core_.high_watermark(),
                      .max_bytes = max_bytes,
                      .first_batch = storage::FirstBatch::always_whole},
                     cursor);
}

Task<> RaftNode::wait_committed(Offset offset, TimePoint deadline) {
    if (waits_ended_ || core_.high_watermark() > offset) {
        co_return;
    }
    const auto self = shared_from_this();
    Waiter waiter{.offset = offset, .committed = {}};
    const auto place = waiters_.insert(waiters_.end(), &waiter);
    co_await services_.shard.wait(waiter.committed, deadline);
    waiters_.erase(place);
}

}  // namespace hw::replication
