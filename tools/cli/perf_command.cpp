#include "tools/cli/perf_command.h"

#include <algorithm>
#include <thread>

namespace hw::cli {
namespace {

/// Short, because --wait is used to measure how soon a starting broker answers.
constexpr std::chrono::milliseconds kWaitPause{1};

}  // namespace

std::vector<Option> with_perf_options(std::vector<Option> own) {
    own.push_back({.name = "wait",
                   .value_name = "SECONDS",
                   .help = "how long to wait for a broker that is just starting",
                   .default_value = "0"});
    own.push_back(output_option());
    return with_cluster_options(std::move(own));
}

std::vector<Option> new_topic_options(std::string_view default_topic) {
    return {{.name = "topic",
             .letter = 't',
             .value_name = "NAME",
             .help = "topic to use, created if it does not exist",
             .default_value = std::string(default_topic)},
            {.name = "durability",
             .value_name = "MODE",
             .help = "highwater.durability of the topic, if it is created: memory or disk"}};
}

Result<std::string> durability_of(const Arguments& arguments) {
    if (!arguments.has("durability")) {
        return "";
    }
    const std::string& mode = arguments.value("durability");
    if (mode != "memory" && mode != "disk") {
        return fail(ErrorKind::invalid, "--durability '{}' must be memory or disk", mode);
    }
    return mode;
}

Result<client::Client> connect_waiting(const Arguments& arguments) {
    HW_TRY(wait, whole_number(arguments, "wait", 0, kDay));
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(wait);
    while (true) {
        auto client = connect(arguments);
        const bool is_starting = !client && client.error().kind == ErrorKind::closed;
        if (!is_starting || std::chrono::steady_clock::now() >= deadline) {
            return client;
        }
        std::this_thread::sleep_for(kWaitPause);
    }
}

wire::ErrorCode most_frequent(const perf::Refusals& refused) {
    const auto found =
        std::ranges::max_element(refused, {}, [](const auto& each) { return each.second; });
    return found == refused.end() ? wire::ErrorCode::none : found->first;
}

}  // namespace hw::cli
