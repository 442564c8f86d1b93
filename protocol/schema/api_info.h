#pragma once

#include <cstddef>
#include <string_view>

#include "protocol/schema/api_key.h"
#include "protocol/schema/message.h"

namespace hw::schema {

/// What a broker must know about an API before it decodes a request of it (api_table.h).
struct ApiInfo {
    ApiKey key;
    std::string_view name;
    VersionRange versions;                     ///< that can be decoded and encoded
    ApiVersion advertised_low;                 ///< may be below what is handled (KAFKA-18659)
    ApiVersion stable_high;                    ///< the highest that is shown by default
    ApiVersion flexible_from;                  ///< 32767: never
    ApiVersion flexible_response_header_from;  ///< as `flexible_from`, but never for ApiVersions
    bool on_broker;                            ///< served by the listeners of brokers
    bool on_controller;                        ///< served by the listeners of controllers
    bool cluster_action;        ///< between members of the cluster, authorized as ClusterAction
    bool forwarded;             ///< a broker passes it on to the active controller in an Envelope
    bool writes;                ///< later requests of its connection need not wait for its answer,
    bool after_writes;          ///< save these: they see what the writes before them have done
    std::size_t memory_factor;  ///< arena of a request: this times its size, plus a constant

    /// The version of the RequestHeader of a request of version `version`.
    [[nodiscard]] constexpr ApiVersion request_header_version(ApiVersion version) const {
        return ApiVersion(version >= flexible_from ? 2 : 1);
    }
    [[nodiscard]] constexpr ApiVersion response_header_version(ApiVersion version) const {
        return ApiVersion(version >= flexible_response_header_from ? 1 : 0);
    }
};

}  // namespace hw::schema
