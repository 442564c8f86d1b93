#pragma once

#include "broker/api/api_services.h"
#include "broker/api/group_rules.h"
#include "broker/net/dispatcher.h"
#include "protocol/base/entropy.h"
#include "protocol/schema/api/consumer_group_heartbeat.h"

namespace hw::broker {

/// Handles ConsumerGroupHeartbeat (KIP-848): a client becomes a member of a consumer group, stays
/// one, or leaves it, and learns which partitions it shall have. The group's coordinator must be
/// this broker.
class ConsumerGroupHeartbeatHandler final
    : public MessageHandler<schema::ConsumerGroupHeartbeatRequest> {
public:
    /// All must outlive it.
    ConsumerGroupHeartbeatHandler(ApiServices& services, const GroupRules& rules, Entropy& entropy)
        : services_(services), timeout_(rules.commit_timeout), entropy_(entropy) {}

protected:
    [[nodiscard]] Task<> serve(ExchangePtr exchange,
                               const schema::ConsumerGroupHeartbeatRequest& request) override;

private:
    ApiServices& services_;
    Duration timeout_;  ///< for an answer to wait until what it tells is replicated
    Entropy& entropy_;
};

}  // namespace hw::broker
