#pragma once

#include "broker/api/api_services.h"
#include "broker/net/dispatcher.h"
#include "protocol/schema/api/list_offsets.h"

namespace hw::broker {

/// Handles ListOffsets: looks up offsets by timestamp, in partitions that this broker leads
/// (KIP-79). A client's lookup covers the records that it may read. A request with a replica id,
/// also Kafka's debug id -2, covers the whole log.
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
