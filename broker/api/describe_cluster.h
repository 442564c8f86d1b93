#pragma once

#include "broker/api/api_services.h"
#include "broker/net/dispatcher.h"
#include "protocol/schema/api/describe_cluster.h"

namespace hw::broker {

/// Handles DescribeCluster (KIP-700). A broker's listener lists the brokers that have a listener of
/// its name. A controller's listener lists the controllers (KIP-919), to callers that may alter the
/// cluster. A request for the other kind of node is refused.
class DescribeClusterHandler final : public MessageHandler<schema::DescribeClusterRequest> {
public:
    explicit DescribeClusterHandler(ApiServices& services) : services_(services) {}

protected:
    [[nodiscard]] Task<> serve(ExchangePtr exchange,
                               const schema::DescribeClusterRequest& request) override;

private:
    ApiServices& services_;
};

}  // namespace hw::broker
