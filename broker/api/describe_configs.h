#pragma once

#include "broker/api/api_services.h"
#include "broker/net/dispatcher.h"
#include "config/settings.h"
#include "protocol/schema/api/describe_configs.h"

namespace hw::broker {

/// Handles DescribeConfigs: lists the keys of a topic, of a group or of this node, with the source
/// of each value (KIP-226, KIP-569). The same on the listeners of brokers and controllers.
class DescribeConfigsHandler final : public MessageHandler<schema::DescribeConfigsRequest> {
public:
    /// Both must outlive it.
    DescribeConfigsHandler(ApiServices& services, const config::Settings& settings)
        : services_(services), settings_(settings) {}

protected:
    [[nodiscard]] Task<> serve(ExchangePtr exchange,
                               const schema::DescribeConfigsRequest& request) override;

private:
    ApiServices& services_;
    const config::Settings& settings_;
};

}  // namespace hw::broker
