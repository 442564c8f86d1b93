#pragma once

#include "broker/api/api_services.h"
#include "broker/metadata/topic_creator.h"
#include "broker/net/dispatcher.h"
#include "protocol/schema/api/find_coordinator.h"

namespace hw::broker {

/// Handles FindCoordinator: the coordinator of a group, a transactional id or a share partition. A
/// group's is the leader of its partition of the offsets topic, which is created at the first
/// question. The others do not exist yet: their keys get COORDINATOR_NOT_AVAILABLE, after which
/// clients ask again.
class FindCoordinatorHandler final : public MessageHandler<schema::FindCoordinatorRequest> {
public:
    /// Both must outlive it.
    FindCoordinatorHandler(ApiServices& services, TopicCreator& creator)
        : services_(services), creator_(creator) {}

protected:
    [[nodiscard]] Task<> serve(ExchangePtr exchange,
                               const schema::FindCoordinatorRequest& request) override;

private:
    [[nodiscard]] Task<> answer(ExchangePtr exchange,
                                const schema::FindCoordinatorRequest& request) const;

    ApiServices& services_;
    TopicCreator& creator_;
};

}  // namespace hw::broker
