#include "tools/cli/cluster_options.h"

#include <string>
#include <vector>

#include "tools/cli/whole_number.h"

namespace hw::cli {
namespace {

namespace po = boost::program_options;

constexpr const char* kDefaultTimeoutSeconds = "15";
constexpr std::int64_t kMaxTimeoutSeconds = 3600;

Result<config::Address> parse_server(std::string_view text) {
    const auto server = config::parse_address(text);
    if (server && !server->host.empty() && server->port != 0) {
        return server;
    }
    return fail(ErrorKind::invalid, "--bootstrap-server '{}' {}; give HOST:PORT", text,
                server ? "lacks a host or a port" : server.error().message);
}

/// Servers that are separated by commas.
Result<std::vector<config::Address>> parse_servers(std::string_view text) {
    std::vector<config::Address> servers;
    while (true) {
        const std::size_t comma = text.find(',');
        const auto server = parse_server(text.substr(0, comma));
        if (!server) {
            return std::unexpected(server.error());
        }
        servers.push_back(*server);
        if (comma == std::string_view::npos) {
            return servers;
        }
        text.remove_prefix(comma + 1);
    }
}

}  // namespace

void add_cluster_options(po::options_description& options) {
    options.add_options()(
        "bootstrap-server,b",
        po::value<std::string>()->value_name("HOST:PORT")->default_value("127.0.0.1:9092"),
        "a broker of the cluster, or several with commas between")(
        "timeout",
        po::value<std::string>()->value_name("SECONDS")->default_value(kDefaultTimeoutSeconds),
        "how long to wait for an answer, new attempts included: 1 to 3600");
}

Result<client::Client> connect(const Arguments& arguments, int stop_descriptor) {
    const auto& text = arguments.options["bootstrap-server"].as<std::string>();
    auto servers = parse_servers(text);
    if (!servers) {
        return std::unexpected(servers.error());
    }
    const auto seconds = whole_number(arguments, "timeout", 1, kMaxTimeoutSeconds);
    if (!seconds) {
        return std::unexpected(seconds.error());
    }
    auto client = client::Client::connect({.servers = std::move(*servers),
                                           .timeout = std::chrono::seconds(*seconds),
                                           .stop_descriptor = stop_descriptor});
    if (client) {
        return client;
    }
    const auto& [kind, message] = client.error();
    if (kind == ErrorKind::invalid) {
        return fail(kind, "{}; name a broker's with -b HOST:PORT (its port is 9092 by default)",
                    message);
    }
    // Who answers in another protocol is no broker that answers.
    return fail(ErrorKind::closed,
                "no broker answers: {}. Is one running there? Name another with -b HOST:PORT",
                message);
}

}  // namespace hw::cli
