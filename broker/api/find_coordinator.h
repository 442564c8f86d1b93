#pragma once

#include "broker/api/api_services.h"
#include "broker/net/dispatcher.h"
#include "protocol/schema/api/find_coordinator.h"

namespace hw::broker {

/// Handles FindCoordinator: the coordinator of a group, a transactional id or a share partition.
/// There are no coordinators yet: every key gets COORDINATOR_NOT_AVAILABLE, after which clients ask
/// again.
class FindCoordinatorHandler final : public MessageHandler<schema::FindCoordinatorRequest> {
public:
    explicit FindCoordinatorHandler(ApiServices& services) : services_(services) {}

protected:
    [[nodiscard]] Task<> serve(ExchangePtr exchange,
                               const schema::FindCoordinatorRequest& request) override;

private:
    ApiServices& services_;
};

}  // namespace hw::broker
