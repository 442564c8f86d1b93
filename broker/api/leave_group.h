#pragma once

#include "broker/api/api_services.h"
#include "broker/net/dispatcher.h"
#include "protocol/base/time.h"
#include "protocol/schema/api/leave_group.h"

namespace hw::broker {

/// Handles LeaveGroup: members leave a classic group, or an administrator removes them. The
/// group's coordinator must be this broker.
class LeaveGroupHandler final : public MessageHandler<schema::LeaveGroupRequest> {
public:
    /// `timeout`: how long an answer may wait until what it tells is replicated.
    LeaveGroupHandler(ApiServices& services, Duration timeout)
        : services_(services), timeout_(timeout) {}

protected:
    [[nodiscard]] Task<> serve(ExchangePtr exchange,
                               const schema::LeaveGroupRequest& request) override;

private:
    ApiServices& services_;
    Duration timeout_;
};

}  // namespace hw::broker
