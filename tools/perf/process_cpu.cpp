#include "tools/perf/process_cpu.h"

#include <charconv>
#include <ctime>
#include <fstream>
#include <iterator>
#include <string>
#include <unistd.h>

#include <fmt/format.h>

namespace hw::perf {
namespace {

/// Fields of proc(5), counted from the one after the name: utime, then stime.
constexpr int kUserTimeField = 11;

}  // namespace

std::chrono::nanoseconds own_cpu() {
    timespec time{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

Result<std::chrono::nanoseconds> cpu_of(std::int64_t pid) {
    const std::string path = fmt::format("/proc/{}/stat", pid);
    std::ifstream file(path);
    if (!file) {
        return fail(ErrorKind::not_found, "cannot read {}: is {} the pid of the broker?", path,
                    pid);
    }
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    const auto ticks = cpu_ticks(text);
    if (!ticks) {
        return fail(ticks.error().kind, "{}: {}", path, ticks.error().message);
    }
    return std::chrono::nanoseconds(std::chrono::seconds(*ticks)) / ::sysconf(_SC_CLK_TCK);
}

Result<std::int64_t> cpu_ticks(std::string_view stat) {
    // The name stands in parentheses and may hold anything, blanks and parentheses too.
    std::size_t at = stat.rfind(") ");
    for (int field = 0; field <= kUserTimeField && at != std::string_view::npos; ++field) {
        at = stat.find(' ', at + 1);
    }
    if (at == std::string_view::npos) {
        return fail(ErrorKind::corrupt, "it has too few fields");
    }
    const char* end = stat.data() + stat.size();
    std::int64_t user = 0;
    std::int64_t system = 0;
    const auto first = std::from_chars(stat.data() + at + 1, end, user);
    if (first.ec != std::errc{} || first.ptr == end ||
        std::from_chars(first.ptr + 1, end, system).ec != std::errc{}) {
        return fail(ErrorKind::corrupt, "utime and stime are no numbers");
    }
    return user + system;
}

}  // namespace hw::perf
