#pragma once

#include "broker/api/api_services.h"
#include "broker/net/dispatcher.h"
#include "protocol/base/time.h"
#include "protocol/schema/api/list_groups.h"

namespace hw::broker {

/// Handles ListGroups: the groups that this broker coordinates.
class ListGroupsHandler final : public MessageHandler<schema::ListGroupsRequest> {
public:
    /// `timeout`: how long an answer may wait until what it tells is replicated.
    ListGroupsHandler(ApiServices& services, Duration timeout)
        : services_(services), timeout_(timeout) {}

protected:
    [[nodiscard]] Task<> serve(ExchangePtr exchange,
                               const schema::ListGroupsRequest& request) override;

private:
    ApiServices& services_;
    Duration timeout_;
};

}  // namespace hw::broker
