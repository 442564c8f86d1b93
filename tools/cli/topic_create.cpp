#include <limits>

#include <fmt/format.h>

#include "config/topic_config.h"
#include "tools/cli/cluster_options.h"
#include "tools/cli/commands.h"
#include "tools/cli/report.h"
#include "tools/cli/whole_number.h"

namespace hw::cli {
namespace {

namespace po = boost::program_options;

constexpr std::string_view kName = "topic create";
constexpr std::string_view kHelp =
    R"(Usage: hw topic create [OPTIONS] TOPIC...

Makes topics. Without --partitions and --replication-factor the brokers decide. Each --config sets
one key of all these topics; a key or value that the cluster does not know is refused.

Examples:
  hw topic create orders
  hw topic create payments refunds --partitions 12
  hw topic create readings --config highwater.durability=memory --config max.message.bytes=10000000
  hw topic create clicks -o json
)";

using Texts = std::vector<std::string>;

void add_options(po::options_description& options) {
    options.add_options()("partitions,p", po::value<std::string>()->value_name("N"),
                          "how many partitions each topic has")(
        "replication-factor,r", po::value<std::string>()->value_name("R"),
        "how many brokers have a copy of each partition")(
        "config,c", po::value<Texts>()->value_name("KEY=VALUE")->default_value({}, ""),
        "a setting of the topics; may be given several times");
    add_output_option(options);
    add_cluster_options(options);
}

/// An optional number from 1 on; NewTopic::kDefault without one. Errors: invalid.
template <class T>
Result<T> count_of(const Arguments& arguments, const char* option) {
    if (!arguments.options.contains(option)) {
        return T{client::NewTopic::kDefault};
    }
    const auto number = whole_number(arguments, option, 1, std::numeric_limits<T>::max());
    return number ? Result<T>(static_cast<T>(*number)) : std::unexpected(number.error());
}

Result<std::vector<client::Setting>> parse_settings(const Texts& texts) {
    std::vector<client::Setting> settings;
    for (const std::string& text : texts) {
        const std::size_t equals = text.find('=');
        if (equals == 0 || equals == std::string::npos) {
            return fail(ErrorKind::invalid, "--config {} is not of the form KEY=VALUE", text);
        }
        settings.push_back({text.substr(0, equals), text.substr(equals + 1)});
    }
    return settings;
}

Result<std::vector<client::NewTopic>> parse_topics(const Arguments& arguments) {
    const auto partitions = count_of<std::int32_t>(arguments, "partitions");
    if (!partitions) {
        return std::unexpected(partitions.error());
    }
    const auto replication_factor = count_of<std::int16_t>(arguments, "replication-factor");
    if (!replication_factor) {
        return std::unexpected(replication_factor.error());
    }
    const auto settings = parse_settings(arguments.options["config"].as<Texts>());
    if (!settings) {
        return std::unexpected(settings.error());
    }
    std::vector<client::NewTopic> topics;
    for (const std::string& name : arguments.operands) {
        topics.push_back({name, *partitions, *replication_factor, *settings});
    }
    return topics;
}

/// What the brokers take without giving all of its effect. All topics have the same settings.
void warn_about(const std::vector<client::Setting>& settings) {
    for (const client::Setting& setting : settings) {
        const std::string caution = config::caution_about(setting.name, setting.value);
        if (!caution.empty()) {
            warn(kName, caution);
        }
    }
}

ExitCode run(const Arguments& arguments) {
    const auto format = output_format(arguments);
    if (!format) {
        return report(kName, format.error());
    }
    const auto topics = parse_topics(arguments);
    if (!topics) {
        return report(kName, topics.error());
    }
    auto client = connect(arguments);
    if (!client) {
        return report(kName, client.error());
    }
    const auto outcomes = client::create_topics(*client, *topics);
    if (!outcomes) {
        return report(kName, outcomes.error());
    }
    const ExitCode code = report_outcomes(kName, "Created", *format, *outcomes);
    if (code == ExitCode::ok || code == ExitCode::partial) {
        warn_about(topics->front().configs);
    }
    return code;
}

}  // namespace

Command topic_create() {
    return {.name = kName,
            .summary = "make topics",
            .help = kHelp,
            .operands = {"TOPIC", 1, Operands::kAny},
            .add_options = add_options,
            .run = run};
}

}  // namespace hw::cli
