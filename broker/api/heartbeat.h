#pragma once

#include "broker/api/api_services.h"
#include "broker/net/dispatcher.h"
#include "protocol/base/time.h"
#include "protocol/schema/api/heartbeat.h"

namespace hw::broker {

/// Handles Heartbeat: a member of a classic group is alive. Its coordinator must be this broker.
class HeartbeatHandler final : public MessageHandler<schema::HeartbeatRequest> {
public:
    /// `timeout`: how long an answer may wait until what it tells is replicated.
    HeartbeatHandler(ApiServices& services, Duration timeout)
        : services_(services), timeout_(timeout) {}

protected:
    [[nodiscard]] Task<> serve(ExchangePtr exchange,
                               const schema::HeartbeatRequest& request) override;

private:
    ApiServices& services_;
    Duration timeout_;
};

}  // namespace hw::broker
