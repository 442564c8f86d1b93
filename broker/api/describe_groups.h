#pragma once

#include "broker/api/api_services.h"
#include "broker/net/dispatcher.h"
#include "protocol/base/time.h"
#include "protocol/schema/api/describe_groups.h"

namespace hw::broker {

/// Handles DescribeGroups: state and members of classic groups. Their coordinator must be this
/// broker.
class DescribeGroupsHandler final : public MessageHandler<schema::DescribeGroupsRequest> {
public:
    /// `timeout`: how long an answer may wait until what it tells is replicated.
    DescribeGroupsHandler(ApiServices& services, Duration timeout)
        : services_(services), timeout_(timeout) {}

protected:
    [[nodiscard]] Task<> serve(ExchangePtr exchange,
                               const schema::DescribeGroupsRequest& request) override;

private:
    ApiServices& services_;
    Duration timeout_;
};

}  // namespace hw::broker
