#pragma once

#include "broker/api/api_services.h"
#include "broker/net/dispatcher.h"
#include "protocol/base/time.h"
#include "protocol/schema/api/offset_fetch.h"

namespace hw::broker {

/// Handles OffsetFetch: the committed offsets of groups. Their coordinator must be this broker.
class OffsetFetchHandler final : public MessageHandler<schema::OffsetFetchRequest> {
public:
    /// `timeout`: how long an answer may wait until what it tells is replicated.
    OffsetFetchHandler(ApiServices& services, Duration timeout)
        : services_(services), timeout_(timeout) {}

protected:
    [[nodiscard]] Task<> serve(ExchangePtr exchange,
                               const schema::OffsetFetchRequest& request) override;

private:
    ApiServices& services_;
    Duration timeout_;
};

}  // namespace hw::broker
