#pragma once

#include "broker/api/api_services.h"
#include "broker/net/dispatcher.h"
#include "protocol/schema/api/describe_cluster.h"

namespace hw::broker {

/// DescribeCluster (KIP-700): on a broker's listener the brokers that are reached over a listener
/// of its name, on a controller's listener the controllers (KIP-919), to callers who may alter the
/// cluster. Who asks the one for the other is told so.
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
