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
      log_(log_context(), std::move(contents)),
      core_(std::move(options), state, LogPositions(log_.epochs(), log_.log_end_offset()), random),
      tasks_(services_.shard) {}

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
    input([&](TimePoint now, RaftEffects& effects) { core_.start(now, effects); });
    is_started_ = true;
    tasks_.spawn(watch());
}

Task<> RaftNode::watch() {
    while (!stopping_) {
        const TimePoint deadline = failed_ ? kNever : core_.next_deadline();
        co_await services_.shard.wait(deadline_changed_, deadline);
        if (!stopping_ && !failed_ && services_.clock.now() >= core_.next_deadline()) {
            input([&](TimePoint now, RaftEffects& effects) { core_.on_time(now, effects); });
        }
    }
}

Task<> RaftNode::resign() {
    is_leaving_ = true;
    input([&](TimePoint now, RaftEffects& effects) { core_.resign(now, effects); });
    const TimePoint deadline = services_.clock.now() + kResignLimit;
    auto is_over = [this] { return calls_under_way_ == 0 && outbox_.empty(); };
    co_await wait(std::move(is_over), deadline);
}

Task<> RaftNode::stop() {
    const auto self = shared_from_this();
    stopping_ = true;
    is_leaving_ = true;
    deadline_changed_.set();
    // It may have been elected again after its resignation. From here on it must not seem to lead.
    input([&](TimePoint now, RaftEffects& effects) { core_.resign(now, effects); });
    co_await tasks_.wait_idle();
    while (persisting_ && !failed_) {
        co_await services_.shard.wait(persist_ended_, kNever);
    }
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
    wake_waiters();
    for (Signal* waiter : persist_waiters_) {
        waiter->set();
    }
}

// --- Effects

void RaftNode::execute(RaftEffects effects) {
    // The controller must not decide anything more, so this does not wait its turn.
    if (effects.resign && active_epoch_ == effects.resign) {
        services_.log.info("this node no longer leads the metadata quorum in epoch {}",
                           *effects.resign);
        active_epoch_.reset();
        listener_->on_resign(*effects.resign);
    }
    if (std::exchange(told_leader_, core_.leader()) != core_.leader()) {
        if (core_.leader() != kNoBroker && !core_.leads()) {
            services_.log.info("node {} {} the metadata quorum in epoch {}", core_.leader(),
                               is_started_ ? "leads" : "was last known to lead", core_.epoch());
        }
        listener_->on_leader(core_.leader());
    }
    outbox_.push_back(std::move(effects));
    drain();
    deadline_changed_.set();
    wake_waiters();
}

void RaftNode::drain() {
    if (stopping_) {
        outbox_.clear();  // the log is about to be closed, and nothing may be sent
    }
    while (!persisting_ && !outbox_.empty()) {
        if (const auto state = std::exchange(outbox_.front().persist, std::nullopt)) {
            persist(*state);
            return;
        }
        RaftEffects effects = std::move(outbox_.front());
        outbox_.pop_front();
        carry_out(effects);
    }
    if (outbox_.empty()) {
        for (Signal* waiter : persist_waiters_) {
            waiter->set();
        }
    }
}

void RaftNode::carry_out(RaftEffects& effects) {
    if (effects.append && core_.leads() && core_.epoch() == effects.append->epoch) {
        append_leader_change(*effects.append);
    }
    if (effects.truncate) {
        truncate(*effects.truncate);
    }
    for (RaftCall& call : effects.calls) {
        ++calls_under_way_;
        tasks_.spawn(send(std::move(call)));
    }
    if (effects.fetch) {
        tasks_.spawn(send_fetch(*effects.fetch));
    }
    if (effects.refused_truncation) {
        services_.log.error(
            "the leader of the metadata quorum, node {}, does not have the "
            "committed records from offset {} on: it has lost its log. This node "
            "keeps them. Stop node {}, and start it with its old data",
            core_.leader(), *effects.refused_truncation, core_.leader());
    }
    if (effects.high_watermark) {
        listener_->on_committed(*effects.high_watermark);
    }
    if (effects.activate && core_.leads() && core_.epoch() == *effects.activate) {
        services_.log.info("this node leads the metadata quorum in epoch {}", *effects.activate);
        active_epoch_ = effects.activate;
        listener_->on_activate(*effects.activate, next_offset());
    }
}

void RaftNode::persist(const ElectionState& state) {
    persisting_ = true;
    std::string text = storage::format_quorum_state(file_form(state, core_.options().voters));
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
            // Nothing that waits for it may happen any more.
            self->services_.directory.report_failure(persisted.error());
            self->fail_for_good(persisted.error());
            return;
        }
        self->persisting_ = false;
        self->persist_ended_.set();
        self->drain();
        self->wake_waiters();
    };
    disk.run_blocking(services_.directory.path(), services_.shard, std::move(work),
                      std::move(done));
}

/// Waits until all that the core has decided is on stable storage. False if that does not happen.
Task<bool> RaftNode::persisted() {
    if (core_.options().mutants.answers_before_durable) {
        co_return !stopping_;
    }
    // The sender of the request does not wait longer either.
    const TimePoint deadline = services_.clock.now() + core_.options().election_timeout;
    while (!outbox_.empty() && !failed_ && !waits_ended_ && services_.clock.now() < deadline) {
        Signal drained;
        const auto place = persist_waiters_.insert(persist_waiters_.end(), &drained);
        co_await services_.shard.wait(drained, deadline);
        persist_waiters_.erase(place);
    }
    co_return outbox_.empty() && !stopping_;
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
    if (const auto staged = stage(std::move(*batch), change.epoch); !staged) {
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
    HW_TRY_VOID(stage(std::move(batch), core_.epoch()));
    return first;
}

Result<void> RaftNode::stage(Buffer batch, LeaderEpoch epoch) {
    const auto staged =
        log_.stage({.bytes = batch.bytes(), .leader_epoch = epoch, .append_time = std::nullopt});
    if (!staged) {
        return fail(ErrorKind::io, "{}", staged.error().message);
    }
    core_.on_staged(epoch, log_.staged_end_offset());
    write_later(std::move(batch));
    return {};
}

void RaftNode::write_later(Buffer batches) {
    unwritten_.push_back(std::move(batches));
    services_.shard.at_end_of_turn(TurnStep::apply, *this);
}

void RaftNode::at_end_of_turn() {
    // Keep the batches alive until their write has ended.
    auto written = std::make_shared<std::vector<Buffer>>(std::exchange(unwritten_, {}));
    log_.write_staged(
        [self = shared_from_this(), written](Result<void> outcome) { self->on_written(outcome); });
}

void RaftNode::on_written(const Result<void>& outcome) {
    if (!outcome) {
        fail_for_good(outcome.error());
        return;
    }
    services_.directory.request_sync(log_id_, storage::SyncUrgency::waited_for,
                                     log_.unsynced_bytes());
    wake_waiters();
}

void RaftNode::truncate(Offset end_offset) {
    auto job = log_.begin_truncation(end_offset);
    if (!job) {
        fail_for_good(job.error());
        return;
    }
    services_.log.info(
        "removing the records of the metadata log from offset {} on, which the "
        "leader, node {}, does not have",
        end_offset, core_.leader());
    auto done = [self = shared_from_this()](storage::TruncationJob ended,
                                            const Result<void>& outcome) {
        self->log_.finish_truncation(std::move(ended), outcome);
        if (!outcome) {
            self->fail_for_good(outcome.error());
            return;
        }
        self->input([&](TimePoint now, RaftEffects& effects) {
            self->core_.on_truncated(self->log_.log_end_offset(), now, effects);
        });
    };
    services_.directory.truncate(log_id_, std::move(*job), std::move(done));
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
    input([&](TimePoint now, RaftEffects& effects) {
        core_.on_durable(log_.durable_end_offset(), now, effects);
    });
}

void RaftNode::end_snapshot(storage::SnapshotJob job, const Result<void>& outcome) {
    log_.on_snapshot_written(job, outcome);
}

void RaftNode::on_offline(const Error& reason) {
    log_.go_offline(reason);
    fail_for_good({reason.kind, "the data directory is offline: " + reason.message});
}

void RaftNode::fail_for_good(const Error& reason) {
    if (!std::exchange(failed_, true)) {
        services_.log.error("the metadata log failed: {}", reason.message);
        // Nothing more will be committed here, so end all waits.
        for (Waiter* waiter : waiters_) {
            waiter->woken.set();
        }
        for (Signal* waiter : persist_waiters_) {
            waiter->set();
        }
        persist_ended_.set();
        deadline_changed_.set();
        // The stop of the node may take long. Until then this node must not seem to lead.
        input([&](TimePoint now, RaftEffects& effects) { core_.resign(now, effects); });
        listener_->on_failure(reason);
    }
}

std::expected<storage::ReadAnswer, wire::Refusal> RaftNode::read(
    Offset from, Offset end_offset, std::size_t max_bytes, storage::ReadCursor& cursor) const {
    return log_.read({.from = from,
                      .end_offset = end_offset,
                      .max_bytes = max_bytes,
                      .first_batch = storage::FirstBatch::always_whole},
                     cursor);
}

// --- Waits

Task<> RaftNode::wait(std::function<bool()> is_over, TimePoint deadline) {
    if (waits_ended_ || is_over()) {
        co_return;
    }
    const auto self = shared_from_this();
    Waiter waiter{.is_over = std::move(is_over), .woken = {}};
    const auto place = waiters_.insert(waiters_.end(), &waiter);
    co_await services_.shard.wait(waiter.woken, deadline);
    waiters_.erase(place);
}

void RaftNode::wake_waiters() {
    for (Waiter* waiter : waiters_) {
        if (waits_ended_ || waiter->is_over()) {
            waiter->woken.set();
        }
    }
}

Task<> RaftNode::wait_committed(Offset offset, TimePoint deadline) {
    return wait([this, offset] { return core_.high_watermark() > offset; }, deadline);
}

Task<> RaftNode::wait_fetchable(Offset offset, Offset high_watermark, LeaderEpoch epoch,
                                TimePoint deadline) {
    auto is_over = [=, this] {
        return !core_.leads() || core_.epoch() != epoch || written_end_offset() > offset ||
               (core_.active() && core_.high_watermark() > high_watermark);
    };
    return wait(std::move(is_over), deadline);
}

}  // namespace hw::replication
