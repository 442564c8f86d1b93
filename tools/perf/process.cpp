#include "tools/perf/process.h"

#include <charconv>
#include <ctime>
#include <fstream>
#include <iterator>
#include <string>
#include <sys/resource.h>
#include <unistd.h>

#include <fmt/format.h>

namespace hw::perf {
namespace {

/// Index of utime in /proc/PID/stat (proc(5)), counted from the field after the name; stime
/// follows.
constexpr int kUserTimeField = 11;

/// The text of a file of the process in /proc. Errors: not_found.
Result<std::string> read_of(std::int64_t pid, std::string_view name) {
    const std::string path = fmt::format("/proc/{}/{}", pid, name);
    std::ifstream file(path);
    if (!file) {
        return fail(ErrorKind::not_found, "cannot read {}; is {} the pid of the broker?", path,
                    pid);
    }
    return std::string{std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

std::chrono::nanoseconds own_cpu() {
    timespec time{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

Result<std::chrono::nanoseconds> cpu_of(std::int64_t pid) {
    HW_TRY(text, read_of(pid, "stat"));
    const auto ticks = cpu_ticks(text);
    if (!ticks) {
        return fail(ticks.error().kind, "/proc/{}/stat: {}", pid, ticks.error().message);
    }
    return std::chrono::nanoseconds(std::chrono::seconds(*ticks)) / ::sysconf(_SC_CLK_TCK);
}

Result<std::int64_t> cpu_ticks(std::string_view stat) {
    // The name is in parentheses and may hold anything, blanks and parentheses too.
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
        return fail(ErrorKind::corrupt, "utime and stime are not numbers");
    }
    return user + system;
}

Result<std::int64_t> resident_bytes_of(std::int64_t pid) {
    HW_TRY(text, read_of(pid, "status"));
    const auto bytes = resident_bytes(text);
    if (!bytes) {
        return fail(bytes.error().kind, "/proc/{}/status: {}", pid, bytes.error().message);
    }
    return bytes;
}

Result<std::int64_t> resident_bytes(std::string_view status) {
    constexpr std::string_view kField = "\nVmRSS:";
    constexpr std::int64_t kKibibyte = 1024;
    const std::size_t field = status.find(kField);
    const std::size_t first =
        field == std::string_view::npos ? field : status.find_first_of("0123456789", field);
    if (first == std::string_view::npos) {
        return fail(ErrorKind::corrupt, "it has no VmRSS");
    }
    std::int64_t kibibytes = 0;
    std::from_chars(status.data() + first, status.data() + status.size(), kibibytes);
    return kibibytes * kKibibyte;
}

Result<void> allow_open_files(std::size_t count) {
    constexpr std::size_t kOthers = 64;
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    const rlim_t needed = count + kOthers;
    if (limit.rlim_cur >= needed) {
        return {};
    }
    limit.rlim_cur = limit.rlim_max;
    if (limit.rlim_max < needed || ::setrlimit(RLIMIT_NOFILE, &limit) != 0) {
        return fail(ErrorKind::limit,
                    "{} connections need {} open files, and the limit is {}: give fewer "
                    "--connections, or raise it (ulimit -n)",
                    count, needed, limit.rlim_max);
    }
    return {};
}

}  // namespace hw::perf
