#pragma once

#include "broker/api/api_services.h"
#include "broker/net/dispatcher.h"
#include "broker/net/long_loop.h"
#include "protocol/record/record_scanner.h"
#include "protocol/schema/api/produce.h"

namespace hw::broker {

/// Handles Produce: checks the batches on the connection's shard, then appends them in the guards
/// of their partitions (produce_job.h).
class ProduceHandler final : public MessageHandler<schema::ProduceRequest> {
public:
    explicit ProduceHandler(ApiServices& services) : services_(services) {}

protected:
    [[nodiscard]] Task<> serve(ExchangePtr exchange,
                               const schema::ProduceRequest& request) override;

private:
    ApiServices& services_;
    record::RecordScanner scanner_;
    LongLoop loop_;
};

}  // namespace hw::broker
