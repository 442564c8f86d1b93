#include "tools/perf/options.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <concepts>
#include <string_view>

#include <fmt/format.h>

namespace hw::perf {
namespace {

using Set = Result<void> (*)(ProduceOptions&, std::string_view);

struct Option {
    std::string_view name;
    std::string_view letter;  ///< its short form, if it has one
    std::string_view value;   ///< what stands for the value in the help; empty: takes none
    std::string_view help;
    Set set;
};

template <std::integral T>
Result<T> number(std::string_view text, T low, T high) {
    T value{};
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (failed != std::errc{} || end != text.data() + text.size() || value < low || value > high) {
        return fail(ErrorKind::invalid, "'{}' is not a whole number of {} to {}", text, low, high);
    }
    return value;
}

/// Stores a number between the bounds in a member.
template <auto Member, auto Low, auto High>
Result<void> set_number(ProduceOptions& options, std::string_view text) {
    const auto value = number<std::common_type_t<decltype(Low), decltype(High)>>(text, Low, High);
    if (!value) {
        return std::unexpected(value.error());
    }
    using Target = std::remove_reference_t<decltype(options.*Member)>;
    options.*Member = static_cast<Target>(*value);
    return {};
}

template <auto Member>
Result<void> set_seconds(ProduceOptions& options, std::string_view text) {
    const auto value = number<std::int64_t>(text, 1, 86400);
    if (!value) {
        return std::unexpected(value.error());
    }
    options.*Member = std::chrono::seconds(*value);
    return {};
}

Result<void> set_bootstrap(ProduceOptions& options, std::string_view text) {
    auto address = config::parse_address(text);
    if (!address || address->host.empty() || address->port == 0) {
        return fail(ErrorKind::invalid, "'{}' is not HOST:PORT, for example 127.0.0.1:9092", text);
    }
    options.bootstrap = std::move(*address);
    return {};
}

Result<void> set_topic(ProduceOptions& options, std::string_view text) {
    options.topic = text;
    return {};
}

Result<void> set_durability(ProduceOptions& options, std::string_view text) {
    if (text != "memory" && text != "disk") {
        return fail(ErrorKind::invalid, "'{}' is neither memory nor disk", text);
    }
    options.durability = text;
    return {};
}

Result<void> set_output(ProduceOptions& options, std::string_view text) {
    if (text != "text" && text != "json") {
        return fail(ErrorKind::invalid, "'{}' is neither text nor json", text);
    }
    options.output = text == "json" ? OutputForm::json : OutputForm::text;
    return {};
}

Result<void> set_help(ProduceOptions& options, std::string_view /*text*/) {
    options.help = true;
    return {};
}

constexpr std::int64_t kGibibyte = std::int64_t{1} << 30;
using P = ProduceOptions;

constexpr auto kOptions = std::to_array<Option>({
    {"--bootstrap-server", "-b", "HOST:PORT", "a broker (127.0.0.1:9092)", set_bootstrap},
    {"--topic", "-t", "NAME", "made when it is missing (perf-produce)", set_topic},
    {"--partitions", "", "N", "of a topic that is made (1)", set_number<&P::partitions, 1, 10000>},
    {"--durability", "", "memory|disk", "highwater.durability of a topic that is made",
     set_durability},
    {"--connections", "", "N", "(8)", set_number<&P::connections, 1, 10000>},
    {"--in-flight", "", "N", "requests a connection (5)", set_number<&P::in_flight, 1, 1000>},
    {"--record-size", "", "BYTES", "of each value (1024)",
     set_number<&P::record_size, 1, kGibibyte>},
    {"--batch-size", "", "BYTES", "at most, but one record at least (65536)",
     set_number<&P::batch_size, 1, kGibibyte>},
    {"--acks", "", "1|0|-1", "who has a batch before it is acknowledged (1)",
     set_number<&P::acks, -1, 1>},
    {"--bytes", "", "BYTES", "of batches to send in all, rounded up to whole ones",
     set_number<&P::bytes, std::uint64_t{1}, std::uint64_t{1} << 50>},
    {"--seconds", "", "N", "to send for, instead of --bytes (10)", set_seconds<&P::seconds>},
    {"--wait", "", "SECONDS", "for a broker that is just starting (0)", set_seconds<&P::wait>},
    {"--pid", "", "PID", "of the broker, to report the CPU it used",
     set_number<&P::broker_pid, std::int64_t{1}, std::int64_t{1} << 30>},
    {"--output", "-o", "text|json", "(text)", set_output},
    {"--help", "-h", "", "show this", set_help},
});

}  // namespace

Result<ProduceOptions> parse_produce_options(const std::vector<std::string>& arguments) {
    ProduceOptions options;
    for (auto each = arguments.begin(); each != arguments.end(); ++each) {
        const auto option = std::ranges::find_if(kOptions, [&](const Option& candidate) {
            return *each == candidate.name || (!each->empty() && *each == candidate.letter);
        });
        if (option == kOptions.end()) {
            return fail(ErrorKind::invalid, "'{}' is not an option; see --help", *each);
        }
        if (!option->value.empty() && ++each == arguments.end()) {
            return fail(ErrorKind::invalid, "{} needs a value: {}", option->name, option->value);
        }
        if (auto set = option->set(options, *each); !set) {
            return fail(ErrorKind::invalid, "{}: {}", option->name, set.error().message);
        }
    }
    if (options.bytes && options.seconds) {
        return fail(ErrorKind::invalid, "--bytes and --seconds exclude each other: give one");
    }
    if (!options.bytes && !options.seconds) {
        options.seconds = std::chrono::seconds(10);
    }
    return options;
}

std::string produce_help() {
    std::string help =
        "Sends batches that are encoded once over a few connections, and says how fast and at "
        "what cost\nthey were acknowledged.\n\nOptions:\n";
    for (const Option& option : kOptions) {
        const std::string names = option.letter.empty()
                                      ? std::string(option.name)
                                      : fmt::format("{}, {}", option.letter, option.name);
        help += fmt::format("  {:<36}{}\n", fmt::format("{} {}", names, option.value), option.help);
    }
    help +=
        "\nExit status: 0 all acknowledged, 1 errors, 2 wrong use, 4 no broker answers at "
        "HOST:PORT.\n";
    return help;
}

}  // namespace hw::perf
