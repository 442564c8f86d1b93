#pragma once

#include <string_view>

#include "broker/net/request_context.h"
#include "controller/image/metadata_image.h"

/// The cluster as it looks from one listener.
namespace hw::broker {

/// Where a node is reached; null when it has no listener of that name.
[[nodiscard]] const Endpoint* endpoint_on(const controller::NodeEndpoints& endpoints,
                                          const ListenerInfo& listener);

/// The same for a broker; null when it is fenced too.
[[nodiscard]] const Endpoint* live_endpoint_on(const controller::BrokerImage& broker,
                                               const ListenerInfo& listener);

/// Whom clients of a broker's listener take for the controller: the active one where it is a broker
/// they reach, else any broker, which passes requests on; -1 when there is none.
[[nodiscard]] BrokerId controller_for_clients(const controller::MetadataImage& image,
                                              const ListenerInfo& listener);

/// As messages carry it: null where a broker names no rack.
[[nodiscard]] std::string_view rack_or_null(const controller::BrokerImage& broker);

}  // namespace hw::broker
