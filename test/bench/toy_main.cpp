#include <charconv>
#include <csignal>
#include <cstdio>
#include <string>
#include <string_view>
#include <sys/signalfd.h>
#include <vector>

#include <fmt/format.h>

#include "test/bench/toy.h"

namespace hw::bench {
namespace {

constexpr std::string_view kUsage =
    "Usage: bench_toy [--port N] [--dir DIRECTORY] [--partitions N]\n"
    "A minimal broker for comparison; see test/bench/README.md. SIGINT or SIGTERM ends it.\n";

template <class T>
bool parse_number(std::string_view text, T& value) {
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
    return failed == std::errc{} && end == text.data() + text.size();
}

bool parse(const std::vector<std::string>& arguments, ToyOptions& options) {
    if (arguments.size() % 2 != 0) {
        return false;
    }
    for (std::size_t i = 0; i < arguments.size(); i += 2) {
        const std::string& name = arguments[i];
        const std::string& value = arguments[i + 1];
        const bool taken = (name == "--port" && parse_number(value, options.port)) ||
                           (name == "--partitions" && parse_number(value, options.partitions));
        if (name == "--dir") {
            options.directory = value;
        } else if (!taken) {
            return false;
        }
    }
    return true;
}

int run(const std::vector<std::string>& arguments) {
    ToyOptions options;
    if (!parse(arguments, options)) {
        fmt::print(stderr, "{}", kUsage);
        return 2;
    }
    sigset_t signals;
    ::sigemptyset(&signals);
    ::sigaddset(&signals, SIGINT);
    ::sigaddset(&signals, SIGTERM);
    ::sigprocmask(SIG_BLOCK, &signals, nullptr);
    const client::Descriptor stop(::signalfd(-1, &signals, SFD_CLOEXEC));
    auto toy = Toy::start(options);
    if (!toy) {
        fmt::print(stderr, "bench_toy: {}\n", toy.error().message);
        return 1;
    }
    fmt::print("bench_toy: listening on 127.0.0.1:{}\n", (*toy)->port());
    std::fflush(stdout);
    if (auto served = (*toy)->serve_until(stop); !served) {
        fmt::print(stderr, "bench_toy: {}\n", served.error().message);
        return 1;
    }
    return 0;
}

}  // namespace
}  // namespace hw::bench

int main(int count, char** values) {
    return hw::bench::run({values + 1, values + count});
}
