#pragma once

#include <chrono>
#include <string>

#include "protocol/base/bytes.h"
#include "protocol/base/ids.h"
#include "protocol/base/network.h"
#include "protocol/base/result.h"
#include "protocol/schema/api/begin_quorum_epoch.h"
#include "protocol/schema/api/end_quorum_epoch.h"
#include "protocol/schema/api/fetch.h"
#include "protocol/schema/api/vote.h"
#include "protocol/schema/api_table.h"
#include "protocol/wire/decoded_message.h"
#include "protocol/wire/encode_message.h"
#include "replication/peer/peer_client.h"
#include "replication/raft/raft_messages.h"
#include "replication/raft/voter_set.h"

namespace hw::replication {

/// What a node says of itself in its requests to the quorum.
struct RaftSender {
    std::string cluster_id;
    ReplicaKey self;
    std::string listener;  ///< name of its controller listener
    Endpoint endpoint;     ///< address of that listener
};

/// An encoded request.
struct EncodedCall {
    schema::ApiKey key;
    ApiVersion version;
    wire::Encoded body;
};

[[nodiscard]] Result<EncodedCall> encode_call(const RaftCall& call, const RaftSender& sender);
/// The answer to `call`. Errors: corrupt; unsupported (the peer
/// refuses the request as a whole).
[[nodiscard]] Result<EpochAnswer> decode_answer(const RaftCall& call, PeerAnswer response);

inline constexpr ApiVersion kRaftFetchVersion{18};
/// Longest time that a leader holds back an answer without news (fetch.max.wait.ms).
inline constexpr std::chrono::milliseconds kRaftFetchMaxWait{500};
inline constexpr std::int32_t kRaftFetchMaxBytes = 8 << 20;

using FetchReply = wire::DecodedMessage<schema::FetchResponse>;

[[nodiscard]] Result<EncodedCall> encode_fetch(const RaftFetch& call, const RaftSender& sender,
                                               std::chrono::milliseconds max_wait);
/// The decoded answer to a Fetch of the metadata log; it has that one partition. Errors: corrupt;
/// unsupported (the peer refuses the request as a whole).
[[nodiscard]] Result<FetchReply> decode_fetch(PeerAnswer response);
[[nodiscard]] RaftFetchAnswer fetch_answer(const FetchReply& reply);
[[nodiscard]] ByteView fetched_records(const FetchReply& reply);
/// Whether the leader has removed the records that were asked for, and offers a snapshot (KIP-630).
[[nodiscard]] bool wants_snapshot(const FetchReply& reply);

/// The calls in requests of other nodes. Errors: invalid (the request does not name the metadata
/// log).
[[nodiscard]] Result<VoteCall> call_of(const schema::VoteRequest& request);
[[nodiscard]] Result<BeginEpochCall> call_of(const schema::BeginQuorumEpochRequest& request);
[[nodiscard]] Result<EndEpochCall> call_of(const schema::EndQuorumEpochRequest& request);

}  // namespace hw::replication
