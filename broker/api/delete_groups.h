#pragma once

#include "broker/api/api_services.h"
#include "broker/net/dispatcher.h"
#include "protocol/base/time.h"
#include "protocol/schema/api/delete_groups.h"

namespace hw::broker {

/// Handles DeleteGroups: removes groups without members, and their offsets. Their coordinator must
/// be this broker.
class DeleteGroupsHandler final : public MessageHandler<schema::DeleteGroupsRequest> {
public:
    /// `timeout`: how long an answer may wait until what it tells is replicated.
    DeleteGroupsHandler(ApiServices& services, Duration timeout)
        : services_(services), timeout_(timeout) {}

protected:
    [[nodiscard]] Task<> serve(ExchangePtr exchange,
                               const schema::DeleteGroupsRequest& request) override;

private:
    ApiServices& services_;
    Duration timeout_;
};

}  // namespace hw::broker
