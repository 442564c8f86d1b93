#pragma once

#include <cstddef>

#include "broker/api/api_services.h"
#include "broker/net/dispatcher.h"
#include "protocol/schema/api/describe_lag.h"

namespace hw::broker {

/// Handles DescribeLag, an API of Highwater's own: for partitions that this broker leads, the end
/// of the records that can be read, and the timestamp of the first one from an offset on. That
/// reads one batch at most, and decompresses it only as far as to that record. Needs Describe on
/// the topics.
class DescribeLagHandler final : public MessageHandler<schema::DescribeLagRequest> {
public:
    /// Requests with more topics or partitions are refused with INVALID_REQUEST.
    static constexpr std::size_t kMaxPartitions = 1000;

    explicit DescribeLagHandler(ApiServices& services) : services_(services) {}

protected:
    [[nodiscard]] Task<> serve(ExchangePtr exchange,
                               const schema::DescribeLagRequest& request) override;

private:
    ApiServices& services_;
};

}  // namespace hw::broker
