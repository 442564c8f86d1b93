#pragma once

#include <cstdint>

#include "broker/api/api_services.h"
#include "broker/net/dispatcher.h"
#include "protocol/schema/api/fetch.h"
#include "replication/fetch/fetch_session_cache.h"

namespace hw::broker {

/// `replica.selector.class`: which replica a consumer should read from.
enum class ReplicaSelector : std::uint8_t { leader, rack_aware };

/// Handles Fetch of consumers and followers, with long polling (fetch_job.h), and keeps the fetch
/// sessions of the shard (session_fetch.h).
///
/// From version 11 on, a consumer may read at a follower. With `ReplicaSelector::rack_aware` the
/// leader names a follower in the consumer's rack, if there is one that is fit (KIP-392).
class FetchHandler final : public MessageHandler<schema::FetchRequest> {
public:
    FetchHandler(ApiServices& services, ReplicaSelector selector,
                 const replication::FetchSessionOptions& sessions)
        : services_(services), selector_(selector), sessions_(sessions) {}

protected:
    [[nodiscard]] Task<> serve(ExchangePtr exchange, const schema::FetchRequest& request) override;

private:
    ApiServices& services_;
    ReplicaSelector selector_;
    replication::FetchSessionCache sessions_;
};

}  // namespace hw::broker
