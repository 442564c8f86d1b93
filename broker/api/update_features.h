#pragma once

#include "broker/api/controller_handler.h"
#include "broker/api/forwarded_apis.h"
#include "protocol/schema/api/update_features.h"

namespace hw::broker {

/// Handles UpdateFeatures: finalizes levels of features (KIP-584). Either all updates of a request
/// are made or none, in every version, as by Kafka's controllers; versions 0 and 1 name each
/// feature in the answer.
class UpdateFeaturesHandler final
    : public ControllerHandler<schema::UpdateFeaturesRequest, controller::UpdateFeaturesResult> {
public:
    UpdateFeaturesHandler(ControllerRuntime& controller, const config::Settings& settings)
        : ControllerHandler(controller), sizes_(settings) {}

protected:
    [[nodiscard]] Task<> serve(ExchangePtr exchange,
                               const schema::UpdateFeaturesRequest& request) override;
    void reply(Exchange& exchange, const schema::UpdateFeaturesRequest& request,
               const controller::UpdateFeaturesResult& result) const override;

private:
    AnswerSizes sizes_;
};

}  // namespace hw::broker
