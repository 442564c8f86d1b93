#pragma once

#include "broker/api/api_services.h"
#include "broker/net/dispatcher.h"
#include "protocol/base/time.h"
#include "protocol/schema/api/offset_commit.h"

namespace hw::broker {

/// Handles OffsetCommit: stores offsets of a group. The group's coordinator must be this broker.
class OffsetCommitHandler final : public MessageHandler<schema::OffsetCommitRequest> {
public:
    /// `timeout`: how long a commit may wait to be replicated.
    OffsetCommitHandler(ApiServices& services, Duration timeout)
        : services_(services), timeout_(timeout) {}

protected:
    [[nodiscard]] Task<> serve(ExchangePtr exchange,
                               const schema::OffsetCommitRequest& request) override;

private:
    ApiServices& services_;
    Duration timeout_;
};

}  // namespace hw::broker
