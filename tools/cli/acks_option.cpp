#include "tools/cli/acks_option.h"

#include <string>

namespace hw::cli {

namespace po = boost::program_options;

void add_acks_option(po::options_description& options) {
    options.add_options()(
        "acks", po::value<std::string>()->value_name("N")->default_value("all"),
        "who has a batch before it counts: all in-sync replicas (all), the leader (1), nobody (0)");
}

Result<client::Acks> acks_of(const Arguments& arguments) {
    const auto& text = arguments.options["acks"].as<std::string>();
    if (text == "all" || text == "-1") {
        return client::Acks::all;
    }
    if (text == "1") {
        return client::Acks::leader;
    }
    if (text == "0") {
        return client::Acks::none;
    }
    return fail(ErrorKind::invalid, "--acks {} is none of all, 1 and 0", text);
}

}  // namespace hw::cli
