#include "broker/metadata/peer_endpoint.h"

#include <ranges>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace hw::broker {

Result<Endpoint> broker_endpoint(const controller::MetadataImage& image, BrokerId id,
                                 const std::string& name) {
    const controller::BrokerImage* broker = image.find_broker(id);
    if (broker == nullptr) {
        return fail(ErrorKind::not_found, "broker {} is not registered", id);
    }
    const auto found = broker->endpoints.find(name);
    if (found == broker->endpoints.end()) {
        return fail(ErrorKind::not_found,
                    "broker {} has no listener {} (its listeners: {}): inter.broker.listener.name "
                    "of this node must name a listener that the other brokers have",
                    id, name, fmt::join(std::views::keys(broker->endpoints), ", "));
    }
    if (found->second.security_protocol != 0) {
        return fail(ErrorKind::unsupported,
                    "listener {} of broker {} is not PLAINTEXT (its security protocol is {}), and "
                    "this version has no encryption or authentication",
                    name, id, found->second.security_protocol);
    }
    return found->second.address;
}

}  // namespace hw::broker
