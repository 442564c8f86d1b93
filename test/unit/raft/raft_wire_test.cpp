#include "replication/raft/raft_wire.h"

#include <array>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "replication/raft/metadata_topic.h"
#include "test/support/wire_client.h"
#include "test/unit/raft/quorum_setup.h"

namespace hw::replication {
namespace {

using schema::BeginQuorumEpochRequest;
using schema::EndQuorumEpochRequest;
using schema::FetchRequest;
using schema::FetchResponse;
using schema::VoteRequest;
using schema::VoteResponse;
using wire::ErrorCode;

const RaftSender kSender{.cluster_id = "cluster",
                         .self = {kOne, DirectoryId(Uuid{7, 8})},
                         .listener = "CONTROLLER",
                         .endpoint = {"host", 9001}};
const VoteCall kVote{
    .kind = VoteKind::vote, .epoch = LeaderEpoch(5), .candidate = kOne, .log = end_at(4, 99)};
const RaftCall kVoteCall{kTwo, kVote};

Buffer buffer_of(const wire::Encoded& encoded) {
    std::string text;
    test::append(text, encoded);
    Buffer buffer(text.size());
    std::ranges::copy(as_bytes(text), buffer.data());
    return buffer;
}

template <class Message>
wire::DecodedMessage<Message> decoded(const wire::Encoded& encoded, ApiVersion version) {
    wire::DecodedMessage<Message> message(buffer_of(encoded), 16);
    REQUIRE(message.read(version));
    return message;
}

/// `message`, as its receiver gets it.
template <class Message>
wire::DecodedMessage<Message> sent(const Message& message, std::int16_t version) {
    const auto encoded = wire::encode_message(message, ApiVersion(version));
    REQUIRE(encoded);
    return decoded<Message>(*encoded, ApiVersion(version));
}

/// The request for `call`, as its receiver gets it.
template <class Request>
wire::DecodedMessage<Request> sent(const RaftCall& call) {
    const auto encoded = encode_call(call, kSender);
    REQUIRE(encoded);
    REQUIRE(encoded->key == Request::kKey);
    return decoded<Request>(encoded->body, encoded->version);
}

/// The partition of a response, in the topic of the metadata log.
template <class Response>
struct OnePartition {
    explicit OnePartition(const typename Response::Partition& partition) : partitions{partition} {
        topics[0].topic_name = kMetadataTopic;
        topics[0].partitions = partitions;
        response.topics = topics;
    }
    OnePartition(const OnePartition&) = delete;
    OnePartition& operator=(const OnePartition&) = delete;

    std::array<typename Response::Partition, 1> partitions;
    std::array<typename Response::Topic, 1> topics;
    Response response;
};

// --- Requests

TEST_CASE("raft wire: votes and pre-votes arrive as they were sent", "[raft][wire]") {
    for (const VoteKind kind : {VoteKind::vote, VoteKind::pre_vote}) {
        VoteCall call = kVote;
        call.kind = kind;
        const auto request = sent<VoteRequest>({kTwo, call});
        CHECK(request->cluster_id == "cluster");
        CHECK(request->voter_id == kTwo);
        CHECK(request->topics[0].partitions[0].replica_directory_id == kSender.self.directory);
        CHECK(call_of(*request) == call);
    }
}

TEST_CASE("raft wire: the announcement of a leader arrives as it was sent", "[raft][wire]") {
    const BeginEpochCall call{LeaderEpoch(5), kOne};
    const auto request = sent<BeginQuorumEpochRequest>({kThree, call});
    CHECK(request->cluster_id == "cluster");
    CHECK(request->voter_id == kThree);
    REQUIRE(request->leader_endpoints.size() == 1);
    CHECK(request->leader_endpoints[0].name == "CONTROLLER");
    CHECK(request->leader_endpoints[0].host == "host");
    CHECK(request->leader_endpoints[0].port == 9001);
    CHECK(call_of(*request) == call);
}

TEST_CASE("raft wire: the end of an epoch arrives with the successors in order", "[raft][wire]") {
    const EndEpochCall call{LeaderEpoch(5), kOne, {kThree, kTwo}};
    const auto request = sent<EndQuorumEpochRequest>({kTwo, call});
    CHECK(request->cluster_id == "cluster");
    REQUIRE(request->leader_endpoints.size() == 1);
    CHECK(call_of(*request) == call);
}

TEST_CASE("raft wire: the extreme values arrive as they were sent", "[raft][wire]") {
    const VoteCall call{.kind = VoteKind::vote,
                        .epoch = LeaderEpoch(kMaxEpoch),
                        .candidate = BrokerId(INT32_MIN),
                        .log = end_at(-1, INT64_MAX)};
    CHECK(call_of(*sent<VoteRequest>({kTwo, call})) == call);
}

TEST_CASE("raft wire: a vote request of version 0 or 1 is a vote", "[raft][wire]") {
    for (std::int16_t version = 0; version <= 1; ++version) {
        VoteRequest::Partition partition{.replica_epoch = LeaderEpoch(5),
                                         .replica_id = kOne,
                                         .last_offset_epoch = LeaderEpoch(4),
                                         .last_offset = Offset(99)};
        OnePartition<VoteRequest> message(partition);
        const auto request = sent(message.response, version);
        CHECK(call_of(*request) == kVote);
        CHECK(request->voter_id == kNoBroker);
    }
}

TEST_CASE("raft wire: an announcement of version 0 names no receiver", "[raft][wire]") {
    OnePartition<BeginQuorumEpochRequest> message(
        {.leader_id = kOne, .leader_epoch = LeaderEpoch(5)});
    const auto request = sent(message.response, 0);
    CHECK(call_of(*request) == BeginEpochCall{LeaderEpoch(5), kOne});
    CHECK(request->voter_id == kNoBroker);
}

TEST_CASE("raft wire: the successors in version 0 are ids", "[raft][wire]") {
    const std::array successors{kThree, kTwo};
    OnePartition<EndQuorumEpochRequest> message(
        {.leader_id = kOne, .leader_epoch = LeaderEpoch(5), .preferred_successors = successors});
    CHECK(call_of(*sent(message.response, 0)) ==
          EndEpochCall{LeaderEpoch(5), kOne, {kThree, kTwo}});
}

/// Checks that requests for anything but the metadata log are refused.
template <class Request>
void check_other_partitions() {
    const auto is_refused = [](const Request& request) {
        const auto call = call_of(request);
        return !call && call.error().kind == ErrorKind::invalid;
    };
    OnePartition<Request> good({});
    CHECK(call_of(good.response));

    CHECK(is_refused({}));

    OnePartition<Request> other_topic({});
    other_topic.topics[0].topic_name = "topic";
    CHECK(is_refused(other_topic.response));

    OnePartition<Request> other_partition({});
    other_partition.partitions[0].partition_index = PartitionIndex(1);
    CHECK(is_refused(other_partition.response));

    OnePartition<Request> no_partition({});
    no_partition.topics[0].partitions = {};
    CHECK(is_refused(no_partition.response));

    OnePartition<Request> two_partitions({});
    const std::array partitions{two_partitions.partitions[0], two_partitions.partitions[0]};
    two_partitions.topics[0].partitions = partitions;
    CHECK(is_refused(two_partitions.response));

    OnePartition<Request> two_topics({});
    const std::array topics{two_topics.topics[0], two_topics.topics[0]};
    two_topics.response.topics = topics;
    CHECK(is_refused(two_topics.response));
}

TEST_CASE("raft wire: requests for anything but the metadata log are refused", "[raft][wire]") {
    check_other_partitions<VoteRequest>();
    check_other_partitions<BeginQuorumEpochRequest>();
    check_other_partitions<EndQuorumEpochRequest>();
}

// --- Answers

TEST_CASE("raft wire: the answer to a vote says who leads, and if the vote was granted",
          "[raft][wire]") {
    const OnePartition<VoteResponse> message({.error_code = ErrorCode::fenced_leader_epoch,
                                              .leader_id = kThree,
                                              .leader_epoch = LeaderEpoch(6),
                                              .vote_granted = true});
    const auto body = wire::encode_message(message.response, ApiVersion(2));
    const auto answer = decode_answer(kVoteCall, buffer_of(*body));
    REQUIRE(answer);
    CHECK(*answer == EpochAnswer{.error = ErrorCode::fenced_leader_epoch,
                                 .epoch = LeaderEpoch(6),
                                 .leader = kThree,
                                 .vote_granted = true});
}

TEST_CASE("raft wire: the answers to other requests grant no vote", "[raft][wire]") {
    const EpochAnswer expected{.epoch = LeaderEpoch(6), .leader = kThree};
    const OnePartition<schema::BeginQuorumEpochResponse> begin(
        {.leader_id = kThree, .leader_epoch = LeaderEpoch(6)});
    const auto begin_body = wire::encode_message(begin.response, ApiVersion(1));
    CHECK(decode_answer({kTwo, BeginEpochCall{}}, buffer_of(*begin_body)) == expected);
    const OnePartition<schema::EndQuorumEpochResponse> end(
        {.leader_id = kThree, .leader_epoch = LeaderEpoch(6)});
    const auto end_body = wire::encode_message(end.response, ApiVersion(1));
    CHECK(decode_answer({kTwo, EndEpochCall{}}, buffer_of(*end_body)) == expected);
}

TEST_CASE("raft wire: an answer that refuses the whole request is an error", "[raft][wire]") {
    VoteResponse response;
    response.error_code = ErrorCode::inconsistent_cluster_id;
    const auto body = wire::encode_message(response, ApiVersion(2));
    const auto answer = decode_answer(kVoteCall, buffer_of(*body));
    REQUIRE_FALSE(answer);
    CHECK(answer.error().kind == ErrorKind::unsupported);
    CHECK_THAT(answer.error().message, Catch::Contains("INCONSISTENT_CLUSTER_ID"));
}

TEST_CASE("raft wire: an answer without the metadata log is corrupt", "[raft][wire]") {
    const auto empty = wire::encode_message(VoteResponse(), ApiVersion(2));
    CHECK(decode_answer(kVoteCall, buffer_of(*empty)).error().kind == ErrorKind::corrupt);
    OnePartition<VoteResponse> bare({});
    bare.topics[0].partitions = {};
    const auto body = wire::encode_message(bare.response, ApiVersion(2));
    CHECK(decode_answer(kVoteCall, buffer_of(*body)).error().kind == ErrorKind::corrupt);
}

TEST_CASE("raft wire: an answer that is cut off is corrupt", "[raft][wire]") {
    const OnePartition<VoteResponse> message({});
    const Buffer whole = buffer_of(*wire::encode_message(message.response, ApiVersion(2)));
    for (std::size_t size = 0; size < whole.size(); ++size) {
        Buffer cut(size);
        std::copy_n(whole.data(), size, cut.data());
        const auto answer = decode_answer(kVoteCall, std::move(cut));
        REQUIRE_FALSE(answer);
        CHECK(answer.error().kind == ErrorKind::corrupt);
    }
}

// --- Fetch

TEST_CASE("raft wire: a fetch names the metadata log, its sender and the end of its log",
          "[raft][wire]") {
    const RaftFetch call{.to = kTwo,
                         .epoch = LeaderEpoch(5),
                         .offset = Offset(99),
                         .last_epoch = LeaderEpoch(4),
                         .high_watermark = Offset(90)};
    const auto encoded = encode_fetch(call, kSender, kRaftFetchMaxWait);
    REQUIRE(encoded);
    const auto request = decoded<FetchRequest>(encoded->body, encoded->version);
    CHECK(request->cluster_id == "cluster");
    CHECK(request->replica_state.replica_id == kOne);
    CHECK(request->session_id == 0);
    REQUIRE(request->topics.size() == 1);
    CHECK(request->topics[0].topic_id == kMetadataTopicId);
    REQUIRE(request->topics[0].partitions.size() == 1);
    const auto& partition = request->topics[0].partitions[0];
    CHECK(partition.partition == kMetadataPartition);
    CHECK(partition.current_leader_epoch == LeaderEpoch(5));
    CHECK(partition.fetch_offset == Offset(99));
    CHECK(partition.last_fetched_epoch == LeaderEpoch(4));
    CHECK(partition.high_watermark == Offset(90));
    CHECK(partition.replica_directory_id == kSender.self.directory);
}

/// The answer to a fetch that contains `partition`.
Result<FetchReply> fetch_reply(const FetchResponse::Partition& partition) {
    const std::array partitions{partition};
    const std::array topics{
        FetchResponse::Topic{.topic_id = kMetadataTopicId, .partitions = partitions}};
    FetchResponse response;
    response.responses = topics;
    const auto body = wire::encode_message(response, kRaftFetchVersion);
    REQUIRE(body);
    return decode_fetch(buffer_of(*body));
}

TEST_CASE("raft wire: the answer to a fetch brings the high watermark and records",
          "[raft][wire]") {
    const std::string bytes = "records";
    const std::array records{as_bytes(bytes)};
    FetchResponse::Partition partition;
    partition.high_watermark = Offset(95);
    partition.current_leader = {.leader_id = kTwo, .leader_epoch = LeaderEpoch(5)};
    partition.records = records;
    const auto reply = fetch_reply(partition);
    REQUIRE(reply);
    CHECK(fetch_answer(*reply) == RaftFetchAnswer{.epoch = LeaderEpoch(5),
                                                  .leader = kTwo,
                                                  .diverging = {},
                                                  .high_watermark = Offset(95),
                                                  .has_records = true});
    CHECK(as_text(fetched_records(*reply)) == "records");
}

TEST_CASE("raft wire: the answer to a fetch may say where the logs diverge", "[raft][wire]") {
    FetchResponse::Partition partition;
    partition.diverging_epoch = {.epoch = LeaderEpoch(3), .end_offset = Offset(20)};
    const auto reply = fetch_reply(partition);
    REQUIRE(reply);
    CHECK(fetch_answer(*reply).diverging == end_at(3, 20));
    CHECK_FALSE(fetch_answer(*reply).has_records);
    CHECK(fetched_records(*reply).empty());
}

TEST_CASE("raft wire: an answer to a fetch that says nothing of epochs names no leader",
          "[raft][wire]") {
    const auto reply = fetch_reply({});
    REQUIRE(reply);
    CHECK(fetch_answer(*reply).epoch == kNoLeaderEpoch);
    CHECK(fetch_answer(*reply).leader == kNoBroker);
    CHECK_FALSE(fetch_answer(*reply).diverging);
}

TEST_CASE("raft wire: an answer to a fetch without the metadata log is corrupt", "[raft][wire]") {
    const auto empty = wire::encode_message(FetchResponse(), kRaftFetchVersion);
    CHECK(decode_fetch(buffer_of(*empty)).error().kind == ErrorKind::corrupt);
}

TEST_CASE("raft wire: an answer that refuses the whole fetch is an error", "[raft][wire]") {
    FetchResponse response;
    response.error_code = ErrorCode::cluster_authorization_failed;
    const auto body = wire::encode_message(response, kRaftFetchVersion);
    CHECK(decode_fetch(buffer_of(*body)).error().kind == ErrorKind::unsupported);
}

}  // namespace
}  // namespace hw::replication
