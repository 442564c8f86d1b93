#include "replication/raft/raft_wire.h"

#include <array>
#include <utility>
#include <vector>

#include "replication/raft/metadata_topic.h"

namespace hw::replication {
namespace {

using schema::BeginQuorumEpochRequest;
using schema::EndQuorumEpochRequest;
using schema::FetchRequest;
using schema::VoteRequest;

constexpr ApiVersion kVoteVersion{2};
constexpr ApiVersion kEpochVersion{1};
constexpr std::size_t kMemoryFactor = 16;

template <class Request>
Result<EncodedCall> encoded(const Request& request, ApiVersion version) {
    HW_TRY(body, wire::encode_message(request, version));
    return EncodedCall{.key = Request::kKey, .version = version, .body = std::move(body)};
}

Result<EncodedCall> encode(BrokerId to, const VoteCall& call, const RaftSender& sender) {
    VoteRequest::Partition partition;
    partition.partition_index = kMetadataPartition;
    partition.replica_epoch = call.epoch;
    partition.replica_id = call.candidate;
    partition.replica_directory_id = sender.self.directory;
    partition.last_offset_epoch = call.log.epoch;
    partition.last_offset = call.log.end_offset;
    partition.pre_vote = call.kind == VoteKind::pre_vote;
    const std::array partitions{partition};
    VoteRequest::Topic topic;
    topic.topic_name = kMetadataTopic;
    topic.partitions = partitions;
    const std::array topics{topic};
    VoteRequest request;
    request.cluster_id = sender.cluster_id;
    request.voter_id = to;
    request.topics = topics;
    return encoded(request, kVoteVersion);
}

Result<EncodedCall> encode(BrokerId to, const BeginEpochCall& call, const RaftSender& sender) {
    BeginQuorumEpochRequest::Partition partition;
    partition.partition_index = kMetadataPartition;
    partition.leader_id = call.leader;
    partition.leader_epoch = call.epoch;
    const std::array partitions{partition};
    BeginQuorumEpochRequest::Topic topic;
    topic.topic_name = kMetadataTopic;
    topic.partitions = partitions;
    const std::array topics{topic};
    const std::array endpoints{BeginQuorumEpochRequest::Endpoint{
        .name = sender.listener, .host = sender.endpoint.host, .port = sender.endpoint.port}};
    BeginQuorumEpochRequest request;
    request.cluster_id = sender.cluster_id;
    request.voter_id = to;
    request.topics = topics;
    request.leader_endpoints = endpoints;
    return encoded(request, kEpochVersion);
}

Result<EncodedCall> encode(BrokerId, const EndEpochCall& call, const RaftSender& sender) {
    std::vector<EndQuorumEpochRequest::Candidate> candidates;
    for (const BrokerId id : call.successors) {
        candidates.push_back({.candidate_id = id, .candidate_directory_id = {}});
    }
    EndQuorumEpochRequest::Partition partition;
    partition.partition_index = kMetadataPartition;
    partition.leader_id = call.leader;
    partition.leader_epoch = call.epoch;
    partition.preferred_candidates = candidates;
    const std::array partitions{partition};
    EndQuorumEpochRequest::Topic topic;
    topic.topic_name = kMetadataTopic;
    topic.partitions = partitions;
    const std::array topics{topic};
    const std::array endpoints{EndQuorumEpochRequest::Endpoint{
        .name = sender.listener, .host = sender.endpoint.host, .port = sender.endpoint.port}};
    EndQuorumEpochRequest request;
    request.cluster_id = sender.cluster_id;
    request.topics = topics;
    request.leader_endpoints = endpoints;
    return encoded(request, kEpochVersion);
}

template <class Response>
Result<EpochAnswer> decode_as(PeerAnswer response, ApiVersion version) {
    HW_TRY(message, std::move(response).decode<Response>(version, kMemoryFactor));
    if (message->error_code != wire::ErrorCode::none) {
        return fail(ErrorKind::unsupported, "it refuses: {}", message->error_code);
    }
    if (message->topics.size() != 1 || message->topics[0].partitions.size() != 1) {
        return fail(ErrorKind::corrupt, "its answer does not name the metadata log");
    }
    const auto& partition = message->topics[0].partitions[0];
    EpochAnswer answer{.error = partition.error_code,
                       .epoch = partition.leader_epoch,
                       .leader = partition.leader_id};
    if constexpr (requires { partition.vote_granted; }) {
        answer.vote_granted = partition.vote_granted;
    }
    return answer;
}

/// The partition of a request that names only the metadata log. Errors: invalid.
template <class Request>
Result<const typename Request::Partition*> only_partition(const Request& request) {
    if (!names_only_metadata_log(request)) {
        return fail(ErrorKind::invalid, "the request names other partitions than {}-{}",
                    kMetadataTopic, kMetadataPartition);
    }
    return &request.topics[0].partitions[0];
}

}  // namespace

Result<EncodedCall> encode_call(const RaftCall& call, const RaftSender& sender) {
    return std::visit([&](const auto& body) { return encode(call.to, body, sender); }, call.body);
}

Result<EpochAnswer> decode_answer(const RaftCall& call, PeerAnswer response) {
    if (std::holds_alternative<VoteCall>(call.body)) {
        return decode_as<schema::VoteResponse>(std::move(response), kVoteVersion);
    }
    if (std::holds_alternative<BeginEpochCall>(call.body)) {
        return decode_as<schema::BeginQuorumEpochResponse>(std::move(response), kEpochVersion);
    }
    return decode_as<schema::EndQuorumEpochResponse>(std::move(response), kEpochVersion);
}

Result<EncodedCall> encode_fetch(const RaftFetch& call, const RaftSender& sender,
                                 std::chrono::milliseconds max_wait) {
    FetchRequest::Partition partition;
    partition.partition = kMetadataPartition;
    partition.current_leader_epoch = call.epoch;
    partition.fetch_offset = call.offset;
    partition.last_fetched_epoch = call.last_epoch;
    partition.partition_max_bytes = kRaftFetchMaxBytes;
    partition.replica_directory_id = sender.self.directory;
    partition.high_watermark = call.high_watermark;
    const std::array partitions{partition};
    FetchRequest::Topic topic;
    topic.topic_id = kMetadataTopicId;
    topic.partitions = partitions;
    const std::array topics{topic};
    FetchRequest request;
    request.cluster_id = sender.cluster_id;
    request.replica_state.replica_id = sender.self.id;
    request.max_wait_ms = Millis(static_cast<std::int32_t>(max_wait.count()));
    request.min_bytes = 1;
    request.max_bytes = kRaftFetchMaxBytes;
    request.topics = topics;
    return encoded(request, kRaftFetchVersion);
}

Result<FetchReply> decode_fetch(PeerAnswer response) {
    auto decoded =
        std::move(response).decode<schema::FetchResponse>(kRaftFetchVersion, kMemoryFactor);
    if (!decoded) {
        return decoded;
    }
    const FetchReply& reply = *decoded;
    if (reply->error_code != wire::ErrorCode::none) {
        return fail(ErrorKind::unsupported, "it refuses: {}", reply->error_code);
    }
    if (reply->responses.size() != 1 || reply->responses[0].partitions.size() != 1) {
        return fail(ErrorKind::corrupt, "its answer does not contain the metadata log");
    }
    return decoded;
}

RaftFetchAnswer fetch_answer(const FetchReply& reply) {
    const auto& partition = reply->responses[0].partitions[0];
    RaftFetchAnswer answer{.error = partition.error_code,
                           .epoch = partition.current_leader.leader_epoch,
                           .leader = partition.current_leader.leader_id,
                           .diverging = {},
                           .high_watermark = partition.high_watermark,
                           .has_records = !fetched_records(reply).empty()};
    if (partition.diverging_epoch.epoch >= LeaderEpoch(0)) {
        answer.diverging = LogEnd{.epoch = partition.diverging_epoch.epoch,
                                  .end_offset = partition.diverging_epoch.end_offset};
    }
    return answer;
}

bool wants_snapshot(const FetchReply& reply) {
    return reply->responses[0].partitions[0].snapshot_id.end_offset >= Offset(0);
}

ByteView fetched_records(const FetchReply& reply) {
    const auto& records = reply->responses[0].partitions[0].records;
    return records.empty() ? ByteView() : records[0];
}

Result<VoteCall> call_of(const schema::VoteRequest& request) {
    HW_TRY(partition, only_partition(request));
    return VoteCall{
        .kind = partition->pre_vote ? VoteKind::pre_vote : VoteKind::vote,
        .epoch = partition->replica_epoch,
        .candidate = partition->replica_id,
        .log = {.epoch = partition->last_offset_epoch, .end_offset = partition->last_offset}};
}

Result<BeginEpochCall> call_of(const schema::BeginQuorumEpochRequest& request) {
    HW_TRY(partition, only_partition(request));
    return BeginEpochCall{.epoch = partition->leader_epoch, .leader = partition->leader_id};
}

Result<EndEpochCall> call_of(const schema::EndQuorumEpochRequest& request) {
    HW_TRY(partition, only_partition(request));
    EndEpochCall call{
        .epoch = partition->leader_epoch, .leader = partition->leader_id, .successors = {}};
    for (const BrokerId id : partition->preferred_successors) {
        call.successors.push_back(id);
    }
    for (const auto& candidate : partition->preferred_candidates) {
        call.successors.push_back(candidate.candidate_id);
    }
    return call;
}

}  // namespace hw::replication
