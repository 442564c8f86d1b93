#include "broker/bound_listeners.h"

#include <algorithm>
#include <string>
#include <utility>

#include <fmt/format.h>

namespace hw::broker {
namespace {

const config::ListenerAddress* find_listener(const std::vector<config::ListenerAddress>& addresses,
                                             const std::string& name) {
    const auto found = std::ranges::find(addresses, name, &config::ListenerAddress::name);
    return found == addresses.end() ? nullptr : &*found;
}

/// Advice for a listener that could not be bound.
std::string listen_advice(ErrorKind why, std::uint16_t port, const config::Settings& settings) {
    constexpr std::uint16_t kFirstOfAll = 1024;
    const config::Setting* setting = settings.find("listeners");
    const std::string where =
        setting == nullptr ? "`listeners`" : fmt::format("`listeners` ({})", setting->place);
    if (why == ErrorKind::busy) {
        return fmt::format("Choose another port in {}, or end the program that holds this one",
                           where);
    }
    if (why == ErrorKind::permission && port < kFirstOfAll) {
        return fmt::format("Ports below {} need root or CAP_NET_BIND_SERVICE; choose another in {}",
                           kFirstOfAll, where);
    }
    if (why == ErrorKind::limit) {
        return "Raise the limit of open files (ulimit -n, in a systemd unit LimitNOFILE=)";
    }
    return fmt::format("Correct its address in {}", where);
}

Endpoint shown_endpoint(const config::ListenerAddress* advertised, const Endpoint& bound) {
    if (advertised == nullptr) {
        return bound;
    }
    const config::Address& address = advertised->address;
    return {address.host, address.port == 0 ? bound.port : address.port};
}

}  // namespace

Result<std::vector<BoundListener>> bind_listeners(Network& network, Shard& shard,
                                                  const config::BrokerConfig& config) {
    const config::NetworkConfig& wanted = config.network;
    const auto is_of_controllers = [&wanted](const std::string& name) {
        return std::ranges::count(wanted.controller_listener_names, name) > 0;
    };
    const auto of_brokers = std::ranges::count_if(
        wanted.listeners, [&](const auto& listener) { return !is_of_controllers(listener.name); });
    std::vector<BoundListener> all;
    for (const auto& [name, address] : wanted.listeners) {
        auto listener = network.listen(shard, {address.host, address.port});
        if (!listener) {
            const Error& error = listener.error();
            return fail(error.kind, "{} (listener {}). {}", error.message, name,
                        listen_advice(error.kind, address.port, config.settings));
        }
        const bool is_controller = is_of_controllers(name);
        const config::ListenerAddress* advertised =
            find_listener(is_controller ? wanted.advertised_controllers : wanted.advertised, name);
        const Endpoint bound = (*listener)->local();
        all.push_back(
            {.listener = std::move(*listener),
             .info = {
                 .name = name,
                 .role = is_controller ? ListenerRole::controller : ListenerRole::broker,
                 .bound = bound,
                 .advertised = shown_endpoint(advertised, bound),
                 .serves_brokers = name == wanted.inter_broker_listener_name,
                 .between_brokers = of_brokers > 1 && name == wanted.inter_broker_listener_name}});
    }
    return all;
}

}  // namespace hw::broker
