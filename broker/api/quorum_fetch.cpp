#include "broker/api/quorum_fetch.h"

#include <algorithm>
#include <array>
#include <memory>
#include <vector>

#include "replication/raft/metadata_topic.h"

namespace hw::broker {

using replication::kMetadataPartition;
using replication::kMetadataTopic;
using replication::kMetadataTopicId;
using schema::FetchRequest;
using wire::ErrorCode;

namespace {

constexpr ApiVersion kEpochs{12};  ///< KIP-595
constexpr ApiVersion kTopicIds{13};
constexpr ApiVersion kLeaderAddress{16};  ///< KIP-951

bool has_records(const replication::FetchVerdict& verdict) {
    return verdict.error == ErrorCode::none && !verdict.diverging;
}

const FetchRequest::Partition& partition_of(const FetchRequest& request) {
    return request.topics[0].partitions[0];
}

replication::RaftFetch call_of(const FetchRequest& request) {
    const FetchRequest::Partition& wanted = partition_of(request);
    return {.to = {},
            .epoch = wanted.current_leader_epoch,
            .offset = wanted.fetch_offset,
            .last_epoch = wanted.last_fetched_epoch,
            .high_watermark = wanted.high_watermark};
}

}  // namespace

Task<> QuorumFetchHandler::serve(ExchangePtr exchange, const FetchRequest& request) {
    const bool is_allowed = exchange->context().allows(Operation::cluster_action, kCluster);
    const ErrorCode code =
        is_allowed ? check(request, exchange->version()) : ErrorCode::cluster_authorization_failed;
    if (code != ErrorCode::none) {
        Response response;
        response.error_code = code;
        exchange->reply(response);
        co_return;
    }
    const replication::RaftFetch call = call_of(request);
    const BrokerId replica = std::max(request.replica_id, request.replica_state.replica_id);
    replication::FetchVerdict verdict = raft_.fetch(replica, call);
    const Millis wait = std::clamp(request.max_wait_ms, Millis(0), kMaxWait);
    const TimePoint deadline = clock_.now() + std::chrono::milliseconds(wait.value());
    if (has_records(verdict) && request.min_bytes > 0) {
        co_await raft_.wait_fetchable(call.offset, call.high_watermark, call.epoch, deadline);
        verdict = raft_.core().check_fetch(call);
    }
    if (has_records(verdict)) {
        const std::size_t room = co_await take_memory(*exchange, request, deadline);
        answer(*exchange, request, raft_.core().check_fetch(call), room);
        co_return;
    }
    answer(*exchange, request, verdict, 0);
}

Task<std::size_t> QuorumFetchHandler::take_memory(Exchange& exchange, const FetchRequest& request,
                                                  TimePoint deadline) const {
    // Answers that are not read yet hold the memory. They are read, or their connections are
    // closed.
    constexpr Duration kPause = std::chrono::milliseconds(10);
    const std::int32_t max_bytes =
        std::min({request.max_bytes, partition_of(request).partition_max_bytes, kMaxBytes});
    const auto asked = static_cast<std::size_t>(std::max(max_bytes, 0));
    Reservation& memory = exchange.memory();
    Signal nobody;
    while (exchange.is_wanted()) {
        const std::size_t room = std::max<std::size_t>(std::min(memory.answer_room(), asked), 1);
        if (memory.try_answer(room)) {
            co_return room;
        }
        if (clock_.now() >= deadline) {
            break;
        }
        co_await shard_.wait(nobody, std::min(deadline, clock_.now() + kPause));
    }
    co_return 0;
}

ErrorCode QuorumFetchHandler::check(const FetchRequest& request, ApiVersion version) const {
    if (version < kEpochs) {
        return ErrorCode::unsupported_version;
    }
    if (request.session_id != 0) {
        return ErrorCode::fetch_session_id_not_found;
    }
    if (!wire::is_null(request.cluster_id) && request.cluster_id != cluster_id_) {
        return ErrorCode::inconsistent_cluster_id;
    }
    const bool one = request.topics.size() == 1 && request.topics[0].partitions.size() == 1 &&
                     request.topics[0].partitions[0].partition == kMetadataPartition;
    if (!one) {
        return ErrorCode::invalid_request;
    }
    if (version >= kTopicIds) {
        return request.topics[0].topic_id == kMetadataTopicId ? ErrorCode::none
                                                              : ErrorCode::unknown_topic_id;
    }
    return request.topics[0].topic == kMetadataTopic ? ErrorCode::none : ErrorCode::invalid_request;
}

void QuorumFetchHandler::answer(Exchange& exchange, const FetchRequest& request,
                                const replication::FetchVerdict& verdict, std::size_t room) {
    const replication::RaftCore& core = raft_.core();
    std::array records{ByteView()};
    std::array partitions{Response::Partition()};
    Response::Partition& partition = partitions[0];
    partition.partition_index = kMetadataPartition;
    partition.error_code = verdict.error;
    partition.current_leader.leader_id = core.leader();
    partition.current_leader.leader_epoch = core.epoch();
    // Unknown until the leader has committed in its epoch: before that its high watermark may be
    // too low, and an observer would believe that it has everything.
    // Likewise without memory for records: an observer would miss them.
    const bool lacks_records = has_records(verdict) && room == 0;
    partition.high_watermark = core.active() && !lacks_records ? core.high_watermark() : kNoOffset;
    if (verdict.diverging) {
        partition.diverging_epoch.epoch = verdict.diverging->epoch;
        partition.diverging_epoch.end_offset = verdict.diverging->end_offset;
    } else if (verdict.error == ErrorCode::none && room > 0) {
        records[0] = read(exchange, request, partition, room);
    }
    partition.records = records;
    const std::array topics{Response::Topic{
        .topic = kMetadataTopic, .topic_id = kMetadataTopicId, .partitions = partitions}};
    std::vector<Response::NodeEndpoint> nodes;
    const replication::Voter* leader = core.options().voters.find(core.leader());
    if (leader != nullptr && exchange.version() >= kLeaderAddress) {
        nodes.push_back({.node_id = leader->key.id,
                         .host = leader->endpoint.host,
                         .port = leader->endpoint.port});
    }
    Response response;
    response.responses = topics;
    response.node_endpoints = nodes;
    exchange.reply(response);
}

ByteView QuorumFetchHandler::read(Exchange& exchange, const FetchRequest& request,
                                  Response::Partition& partition, std::size_t room) {
    const Offset from = partition_of(request).fetch_offset;
    auto found = raft_.read(from, raft_.written_end_offset(), room, cursor_);
    const std::size_t used = found ? found->bytes.capacity() : 0;
    exchange.memory().return_answer(room - std::min(room, used));
    exchange.memory().add_answer(used - std::min(room, used));
    if (!found) {
        partition.error_code = found.error().code;
        return {};
    }
    partition.log_start_offset = Offset(0);
    const auto kept = std::make_shared<const Buffer>(std::move(found->bytes));
    exchange.keep(kept);
    return kept->view();
}

}  // namespace hw::broker
