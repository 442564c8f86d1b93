#pragma once

#include <cstddef>

#include "protocol/base/ids.h"
#include "protocol/schema/api_info.h"

namespace hw::broker {

struct RequestContext;

/// Counts what requests cost their senders. Asked once a request, on its shard, by any shard at the
/// same time. Never waits.
class Quotas {
public:
    virtual ~Quotas() = default;
    /// How long the sender has to pause after the request (KIP-219): it is answered at once, the
    /// answer says how long, and nothing more is served on the connection for that time.
    [[nodiscard]] virtual Millis charge(const RequestContext& who, const schema::ApiInfo& api,
                                        std::size_t request_bytes) = 0;
};

/// Nobody has to pause.
class NoQuotas final : public Quotas {
public:
    [[nodiscard]] Millis charge(const RequestContext& /*who*/, const schema::ApiInfo& /*api*/,
                                std::size_t /*request_bytes*/) override {
        return Millis(0);
    }
};

}  // namespace hw::broker
