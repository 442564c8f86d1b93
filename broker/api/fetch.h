#pragma once

#include "broker/api/api_services.h"
#include "broker/net/dispatcher.h"
#include "protocol/schema/api/fetch.h"

namespace hw::broker {

/// Handles Fetch of consumers, with long polling (fetch_job.h). Fetch sessions (KIP-227) are not
/// supported: a client that asks for one gets a full answer with session id 0, which means that
/// there is no session.
class FetchHandler final : public MessageHandler<schema::FetchRequest> {
public:
    explicit FetchHandler(ApiServices& services) : services_(services) {}

protected:
    [[nodiscard]] Task<> serve(ExchangePtr exchange, const schema::FetchRequest& request) override;

private:
    ApiServices& services_;
};

}  // namespace hw::broker
