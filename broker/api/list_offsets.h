#pragma once

#include "broker/api/api_services.h"
#include "broker/net/dispatcher.h"
#include "protocol/schema/api/list_offsets.h"

namespace hw::broker {

/// ListOffsets: offsets by timestamp, of partitions that this broker leads (KIP-79). A client sees
/// what it may read; a request with a replica id, Kafka's debug id -2 included, the whole log.
class ListOffsetsHandler final : public MessageHandler<schema::ListOffsetsRequest> {
public:
    explicit ListOffsetsHandler(ApiServices& services) : services_(services) {}

protected:
    [[nodiscard]] Task<> serve(ExchangePtr exchange,
                               const schema::ListOffsetsRequest& request) override;

private:
    ApiServices& services_;
};

}  // namespace hw::broker
