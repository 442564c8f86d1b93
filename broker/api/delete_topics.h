#pragma once

#include "broker/api/controller_handler.h"
#include "protocol/schema/api/delete_topics.h"

namespace hw::broker {

/// Handles DeleteTopics, by name or (from version 6 on) by id (KIP-516).
class DeleteTopicsHandler final
    : public ControllerHandler<schema::DeleteTopicsRequest, controller::DeleteTopicsResult> {
public:
    /// `enabled` is delete.topic.enable.
    DeleteTopicsHandler(ControllerRuntime& controller, bool enabled)
        : ControllerHandler(controller), enabled_(enabled) {}

protected:
    [[nodiscard]] Task<> serve(ExchangePtr exchange,
                               const schema::DeleteTopicsRequest& request) override;
    void reply(Exchange& exchange, const schema::DeleteTopicsRequest& request,
               const controller::DeleteTopicsResult& result) const override;

private:
    bool enabled_;
};

}  // namespace hw::broker
