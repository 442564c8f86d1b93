#pragma once

#include <cstddef>

#include "protocol/base/ids.h"
#include "protocol/schema/api_info.h"

namespace hw::broker {

struct RequestContext;

/// Charges requests to the quotas of their senders. Called once per request, on every shard, at the
/// same time; never waits.
class Quotas {
public:
    virtual ~Quotas() = default;
    /// Charges a request. Returns how long its sender is throttled (KIP-219): the request is
    /// answered at once, the answer has the time, and the connection serves nothing more for that
    /// time.
    [[nodiscard]] virtual Millis charge(const RequestContext& who, const schema::ApiInfo& api,
                                        std::size_t request_bytes) = 0;
};

/// Quotas without limits: nobody is throttled.
class NoQuotas final : public Quotas {
public:
    [[nodiscard]] Millis charge(const RequestContext& /*who*/, const schema::ApiInfo& /*api*/,
                                std::size_t /*request_bytes*/) override {
        return Millis(0);
    }
};

}  // namespace hw::broker
