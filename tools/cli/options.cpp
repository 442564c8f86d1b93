#include "tools/cli/options.h"

#include <charconv>
#include <string>
#include <utility>

#include <fmt/format.h>

namespace hw::cli {
namespace {

constexpr const char* kDefaultTimeoutSeconds = "15";
constexpr std::int64_t kMaxTimeoutSeconds = 3600;

Result<config::Address> parse_server(std::string_view text) {
    const auto server = config::parse_address(text);
    if (server && !server->host.empty() && server->port != 0) {
        return server;
    }
    return fail(ErrorKind::invalid, "--bootstrap-server '{}' {}; give HOST:PORT", text,
                server ? "has no host or no port" : server.error().message);
}

/// Servers that are separated by commas.
Result<std::vector<config::Address>> parse_servers(std::string_view text) {
    std::vector<config::Address> servers;
    while (true) {
        const std::size_t comma = text.find(',');
        HW_TRY(server, parse_server(text.substr(0, comma)));
        servers.push_back(server);
        if (comma == std::string_view::npos) {
            return servers;
        }
        text.remove_prefix(comma + 1);
    }
}

}  // namespace

std::vector<Option> with_cluster_options(std::vector<Option> own) {
    own.push_back({.name = "bootstrap-server",
                   .letter = 'b',
                   .value_name = "HOST:PORT",
                   .help = "a broker of the cluster, or several, separated by commas",
                   .default_value = "127.0.0.1:9092"});
    own.push_back({.name = "timeout",
                   .value_name = "SECONDS",
                   .help = "how long to wait for an answer, retries included: 1 to 3600",
                   .default_value = kDefaultTimeoutSeconds});
    return own;
}

Result<client::Client> connect(const Arguments& arguments, int stop_descriptor) {
    const std::string& text = arguments.value("bootstrap-server");
    HW_TRY(servers, parse_servers(text));
    const auto seconds = whole_number(arguments, "timeout", 1, kMaxTimeoutSeconds);
    if (!seconds) {
        return std::unexpected(seconds.error());
    }
    auto client = client::Client::connect({.servers = std::move(servers),
                                           .timeout = std::chrono::seconds(*seconds),
                                           .stop_descriptor = stop_descriptor});
    if (client) {
        return client;
    }
    const auto& [kind, message] = client.error();
    if (kind == ErrorKind::invalid) {
        return fail(kind, "{}; name a broker's listener with -b HOST:PORT (port 9092 by default)",
                    message);
    }
    // A server that speaks another protocol does not count as a broker.
    return fail(ErrorKind::closed,
                "no broker answers: {}. Is one running there? Name another with -b HOST:PORT",
                message);
}

Option acks_option() {
    return {.name = "acks",
            .value_name = "N",
            .help =
                "replicas that must have a batch before it is acknowledged: all in sync (all), "
                "the leader (1), none (0)",
            .default_value = "all"};
}

Result<client::Acks> acks_of(const Arguments& arguments) {
    const std::string& text = arguments.value("acks");
    if (text == "all" || text == "-1") {
        return client::Acks::all;
    }
    if (text == "1") {
        return client::Acks::leader;
    }
    if (text == "0") {
        return client::Acks::none;
    }
    return fail(ErrorKind::invalid, "--acks '{}' must be all, 1 or 0", text);
}

Option config_option() {
    return {.name = "config",
            .letter = 'c',
            .value_name = "KEY=VALUE",
            .help = "a setting of the topics; may be given several times",
            .is_repeatable = true};
}

Result<std::vector<client::Setting>> settings_of(const Arguments& arguments) {
    std::vector<client::Setting> settings;
    for (const std::string& text : arguments.values("config")) {
        const std::size_t equals = text.find('=');
        if (equals == 0 || equals == std::string::npos) {
            return fail(ErrorKind::invalid, "--config '{}' must be KEY=VALUE", text);
        }
        settings.push_back({text.substr(0, equals), text.substr(equals + 1)});
    }
    return settings;
}

Option output_option() {
    return {.name = "output",
            .letter = 'o',
            .value_name = "FORMAT",
            .help = "text, json (one array) or ndjson (one object per line)",
            .default_value = "text"};
}

Result<OutputFormat> output_format(const Arguments& arguments) {
    const std::string& name = arguments.value("output");
    if (name == "text") {
        return OutputFormat::text;
    }
    if (name == "json") {
        return OutputFormat::json;
    }
    if (name == "ndjson") {
        return OutputFormat::ndjson;
    }
    return fail(ErrorKind::invalid, "--output '{}' must be text, json or ndjson", name);
}

Result<std::int64_t> whole_number(std::string_view what, const std::string& text,
                                  std::int64_t minimum, std::int64_t maximum) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool is_number = error == std::errc{} && end == text.data() + text.size();
    if (is_number && number >= minimum && number <= maximum) {
        return number;
    }
    const std::string allowed = maximum == kNoMaximum
                                    ? fmt::format("of at least {}", minimum)
                                    : fmt::format("from {} to {}", minimum, maximum);
    return fail(ErrorKind::invalid, "{} '{}' must be a whole number {}", what, text, allowed);
}

Result<std::int64_t> whole_number(const Arguments& arguments, std::string_view option,
                                  std::int64_t minimum, std::int64_t maximum) {
    return whole_number(fmt::format("--{}", option), arguments.value(option), minimum, maximum);
}

}  // namespace hw::cli
