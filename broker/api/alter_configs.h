#pragma once

#include "broker/api/controller_handler.h"
#include "broker/api/forwarded_apis.h"
#include "protocol/schema/api/incremental_alter_configs.h"

namespace hw::broker {

/// Handles IncrementalAlterConfigs, for topics and groups (KIP-339, KIP-848).
class AlterConfigsHandler final : public ControllerHandler<schema::IncrementalAlterConfigsRequest,
                                                           controller::AlterConfigsResult> {
public:
    AlterConfigsHandler(ControllerRuntime& controller, const config::Settings& settings)
        : ControllerHandler(controller), sizes_(settings) {}

protected:
    [[nodiscard]] Task<> serve(ExchangePtr exchange,
                               const schema::IncrementalAlterConfigsRequest& request) override;
    void reply(Exchange& exchange, const schema::IncrementalAlterConfigsRequest& request,
               const controller::AlterConfigsResult& result) const override;

private:
    AnswerSizes sizes_;
};

}  // namespace hw::broker
