#pragma once

#include "broker/api/api_services.h"
#include "broker/api/group_rules.h"
#include "broker/net/dispatcher.h"
#include "protocol/base/entropy.h"
#include "protocol/schema/api/join_group.h"

namespace hw::broker {

/// Handles JoinGroup: a client becomes a member of a classic group, or rejoins. The answer comes
/// when all members have joined. The group's coordinator must be this broker.
class JoinGroupHandler final : public MessageHandler<schema::JoinGroupRequest> {
public:
    /// All must outlive it.
    JoinGroupHandler(ApiServices& services, const GroupRules& rules, Entropy& entropy)
        : services_(services), rules_(rules), entropy_(entropy) {}

protected:
    [[nodiscard]] Task<> serve(ExchangePtr exchange,
                               const schema::JoinGroupRequest& request) override;

private:
    ApiServices& services_;
    const GroupRules rules_;
    Entropy& entropy_;
};

}  // namespace hw::broker
