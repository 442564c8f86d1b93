#include <algorithm>
#include <memory>
#include <utility>

#include "protocol/base/assert.h"
#include "protocol/record/batch_cursor.h"
#include "replication/raft/raft_node.h"

namespace hw::replication {

// --- Requests of other nodes

Task<std::optional<EpochAnswer>> RaftNode::vote(VoteCall call) {
    const auto self = shared_from_this();
    EpochAnswer answer;
    input([&](TimePoint now, RaftEffects& effects) { answer = core_.on_vote(call, now, effects); });
    const bool is_persisted = co_await persisted();
    co_return is_persisted ? std::optional(answer) : std::nullopt;
}

Task<std::optional<EpochAnswer>> RaftNode::begin_epoch(BeginEpochCall call) {
    const auto self = shared_from_this();
    EpochAnswer answer;
    input([&](TimePoint now, RaftEffects& effects) {
        answer = core_.on_begin_epoch(call, now, effects);
    });
    const bool is_persisted = co_await persisted();
    co_return is_persisted ? std::optional(answer) : std::nullopt;
}

Task<std::optional<EpochAnswer>> RaftNode::end_epoch(EndEpochCall call) {
    const auto self = shared_from_this();
    EpochAnswer answer;
    input([&](TimePoint now, RaftEffects& effects) {
        answer = core_.on_end_epoch(call, now, effects);
    });
    const bool is_persisted = co_await persisted();
    co_return is_persisted ? std::optional(answer) : std::nullopt;
}

FetchVerdict RaftNode::fetch(BrokerId replica, const RaftFetch& call) {
    FetchVerdict verdict;
    input([&](TimePoint now, RaftEffects& effects) {
        verdict = core_.on_fetch(replica, call, now, effects);
    });
    return verdict;
}

// --- Requests to other nodes

void RaftNode::report(BrokerId peer, const std::string& trouble) {
    std::string& last = troubles_[peer];
    if (trouble != last && !is_leaving_) {
        services_.log.warning("voter {} of the metadata quorum: {}; trying again until it succeeds",
                              peer, trouble);
        last = trouble;
    }
}

void RaftNode::report_refusal(BrokerId peer, wire::ErrorCode code) {
    using wire::ErrorCode;
    if (code == ErrorCode::inconsistent_voter_set) {
        report(peer,
               "it has other voters: controller.quorum.voters must be the same on all "
               "controllers");
    } else if (code == ErrorCode::invalid_voter_key) {
        report(peer, fmt::format("the node at its address has another id: correct the address of "
                                 "node {} in controller.quorum.voters",
                                 peer));
    } else {
        troubles_.erase(peer);
    }
}

Task<> RaftNode::send(RaftCall call) {
    const auto self = shared_from_this();
    PeerClient& peer = *services_.peers.at(call.to).calls;
    auto encoded = encode_call(call, services_.sender);
    HW_ASSERT(encoded.has_value());
    const TimePoint deadline = services_.clock.now() + core_.options().election_timeout;
    auto response =
        co_await peer.exchange(encoded->key, encoded->version, std::move(encoded->body), deadline);
    --calls_under_way_;
    const Result<EpochAnswer> answer =
        response ? decode_answer(call, std::move(*response)) : std::unexpected(response.error());
    if (failed_ || stopping_) {
        wake_waiters();
    } else if (answer) {
        report_refusal(call.to, answer->error);
        input([&](TimePoint now, RaftEffects& effects) {
            core_.on_answer(call, *answer, now, effects);
        });
    } else {
        report(call.to, answer.error().message);
        input([&](TimePoint now, RaftEffects& effects) { core_.on_no_answer(call, now, effects); });
    }
}

Task<> RaftNode::send_fetch(RaftFetch call) {
    const auto self = shared_from_this();
    PeerClient& peer = *services_.peers.at(call.to).fetches;
    // Much shorter than the deadline, or an idle leader would seem to be gone.
    const auto wait = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::min<Duration>(kRaftFetchMaxWait, core_.options().fetch_timeout / 2));
    auto encoded = encode_fetch(call, services_.sender, wait);
    HW_ASSERT(encoded.has_value());
    const TimePoint deadline = services_.clock.now() + core_.options().fetch_timeout;
    auto response =
        co_await peer.exchange(encoded->key, encoded->version, std::move(encoded->body), deadline);
    if (failed_ || stopping_) {
        co_return;
    }
    const Result<FetchReply> reply =
        response ? decode_fetch(std::move(*response)) : std::unexpected(response.error());
    if (reply) {
        take(call, *reply);
        co_return;
    }
    report(call.to, reply.error().message);
    // A connection that ends is made again by the next Fetch. If that cannot be made, nobody
    // listens any more.
    const bool has_ended = !response && response.error().kind == ErrorKind::closed;
    const bool is_unsent = !response && response.error().kind == ErrorKind::not_sent;
    const bool is_refused = is_unsent && connection_ended_;
    connection_ended_ = has_ended || is_unsent;
    const auto failure = is_refused ? FetchFailure::refused : FetchFailure::no_answer;
    input([&](TimePoint now, RaftEffects&) { core_.on_fetch_failed(call, failure, now); });
}

void RaftNode::take(const RaftFetch& call, const FetchReply& reply) {
    if (wants_snapshot(reply)) {
        report(call.to, fmt::format("it no longer has the metadata log from offset {} on, and this "
                                    "version cannot fetch its snapshot",
                                    call.offset));
        core_.on_fetch_failed(call, FetchFailure::no_answer, services_.clock.now());
        core_.on_bad_records(services_.clock.now());
        deadline_changed_.set();
        return;
    }
    troubles_.erase(call.to);
    connection_ended_ = false;
    bool takes_records = false;
    input([&](TimePoint now, RaftEffects& effects) {
        takes_records = core_.on_fetch_answer(call, fetch_answer(reply), now, effects);
    });
    if (!takes_records) {
        return;
    }
    if (const auto taken = take_records(fetched_records(reply)); !taken) {
        services_.log.error(
            "the records that node {}, the leader of the metadata quorum, sends "
            "from offset {} on are refused: {}",
            call.to, call.offset, taken.error().message);
        core_.on_bad_records(services_.clock.now());
        deadline_changed_.set();
    }
}

/// Adds whole batches to the log. Errors: corrupt.
Result<void> RaftNode::take_records(ByteView records) {
    Buffer batches(records.size());
    std::ranges::copy(records, batches.data());
    record::BatchCursor cursor(batches.view());
    std::vector<std::pair<LeaderEpoch, Offset>> ends;
    Offset expected_offset = log_.staged_end_offset();
    while (const auto batch = cursor.next()) {
        if (!batch->crc_matches()) {
            return fail(ErrorKind::corrupt, "the batch at offset {} has a wrong checksum",
                        batch->base_offset());
        }
        if (batch->base_offset() != expected_offset) {
            return fail(ErrorKind::corrupt,
                        "the batch at offset {} does not continue the log, which ends at {}",
                        batch->base_offset(), expected_offset);
        }
        if (batch->leader_epoch() < LeaderEpoch(0) || batch->leader_epoch() > core_.epoch()) {
            return fail(ErrorKind::corrupt,
                        "the batch at offset {} is of epoch {}, the leader of "
                        "epoch {}",
                        batch->base_offset(), batch->leader_epoch(), core_.epoch());
        }
        expected_offset = batch->last_offset() + 1;
        ends.emplace_back(batch->leader_epoch(), expected_offset);
    }
    if (ends.empty()) {
        return fail(ErrorKind::corrupt, "there is no whole batch in {} bytes", records.size());
    }
    if (const auto staged = log_.stage_from_leader(batches.view()); !staged) {
        return fail(ErrorKind::corrupt, "{}", staged.error().message);
    }
    for (const auto& [epoch, end_offset] : ends) {
        core_.on_staged(epoch, end_offset);
    }
    write_later(std::move(batches));
    return {};
}

}  // namespace hw::replication
