#pragma once

#include "broker/api/controller_handler.h"
#include "broker/api/forwarded_apis.h"
#include "protocol/schema/api/elect_leaders.h"

namespace hw::broker {

/// Handles ElectLeaders: preferred and unclean elections that an operator asks for (KIP-460).
class ElectLeadersHandler final
    : public ControllerHandler<schema::ElectLeadersRequest, controller::ElectLeadersResult> {
public:
    ElectLeadersHandler(ControllerRuntime& controller, const config::Settings& settings)
        : ControllerHandler(controller), sizes_(settings) {}

protected:
    [[nodiscard]] Task<> serve(ExchangePtr exchange,
                               const schema::ElectLeadersRequest& request) override;
    void reply(Exchange& exchange, const schema::ElectLeadersRequest& request,
               const controller::ElectLeadersResult& result) const override;

private:
    AnswerSizes sizes_;
};

}  // namespace hw::broker
