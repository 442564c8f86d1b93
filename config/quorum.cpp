#include "config/quorum.h"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "config/value.h"
#include "protocol/base/assert.h"

namespace hw::config {
namespace {

constexpr std::string_view kVoters = "controller.quorum.voters";
constexpr std::string_view kServers = "controller.quorum.bootstrap.servers";

/// An address to connect to, which needs a host and a port.
Result<Address> parse_target(std::string_view text) {
    auto address = parse_address(text);
    if (address && (address->host.empty() || address->port == 0)) {
        return fail(ErrorKind::invalid, "has no host, or port 0");
    }
    return address;
}

Result<Voter> parse_voter(std::string_view text) {
    const std::size_t at = text.find('@');
    const auto id = parse_integer(text.substr(0, at));
    if (at == std::string_view::npos || !id || *id < 0 ||
        *id > std::numeric_limits<std::int32_t>::max()) {
        return fail(ErrorKind::invalid, "does not begin with a node id from 0 to 2147483647 and @");
    }
    HW_TRY(address, parse_target(text.substr(at + 1)));
    return Voter{BrokerId(static_cast<std::int32_t>(*id)), std::move(address)};
}

std::string wrong_item(const std::string& item, const Error& error, std::string_view example) {
    return fmt::format("is wrong: '{}' {}; write for example {}", printable(item), error.message,
                       example);
}

void read_voters(const Settings& settings, QuorumConfig& quorum, Problems& problems) {
    for (const std::string& item : settings.list(kVoters)) {
        auto voter = parse_voter(item);
        if (!voter) {
            settings.complain(problems, kVoters,
                              wrong_item(item, voter.error(), "1@controller-1:9093"));
        } else if (std::ranges::find(quorum.voters, voter->id, &Voter::id) != quorum.voters.end()) {
            settings.complain(problems, kVoters,
                              fmt::format("names node {} twice; keep one of them", voter->id));
        } else {
            quorum.voters.push_back(std::move(*voter));
        }
    }
}

void read_servers(const Settings& settings, QuorumConfig& quorum, Problems& problems) {
    for (const std::string& item : settings.list(kServers)) {
        auto server = parse_target(item);
        if (server) {
            quorum.bootstrap_servers.push_back(std::move(*server));
        } else {
            settings.complain(problems, kServers,
                              wrong_item(item, server.error(), "controller-1:9093"));
        }
    }
}

void check_membership(const Settings& settings, const QuorumConfig& quorum, BrokerId node_id,
                      Roles roles, Problems& problems) {
    const bool is_voter =
        std::ranges::find(quorum.voters, node_id, &Voter::id) != quorum.voters.end();
    if (roles.is_controller && !is_voter) {
        settings.complain(
            problems, kVoters,
            fmt::format("does not name node.id {}, but process.roles makes this node a "
                        "controller; add it, or remove that role",
                        node_id));
    } else if (!roles.is_controller && is_voter) {
        settings.complain(
            problems, kVoters,
            fmt::format("names node.id {}, but process.roles makes this node only a broker; "
                        "give it another id, or the role controller",
                        node_id));
    }
}

}  // namespace

QuorumConfig make_quorum_config(const Settings& settings, BrokerId node_id, Roles roles,
                                const NetworkConfig& network, Problems& problems) {
    QuorumConfig quorum;
    const auto timeout = settings.integer("controller.quorum.election.timeout.ms");
    HW_ASSERT(timeout);
    quorum.election_timeout = std::chrono::milliseconds(*timeout);
    const auto fetch_timeout = settings.integer("controller.quorum.fetch.timeout.ms");
    HW_ASSERT(fetch_timeout);
    quorum.fetch_timeout = std::chrono::milliseconds(*fetch_timeout);
    const std::size_t errors_before = problems.errors.size();
    read_voters(settings, quorum, problems);
    read_servers(settings, quorum, problems);
    if (problems.errors.size() != errors_before) {
        return quorum;
    }
    if (!quorum.voters.empty()) {
        check_membership(settings, quorum, node_id, roles, problems);
    } else if (quorum.bootstrap_servers.empty() && !roles.is_controller) {
        settings.complain(
            problems, kServers,
            fmt::format("or {} must say where the controllers are, as process.roles makes this "
                        "node only a broker; write for example {}=controller-1:9093",
                        kVoters, kServers));
    } else if (quorum.bootstrap_servers.empty() && !network.advertised_controllers.empty()) {
        quorum.voters.push_back({node_id, network.advertised_controllers.front().address});
    }
    return quorum;
}

}  // namespace hw::config
