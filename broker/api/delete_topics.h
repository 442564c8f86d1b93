#pragma once

#include "broker/api/controller_handler.h"
#include "broker/api/forwarded_apis.h"
#include "protocol/schema/api/delete_topics.h"

namespace hw::broker {

/// Handles DeleteTopics, by name or (from version 6 on) by id (KIP-516).
class DeleteTopicsHandler final
    : public ControllerHandler<schema::DeleteTopicsRequest, controller::DeleteTopicsResult> {
public:
    DeleteTopicsHandler(ControllerRuntime& controller, const config::Settings& settings)
        : ControllerHandler(controller),
          sizes_(settings),
          enabled_(settings.flag("delete.topic.enable")) {}

protected:
    [[nodiscard]] Task<> serve(ExchangePtr exchange,
                               const schema::DeleteTopicsRequest& request) override;
    void reply(Exchange& exchange, const schema::DeleteTopicsRequest& request,
               const controller::DeleteTopicsResult& result) const override;

private:
    AnswerSizes sizes_;
    bool enabled_;
};

}  // namespace hw::broker
