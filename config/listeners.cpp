#include "config/listeners.h"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "config/value.h"

namespace hw::config {
namespace {

constexpr std::string_view kProtocolMap = "listener.security.protocol.map";

struct NamedProtocol {
    std::string_view name;
    SecurityProtocol protocol;
};

constexpr NamedProtocol kProtocols[] = {{"PLAINTEXT", SecurityProtocol::plaintext},
                                        {"SSL", SecurityProtocol::ssl},
                                        {"SASL_PLAINTEXT", SecurityProtocol::sasl_plaintext},
                                        {"SASL_SSL", SecurityProtocol::sasl_ssl}};

std::string upper(std::string_view text) {
    std::string out(text);
    std::ranges::transform(out, out.begin(), [](char character) {
        return character >= 'a' && character <= 'z' ? static_cast<char>(character - 'a' + 'A')
                                                    : character;
    });
    return out;
}

bool is_wildcard(const std::string& host) {
    return host.empty() || host == "0.0.0.0" || host == "::";
}

bool contains(const std::vector<std::string>& names, const std::string& name) {
    return std::ranges::find(names, name) != names.end();
}

std::vector<std::string> names_of(const std::vector<ListenerAddress>& listeners) {
    std::vector<std::string> names;
    std::ranges::transform(listeners, std::back_inserter(names), &ListenerAddress::name);
    return names;
}

Result<ListenerAddress> parse_listener(const std::string& text) {
    const std::size_t separator = text.find("://");
    if (separator == std::string::npos || separator == 0) {
        return fail(ErrorKind::invalid, "is not NAME://HOST:PORT");
    }
    HW_TRY(address, parse_address(std::string_view(text).substr(separator + 3)));
    return ListenerAddress{upper(text.substr(0, separator)), std::move(address)};
}

/// Reads and checks the listener keys, in the order in which they depend on each other.
class NetworkReader {
public:
    NetworkReader(const Settings& settings, Roles roles, const std::string& host_name,
                  Problems& problems)
        : settings_(settings), roles_(roles), host_name_(host_name), problems_(problems) {}

    NetworkConfig read() {
        for (const std::string& name : settings_.list("controller.listener.names")) {
            network_.controller_listener_names.push_back(upper(name));
        }
        if (network_.controller_listener_names.empty()) {
            complain("controller.listener.names", "must name at least one listener");
            return network_;
        }
        // The checks below would only report again that a listener is missing.
        if (!read_listeners() || !read_advertised()) {
            return network_;
        }
        check_distinct();
        check_protocols();
        check_roles();
        check_advertised();
        warn_of_open_listeners();
        if (roles_.is_broker) {
            choose_inter_broker_listener();
        }
        return network_;
    }

private:
    void complain(std::string_view key, std::string_view rule) {
        settings_.complain(problems_, key, rule);
    }

    bool is_controller_listener(const std::string& name) const {
        return contains(network_.controller_listener_names, name);
    }

    bool parse(std::string_view key, std::vector<ListenerAddress>& out) {
        bool is_fine = true;
        for (const std::string& item : settings_.list(key)) {
            auto listener = parse_listener(item);
            if (listener) {
                out.push_back(std::move(*listener));
            } else {
                complain(key, fmt::format("is wrong: '{}' {}; write for example "
                                          "PLAINTEXT://192.0.2.1:9092",
                                          printable(item), listener.error().message));
                is_fine = false;
            }
        }
        return is_fine;
    }

    bool read_listeners() {
        if (settings_.mentions("listeners")) {
            return !settings_.is_broken("listeners") && parse("listeners", network_.listeners);
        }
        constexpr std::uint16_t kBrokerPort = 9092;
        constexpr std::uint16_t kControllerPort = 9093;
        if (roles_.is_broker) {
            network_.listeners.push_back({"PLAINTEXT", {"", kBrokerPort}});
        }
        if (roles_.is_controller) {
            network_.listeners.push_back(
                {network_.controller_listener_names.front(), {"", kControllerPort}});
        }
        return true;
    }

    /// A controller listener that advertised.listeners leaves out is advertised at its own address,
    /// or if that is 0.0.0.0, by the name of this machine, as in Kafka (KAFKA-18281).
    bool read_advertised() {
        std::vector<ListenerAddress> entries;
        if (!parse("advertised.listeners", entries)) {
            return false;
        }
        is_derived_ = entries.empty();
        for (const ListenerAddress& entry : entries) {
            advertise(entry);
        }
        const std::vector<std::string> known = names_of(network_.advertised_controllers);
        for (ListenerAddress listener : network_.listeners) {
            const bool is_controller = is_controller_listener(listener.name);
            if (is_controller && is_wildcard(listener.address.host)) {
                listener.address.host.clear();
            }
            if (is_controller ? !contains(known, listener.name) : is_derived_) {
                advertise(std::move(listener));
            }
        }
        return true;
    }

    void advertise(ListenerAddress entry) {
        if (entry.address.host.empty()) {
            entry.address.host = host_name_;
        }
        auto& side = is_controller_listener(entry.name) ? network_.advertised_controllers
                                                        : network_.advertised;
        side.push_back(std::move(entry));
    }

    void check_distinct() {
        const auto& listeners = network_.listeners;
        for (auto one = listeners.begin(); one != listeners.end(); ++one) {
            for (auto other = listeners.begin(); other != one; ++other) {
                if (one->name == other->name) {
                    complain("listeners", fmt::format("names {} twice; each listener needs a name "
                                                      "of its own",
                                                      one->name));
                } else if (share_port(one->address, other->address)) {
                    complain("listeners",
                             fmt::format("gives port {} to both {} and {}; each listener needs a "
                                         "port of its own",
                                         one->address.port, other->name, one->name));
                }
            }
        }
    }

    static bool share_port(const Address& one, const Address& other) {
        return one.port == other.port && one.port != 0 &&
               (one.host == other.host || is_wildcard(one.host) || is_wildcard(other.host));
    }

    std::map<std::string, SecurityProtocol> read_protocol_map() {
        std::map<std::string, SecurityProtocol> protocols;
        for (const std::string& entry : settings_.list(kProtocolMap)) {
            const std::size_t colon = entry.find(':');
            const std::string name = upper(trim(std::string_view(entry).substr(0, colon)));
            const std::string protocol =
                colon == std::string::npos ? "" : upper(trim(entry.substr(colon + 1)));
            const auto known = std::ranges::find(kProtocols, protocol, &NamedProtocol::name);
            if (name.empty() || known == std::end(kProtocols)) {
                complain(kProtocolMap,
                         fmt::format("is wrong: '{}' is not NAME:PROTOCOL with one of PLAINTEXT, "
                                     "SSL, SASL_PLAINTEXT, SASL_SSL",
                                     printable(entry)));
            } else if (!protocols.emplace(name, known->protocol).second) {
                complain(kProtocolMap,
                         fmt::format("gives {} two protocols; keep one of them", name));
            }
        }
        return protocols;
    }

    void check_protocols() {
        auto protocols = read_protocol_map();
        std::vector<std::string> names = names_of(network_.listeners);
        for (const std::string& name : network_.controller_listener_names) {
            if (!settings_.mentions(kProtocolMap)) {
                protocols.emplace(name, SecurityProtocol::plaintext);
            }
            if (!contains(names, name)) {
                names.push_back(name);
            }
        }
        for (const std::string& name : names) {
            const auto found = protocols.find(name);
            if (found == protocols.end()) {
                complain_of_no_protocol(name);
            } else if (found->second != SecurityProtocol::plaintext) {
                complain_of_protocol(name, found->second);
            } else {
                network_.protocols.insert(*found);
            }
        }
    }

    /// Whether an error should blame the listener's name and not the protocol map: the map is not
    /// set, or only the name comes from the command line.
    bool blames_listener_name(const std::string& name) const {
        const Setting* listeners = settings_.find("listeners");
        const Setting* map = settings_.find(kProtocolMap);
        return contains(names_of(network_.listeners), name) && listeners != nullptr &&
               (map == nullptr || (is_typed(*listeners) && !is_typed(*map)));
    }

    static bool is_typed(const Setting& setting) {
        return setting.origin == Origin::option || setting.origin == Origin::command_line;
    }

    void complain_of_no_protocol(const std::string& name) {
        if (blames_listener_name(name)) {
            complain("listeners", fmt::format("has a listener {0}, and {1} does not give its "
                                              "protocol; add {0}:PLAINTEXT there",
                                              name, kProtocolMap));
        } else {
            complain(
                kProtocolMap,
                fmt::format("must give the protocol of listener {0}; add {0}:PLAINTEXT", name));
        }
    }

    void complain_of_protocol(const std::string& name, SecurityProtocol wrong) {
        const std::string_view protocol =
            std::ranges::find(kProtocols, wrong, &NamedProtocol::protocol)->name;
        constexpr std::string_view kWhy = "and Highwater has no encryption or authentication yet";
        constexpr std::string_view kWhere = "on 127.0.0.1 or in a network that you trust";
        if (blames_listener_name(name)) {
            complain("listeners", fmt::format("has a listener {} of the protocol {}, {}; listen "
                                              "with PLAINTEXT:// {}",
                                              name, protocol, kWhy, kWhere));
        } else {
            complain(kProtocolMap,
                     fmt::format("gives listener {0} the protocol {1}, {2}; write {0}:PLAINTEXT, "
                                 "and listen {3}",
                                 name, protocol, kWhy, kWhere));
        }
    }

    /// Treats all listeners as plaintext: check_protocols refuses those of other protocols.
    void warn_of_open_listeners() {
        std::vector<std::string> open;
        for (const ListenerAddress& listener : network_.listeners) {
            if (!is_loopback(listener.address.host)) {
                open.push_back(fmt::format("{}://{}", listener.name, to_string(listener.address)));
            }
        }
        if (!open.empty()) {
            problems_.warnings.push_back(fmt::format(
                "other machines can reach {} without encryption or authentication, and can read "
                "and delete everything; listen on 127.0.0.1, or in a network that you trust",
                fmt::join(open, " and ")));
        }
    }

    /// A controller listens on every name in controller.listener.names. A node that is only a
    /// broker listens on none of them, a node that is only a controller on no other.
    void check_roles() {
        const std::vector<std::string> names = names_of(network_.listeners);
        const std::string controllers =
            fmt::format("{}", fmt::join(network_.controller_listener_names, ","));
        for (const std::string& name : network_.controller_listener_names) {
            const bool is_listening = contains(names, name);
            if (roles_.is_controller && !is_listening) {
                complain("listeners",
                         fmt::format("must have {0}, which controller.listener.names requires of a "
                                     "controller; add for example {0}://:9093",
                                     name));
            } else if (!roles_.is_controller && is_listening) {
                complain("listeners",
                         fmt::format("must not have {}, a name in controller.listener.names, on a "
                                     "node whose process.roles is only broker; remove it",
                                     name));
            }
        }
        const auto is_foreign = [this](const std::string& name) {
            return !is_controller_listener(name);
        };
        const bool has_broker_listener = std::ranges::any_of(names, is_foreign);
        if (!roles_.is_broker && has_broker_listener) {
            complain("listeners",
                     fmt::format("must have no other listener than controller.listener.names ({}) "
                                 "on a node whose process.roles is only controller",
                                 controllers));
        } else if (roles_.is_broker && !has_broker_listener) {
            complain("listeners", fmt::format("must have a listener for clients beside those in "
                                              "controller.listener.names ({}); add for example "
                                              "PLAINTEXT://:9092",
                                              controllers));
        }
    }

    void check_advertised() {
        const std::vector<std::string> names = names_of(network_.listeners);
        std::set<std::string> advertised;
        for (const auto* side : {&network_.advertised, &network_.advertised_controllers}) {
            for (const ListenerAddress& entry : *side) {
                check_advertised_entry(entry, names);
                if (!advertised.insert(entry.name).second && !is_derived_) {
                    complain("advertised.listeners",
                             fmt::format("names {} twice; keep one of them", entry.name));
                }
            }
        }
    }

    void check_advertised_entry(const ListenerAddress& entry,
                                const std::vector<std::string>& names) {
        const std::string text = fmt::format("{}://{}", entry.name, to_string(entry.address));
        const std::string_view key = is_derived_ ? "listeners" : "advertised.listeners";
        if (!contains(names, entry.name)) {
            const std::string_view why = is_controller_listener(entry.name)
                                             ? ", which controller.listener.names reserves for "
                                               "controllers"
                                             : "";
            complain(key, fmt::format("has {}, but listeners has no {}{}; remove it", text,
                                      entry.name, why));
        } else if (is_wildcard(entry.address.host)) {
            complain(key, fmt::format("advertises {}, which is not the address of a machine; set a "
                                      "reachable host in advertised.listeners, or leave the host "
                                      "out to use the name of this machine, {}",
                                      text, host_name_));
        } else if (entry.address.port == 0 && bound_port(entry.name) != 0) {
            complain(key, fmt::format("has {} with port 0; write the port that others connect to",
                                      text));
        }
    }

    std::uint16_t bound_port(const std::string& name) const {
        return std::ranges::find(network_.listeners, name, &ListenerAddress::name)->address.port;
    }

    void choose_inter_broker_listener() {
        network_.inter_broker_listener_name =
            upper(settings_.text("inter.broker.listener.name").value_or("PLAINTEXT"));
        const std::string& name = network_.inter_broker_listener_name;
        const std::vector<std::string> advertised = names_of(network_.advertised);
        if (!advertised.empty() && !contains(advertised, name)) {
            complain(
                "inter.broker.listener.name",
                fmt::format("must name an advertised listener, and {} is not one; use one of {}",
                            name, fmt::join(advertised, ", ")));
        }
    }

    const Settings& settings_;
    const Roles roles_;
    const std::string& host_name_;
    Problems& problems_;
    NetworkConfig network_;
    bool is_derived_ = false;  ///< advertised.listeners is empty: listeners are advertised
};

}  // namespace

NetworkConfig make_network_config(const Settings& settings, Roles roles,
                                  const std::string& host_name, Problems& problems) {
    return NetworkReader(settings, roles, host_name, problems).read();
}

}  // namespace hw::config
