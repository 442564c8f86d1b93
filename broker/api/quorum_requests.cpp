#include "broker/api/quorum_requests.h"

#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "replication/raft/metadata_topic.h"

namespace hw::broker {

using replication::EpochAnswer;
using replication::kMetadataPartition;
using replication::kMetadataTopic;
using wire::ErrorCode;

namespace {

template <class Request>
struct Answered;
template <>
struct Answered<schema::VoteRequest> {
    using Response = schema::VoteResponse;
};
template <>
struct Answered<schema::BeginQuorumEpochRequest> {
    using Response = schema::BeginQuorumEpochResponse;
};
template <>
struct Answered<schema::EndQuorumEpochRequest> {
    using Response = schema::EndQuorumEpochResponse;
};

/// The first versions of the answers with the addresses of nodes (KIP-853).
constexpr ApiVersion kLeaderAddress{1};
constexpr ApiVersion kVoterAddresses{2};

using MaybeAnswer = std::optional<EpochAnswer>;

Task<MaybeAnswer> ask(replication::RaftNode& raft, const replication::VoteCall& call) {
    return raft.vote(call);
}
Task<MaybeAnswer> ask(replication::RaftNode& raft, const replication::BeginEpochCall& call) {
    return raft.begin_epoch(call);
}
Task<MaybeAnswer> ask(replication::RaftNode& raft, const replication::EndEpochCall& call) {
    return raft.end_epoch(call);
}

template <class Request>
ErrorCode check(const Exchange& exchange, const Request& request, const std::string& cluster_id) {
    if (!exchange.context().allows(Operation::cluster_action, kCluster)) {
        return ErrorCode::cluster_authorization_failed;
    }
    if (!wire::is_null(request.cluster_id) && request.cluster_id != cluster_id) {
        return ErrorCode::inconsistent_cluster_id;
    }
    return ErrorCode::none;
}

/// Whether the request is meant for the voter `self`; older versions do not say.
template <class Request>
bool is_meant_for(BrokerId self, const Request& request) {
    if constexpr (requires { request.voter_id; }) {
        return request.voter_id == kNoBroker || request.voter_id == self;
    }
    return true;
}

template <class Response>
void refuse(Exchange& exchange, ErrorCode code) {
    Response response;
    response.error_code = code;
    exchange.reply(response);
}

template <class Response>
void reply(Exchange& exchange, const EpochAnswer& answer, const replication::VoterSet& voters) {
    typename Response::Partition partition;
    partition.partition_index = kMetadataPartition;
    partition.error_code = answer.error;
    partition.leader_id = answer.leader;
    partition.leader_epoch = answer.epoch;
    if constexpr (requires { partition.vote_granted; }) {
        partition.vote_granted = answer.vote_granted;
    }
    const std::array partitions{partition};
    typename Response::Topic topic;
    topic.topic_name = kMetadataTopic;
    topic.partitions = partitions;
    const std::array topics{topic};
    std::vector<typename Response::NodeEndpoint> nodes;
    const replication::Voter* leader = voters.find(answer.leader);
    if (leader != nullptr && exchange.version() >= kLeaderAddress) {
        nodes.push_back({.node_id = leader->key.id,
                         .host = leader->endpoint.host,
                         .port = leader->endpoint.port});
    }
    Response response;
    response.topics = topics;
    response.node_endpoints = nodes;
    exchange.reply(response);
}

}  // namespace

template <class Request>
Task<> QuorumRequestHandler<Request>::serve(ExchangePtr exchange, const Request& request) {
    using Response = typename Answered<Request>::Response;
    const replication::RaftOptions& options = raft_.core().options();
    if (const ErrorCode code = check(*exchange, request, cluster_id_); code != ErrorCode::none) {
        refuse<Response>(*exchange, code);
        co_return;
    }
    const auto call = replication::call_of(request);
    if (!call) {
        refuse<Response>(*exchange, ErrorCode::invalid_request);
        co_return;
    }
    if (!is_meant_for(options.self.id, request)) {
        const EpochAnswer answer{.error = ErrorCode::invalid_voter_key,
                                 .epoch = raft_.core().epoch(),
                                 .leader = raft_.core().leader()};
        reply<Response>(*exchange, answer, options.voters);
        co_return;
    }
    const auto answer = co_await ask(raft_, *call);
    if (answer) {
        reply<Response>(*exchange, *answer, options.voters);
    } else {
        exchange->reject(Error{ErrorKind::closed, "this controller is ending"});
    }
}

template class QuorumRequestHandler<schema::VoteRequest>;
template class QuorumRequestHandler<schema::BeginQuorumEpochRequest>;
template class QuorumRequestHandler<schema::EndQuorumEpochRequest>;

// --- DescribeQuorum

Task<> DescribeQuorumHandler::serve(ExchangePtr exchange,
                                    const schema::DescribeQuorumRequest& request) {
    Response response;
    if (!exchange->context().allows(Operation::describe, kCluster)) {
        response.error_code = ErrorCode::cluster_authorization_failed;
        exchange->reply(response);
        return done();
    }
    const replication::RaftCore& core = raft_.core();
    std::vector<Response::Replica> voters;
    std::vector<Response::Replica> observers;
    std::vector<Response::Node> nodes;
    std::vector<std::array<Response::Listener, 1>> listeners;
    Response::Partition partition;
    partition.partition_index = kMetadataPartition;
    partition.leader_id = core.leader();
    partition.leader_epoch = core.epoch();
    partition.high_watermark = core.active() ? core.high_watermark() : kNoOffset;
    const auto* leader = std::get_if<replication::Leader>(&core.role());
    if (!replication::names_only_metadata_log(request)) {
        partition.error_code = ErrorCode::unknown_topic_or_partition;
        partition.error_message = "the quorum has one partition, __cluster_metadata-0";
    } else if (leader == nullptr) {
        // A broker that forwarded the request sends it to the next leader.
        exchange->set_error(ErrorCode::not_controller);
        partition.error_code = ErrorCode::not_leader_or_follower;
        partition.error_message = "this controller does not lead the quorum";
    } else {
        const replication::ReplicaProgress own{.end_offset = core.log().end().end_offset,
                                               .last_contact = clock_.now(),
                                               .last_caught_up = clock_.now(),
                                               .leader_end_offset = {}};
        voters.push_back(describe(core.options().self.id, own));
        for (const auto& [id, progress] : leader->voters) {
            voters.push_back(describe(id, progress));
        }
        for (const auto& [id, progress] : leader->observers) {
            observers.push_back(describe(id, progress));
        }
        for (const replication::Voter& voter : core.options().voters.voters()) {
            listeners.push_back({Response::Listener{
                .name = listener_, .host = voter.endpoint.host, .port = voter.endpoint.port}});
        }
        for (std::size_t i = 0; i < listeners.size(); ++i) {
            nodes.push_back(
                {.node_id = core.options().voters.voters()[i].key.id, .listeners = listeners[i]});
        }
    }
    partition.current_voters = voters;
    partition.observers = observers;
    const std::array partitions{partition};
    const std::array topics{
        Response::Topic{.topic_name = kMetadataTopic, .partitions = partitions}};
    response.topics = topics;
    if (exchange->version() >= kVoterAddresses) {
        response.nodes = nodes;
    }
    exchange->reply(response);
    return done();
}

DescribeQuorumHandler::Response::Replica DescribeQuorumHandler::describe(
    BrokerId id, const replication::ReplicaProgress& progress) const {
    return {.replica_id = id,
            .replica_directory_id = {},
            .log_end_offset = progress.end_offset,
            .last_fetch_timestamp =
                progress.end_offset == kNoOffset ? kNoTimestamp : wall_time(progress.last_contact),
            .last_caught_up_timestamp = wall_time(progress.last_caught_up)};
}

Timestamp DescribeQuorumHandler::wall_time(TimePoint when) const {
    if (when == kNever) {
        return kNoTimestamp;
    }
    const auto ago = std::chrono::duration_cast<std::chrono::milliseconds>(clock_.now() - when);
    return clock_.wall_now() - ago.count();
}

}  // namespace hw::broker
