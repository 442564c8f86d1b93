#pragma once

#include <string_view>
#include <vector>

#include "broker/net/request_context.h"
#include "controller/image/metadata_image.h"

/// The cluster as clients of one listener see it.
namespace hw::broker {

/// The endpoint of a node; null when it has no listener of that name.
[[nodiscard]] const Endpoint* endpoint_on(const controller::NodeEndpoints& endpoints,
                                          const ListenerInfo& listener);

/// The same for a broker; also null when it is fenced.
[[nodiscard]] const Endpoint* live_endpoint_on(const controller::BrokerImage& broker,
                                               const ListenerInfo& listener);

/// The controller id in responses on a broker's listener: the active controller, if it is a broker
/// that the clients can reach; otherwise any broker, which forwards requests; -1 when there is
/// none.
[[nodiscard]] BrokerId controller_for_clients(const controller::MetadataImage& image,
                                              const ListenerInfo& listener);

/// The live brokers of that rack that the clients of the listener can reach.
[[nodiscard]] std::vector<BrokerId> brokers_in_rack(const controller::MetadataImage& image,
                                                    const ListenerInfo& listener,
                                                    std::string_view rack);

/// The rack, as a field of a response: null when the broker has none.
[[nodiscard]] std::string_view rack_or_null(const controller::BrokerImage& broker);

}  // namespace hw::broker
