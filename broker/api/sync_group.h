#pragma once

#include "broker/api/api_services.h"
#include "broker/net/dispatcher.h"
#include "protocol/schema/api/sync_group.h"

namespace hw::broker {

/// Handles SyncGroup: the leader of a classic group sends the assignment, and each member gets its
/// own when it is stored. The group's coordinator must be this broker.
class SyncGroupHandler final : public MessageHandler<schema::SyncGroupRequest> {
public:
    explicit SyncGroupHandler(ApiServices& services) : services_(services) {}

protected:
    [[nodiscard]] Task<> serve(ExchangePtr exchange,
                               const schema::SyncGroupRequest& request) override;

private:
    ApiServices& services_;
};

}  // namespace hw::broker
