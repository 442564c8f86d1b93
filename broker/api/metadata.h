#pragma once

#include "broker/api/api_services.h"
#include "broker/net/dispatcher.h"
#include "protocol/schema/api/metadata.h"

namespace hw::broker {

/// Metadata: brokers, topics, partitions and their leaders, from the image of this shard.
class MetadataHandler final : public MessageHandler<schema::MetadataRequest> {
public:
    explicit MetadataHandler(ApiServices& services) : services_(services) {}

protected:
    [[nodiscard]] Task<> serve(ExchangePtr exchange,
                               const schema::MetadataRequest& request) override;

private:
    ApiServices& services_;
};

}  // namespace hw::broker
