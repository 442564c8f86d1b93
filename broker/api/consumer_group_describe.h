#pragma once

#include "broker/api/api_services.h"
#include "broker/net/dispatcher.h"
#include "protocol/base/time.h"
#include "protocol/schema/api/consumer_group_describe.h"

namespace hw::broker {

/// Handles ConsumerGroupDescribe (KIP-848): the members of consumer groups, what each has and shall
/// have. The groups' coordinators must be this broker.
class ConsumerGroupDescribeHandler final
    : public MessageHandler<schema::ConsumerGroupDescribeRequest> {
public:
    /// `timeout`: how long an answer may wait until what it tells is replicated.
    ConsumerGroupDescribeHandler(ApiServices& services, Duration timeout)
        : services_(services), timeout_(timeout) {}

protected:
    [[nodiscard]] Task<> serve(ExchangePtr exchange,
                               const schema::ConsumerGroupDescribeRequest& request) override;

private:
    ApiServices& services_;
    Duration timeout_;
};

}  // namespace hw::broker
