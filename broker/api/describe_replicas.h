#pragma once

#include <cstddef>

#include "broker/api/api_services.h"
#include "broker/net/dispatcher.h"
#include "protocol/schema/api/describe_replicas.h"

namespace hw::broker {

/// Handles DescribeReplicas, an API of Highwater's own: the state of partitions that this broker
/// leads, how far each replica is, and why one is not in sync. Needs Describe on the cluster, which
/// covers all topics, as in Kafka's DescribeLogDirs.
class DescribeReplicasHandler final : public MessageHandler<schema::DescribeReplicasRequest> {
public:
    /// Requests for more partitions are refused with INVALID_REQUEST.
    static constexpr std::size_t kMaxPartitions = 1000;

    explicit DescribeReplicasHandler(ApiServices& services) : services_(services) {}

protected:
    [[nodiscard]] Task<> serve(ExchangePtr exchange,
                               const schema::DescribeReplicasRequest& request) override;

private:
    ApiServices& services_;
};

}  // namespace hw::broker
