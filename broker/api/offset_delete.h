#pragma once

#include "broker/api/api_services.h"
#include "broker/net/dispatcher.h"
#include "protocol/base/time.h"
#include "protocol/schema/api/offset_delete.h"

namespace hw::broker {

/// Handles OffsetDelete: removes committed offsets of a group. Its coordinator must be this broker.
class OffsetDeleteHandler final : public MessageHandler<schema::OffsetDeleteRequest> {
public:
    /// `timeout`: how long the removal may wait to be replicated.
    OffsetDeleteHandler(ApiServices& services, Duration timeout)
        : services_(services), timeout_(timeout) {}

protected:
    [[nodiscard]] Task<> serve(ExchangePtr exchange,
                               const schema::OffsetDeleteRequest& request) override;

private:
    ApiServices& services_;
    Duration timeout_;
};

}  // namespace hw::broker
