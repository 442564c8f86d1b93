#pragma once

#include "broker/api/api_services.h"
#include "broker/net/dispatcher.h"
#include "protocol/schema/api/offset_for_leader_epoch.h"

namespace hw::broker {

/// Handles OffsetForLeaderEpoch: tells where leader epochs end in the logs of partitions that this
/// broker leads (KIP-320). So a consumer notices that records before its position were lost in an
/// unclean election. Answers for clients that may describe the topic, and for brokers.
class OffsetForLeaderEpochHandler final
    : public MessageHandler<schema::OffsetForLeaderEpochRequest> {
public:
    explicit OffsetForLeaderEpochHandler(ApiServices& services) : services_(services) {}

protected:
    [[nodiscard]] Task<> serve(ExchangePtr exchange,
                               const schema::OffsetForLeaderEpochRequest& request) override;

private:
    ApiServices& services_;
};

}  // namespace hw::broker
