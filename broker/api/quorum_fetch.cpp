#include "broker/api/quorum_fetch.h"

#include <algorithm>
#include <array>
#include <memory>

#include "replication/raft/metadata_topic.h"

namespace hw::broker {

using replication::kMetadataPartition;
using replication::kMetadataTopic;
using replication::kMetadataTopicId;
using schema::FetchRequest;
using wire::ErrorCode;

namespace {

constexpr ApiVersion kTopicIds{13};

const FetchRequest::Partition& partition_of(const FetchRequest& request) {
    return request.topics[0].partitions[0];
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
    const auto& wanted = partition_of(request);
    if (check_epoch(wanted.current_leader_epoch) == ErrorCode::none && request.min_bytes > 0) {
        const Millis wait = std::clamp(request.max_wait_ms, Millis(0), kMaxWait);
        const TimePoint deadline = clock_.now() + std::chrono::milliseconds(wait.value());
        co_await raft_.wait_committed(wanted.fetch_offset, deadline);
    }
    answer(*exchange, request);
}

ErrorCode QuorumFetchHandler::check(const FetchRequest& request, ApiVersion version) const {
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

ErrorCode QuorumFetchHandler::check_epoch(LeaderEpoch epoch) const {
    const replication::RaftCore& core = raft_.core();
    if (epoch < core.epoch()) {
        return ErrorCode::fenced_leader_epoch;
    }
    if (epoch > core.epoch()) {
        return ErrorCode::unknown_leader_epoch;
    }
    return core.leads() ? ErrorCode::none : ErrorCode::not_leader_or_follower;
}

void QuorumFetchHandler::answer(Exchange& exchange, const FetchRequest& request) {
    std::array records{ByteView()};
    std::array partitions{read(exchange, request, records[0])};
    partitions[0].records = records;
    const std::array topics{Response::Topic{
        .topic = kMetadataTopic, .topic_id = kMetadataTopicId, .partitions = partitions}};
    Response response;
    response.responses = topics;
    exchange.reply(response);
}

schema::FetchResponse::Partition QuorumFetchHandler::read(Exchange& exchange,
                                                          const FetchRequest& request,
                                                          ByteView& records) {
    const auto& wanted = partition_of(request);
    const replication::RaftCore& core = raft_.core();
    Response::Partition partition;
    partition.partition_index = kMetadataPartition;
    partition.error_code = check_epoch(wanted.current_leader_epoch);
    partition.current_leader.leader_id = core.leader();
    partition.current_leader.leader_epoch = core.epoch();
    partition.high_watermark = kNoOffset;
    if (partition.error_code != ErrorCode::none) {
        return partition;
    }
    const std::int32_t max_bytes =
        std::min({request.max_bytes, wanted.partition_max_bytes, kMaxBytes});
    auto found =
        raft_.read(wanted.fetch_offset, static_cast<std::size_t>(std::max(max_bytes, 0)), cursor_);
    if (!found) {
        partition.error_code = found.error().code;
        return partition;
    }
    // Unknown until the leader has committed in its epoch: before that its high watermark may be
    // too low, and an observer would believe that it has everything.
    partition.high_watermark = core.active() ? core.high_watermark() : kNoOffset;
    partition.log_start_offset = Offset(0);
    const auto kept = std::make_shared<const Buffer>(std::move(found->bytes));
    records = kept->view();
    exchange.keep(kept);
    return partition;
}

}  // namespace hw::broker
