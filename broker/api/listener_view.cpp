#include "broker/api/listener_view.h"

namespace hw::broker {

using controller::BrokerImage;

const Endpoint* endpoint_on(const controller::NodeEndpoints& endpoints,
                            const ListenerInfo& listener) {
    const auto found = endpoints.find(listener.name);
    return found == endpoints.end() ? nullptr : &found->second.address;
}

const Endpoint* live_endpoint_on(const BrokerImage& broker, const ListenerInfo& listener) {
    return broker.fenced ? nullptr : endpoint_on(broker.endpoints, listener);
}

BrokerId controller_for_clients(const controller::MetadataImage& image,
                                const ListenerInfo& listener) {
    const BrokerImage* active = image.find_broker(image.controller());
    if (active != nullptr && live_endpoint_on(*active, listener) != nullptr) {
        return active->id;
    }
    for (const auto& [id, broker] : image.brokers()) {
        if (live_endpoint_on(broker, listener) != nullptr) {
            return id;
        }
    }
    return kNoBroker;
}

std::vector<BrokerId> brokers_in_rack(const controller::MetadataImage& image,
                                      const ListenerInfo& listener, std::string_view rack) {
    std::vector<BrokerId> found;
    for (const auto& [id, broker] : image.brokers()) {
        if (broker.rack == rack && live_endpoint_on(broker, listener) != nullptr) {
            found.push_back(id);
        }
    }
    return found;
}

std::string_view rack_or_null(const BrokerImage& broker) {
    return broker.rack.empty() ? std::string_view() : std::string_view(broker.rack);
}

}  // namespace hw::broker
