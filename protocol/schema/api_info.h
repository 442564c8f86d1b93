#pragma once

#include <cstddef>
#include <string_view>

#include "protocol/schema/api_key.h"
#include "protocol/schema/message.h"

namespace hw::schema {

/// Facts about one API that a broker needs before it decodes a request; a row of api_table.h.
struct ApiInfo {
    ApiKey key;
    std::string_view name;
    VersionRange versions;                     ///< versions that can be decoded and encoded
    ApiVersion advertised_low;                 ///< may be below versions.low (KAFKA-18659)
    ApiVersion stable_high;                    ///< highest version advertised by default
    ApiVersion flexible_from;                  ///< first flexible version; 32767: none
    ApiVersion flexible_response_header_from;  ///< like flexible_from, but 32767 for ApiVersions
    bool on_broker;                            ///< served on broker listeners
    bool on_controller;                        ///< served on controller listeners
    bool cluster_action;        ///< only for nodes of the cluster; authorized as ClusterAction
    bool forwarded;             ///< a broker forwards it to the active controller in an Envelope
    bool writes;                ///< changes a log, see after_writes
    bool after_writes;          ///< waits for the answers to earlier `writes` on its connection
    bool hw_only;               ///< ApiVersions lists it only to the command line `hw`
    std::size_t memory_factor;  ///< a request's arena is this times its size, plus a constant

    /// The RequestHeader version that goes with request version `version`.
    [[nodiscard]] constexpr ApiVersion request_header_version(ApiVersion version) const {
        return ApiVersion(version >= flexible_from ? 2 : 1);
    }
    [[nodiscard]] constexpr ApiVersion response_header_version(ApiVersion version) const {
        return ApiVersion(version >= flexible_response_header_from ? 1 : 0);
    }
};

}  // namespace hw::schema
