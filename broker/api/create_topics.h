#pragma once

#include "broker/api/controller_handler.h"
#include "broker/api/forwarded_apis.h"
#include "broker/net/rate_limited_log.h"
#include "protocol/schema/api/create_topics.h"

namespace hw::broker {

/// Handles CreateTopics; each topic has its own error (KIP-4). Topics that the sender may not
/// create are refused without the controller. Logs a warning about settings of a topic that have no
/// effect yet.
class CreateTopicsHandler final
    : public ControllerHandler<schema::CreateTopicsRequest, controller::CreateTopicsResult> {
public:
    CreateTopicsHandler(ControllerRuntime& controller, const config::Settings& settings,
                        const Logger& log, const Clock& clock)
        : ControllerHandler(controller), sizes_(settings), warnings_(log, clock) {}

protected:
    [[nodiscard]] Task<> serve(ExchangePtr exchange,
                               const schema::CreateTopicsRequest& request) override;
    void reply(Exchange& exchange, const schema::CreateTopicsRequest& request,
               const controller::CreateTopicsResult& result) const override;

private:
    void warn(const controller::CreateTopicsResult& result) const;

    AnswerSizes sizes_;
    mutable RateLimitedLog warnings_;
};

}  // namespace hw::broker
