#pragma once

#include "broker/api/api_services.h"
#include "broker/net/dispatcher.h"
#include "protocol/schema/api/fetch.h"

namespace hw::broker {

/// Fetch of consumers, with the long poll (fetch_job.h). There are no fetch sessions (KIP-227): a
/// client that asks for one is answered in full with session id 0, which tells it so.
class FetchHandler final : public MessageHandler<schema::FetchRequest> {
public:
    explicit FetchHandler(ApiServices& services) : services_(services) {}

protected:
    [[nodiscard]] Task<> serve(ExchangePtr exchange, const schema::FetchRequest& request) override;

private:
    ApiServices& services_;
};

}  // namespace hw::broker
