"""banned: names that hide an input, a thread or an error, each with what to use instead."""

import re
from dataclasses import dataclass

from tree import Case, Finding

NAME = "banned"
CORE = ("protocol", "storage", "replication", "controller", "broker", "config")
EVERYWHERE = (*CORE, "tools", "test")
RUNTIME = ("broker/runtime",)
POSIX_DISK = ("storage/posix_disk", "storage/posix_disk.h", "storage/posix_disk.cpp")
# Where memory is owned by hand, and where a broken assertion ends the process.
OWNERS = ("protocol/base/arena.h", "protocol/base/arena.cpp", "protocol/base/bytes.h",
          "protocol/base/bytes.cpp")
ASSERTION = ("protocol/base/assert.cpp",)
# Boost.Program_options reports wrong arguments by exceptions, which are caught there.
COMMAND_LINE = ("config/command_line.cpp",)


@dataclass(frozen=True)
class Ban:
    """A pattern that no file in `where` may contain, except those in `but` (and mains, if `mains`).

    Every match contains one of `hints`, which are searched first because that is fast.
    """

    hints: tuple
    pattern: re.Pattern
    instead: str
    where: tuple = CORE
    but: tuple = RUNTIME
    mains: bool = True

    def holds_for(self, file):
        return (file.within(*self.where) and not file.within(*self.but)
                and not (self.mains and file.is_main))


def ban(hints, pattern, instead, **places):
    return Ban(tuple(hints.split()), re.compile(pattern), instead, **places)


# Placement new, as in `new (memory) T`, owns nothing.
RAW_MEMORY = r"(?<!operator )\bnew\b(?!\s*\((?!\s*std::nothrow))|(?<!operator )(?<!= )\bdelete\b"
# A count that reads outside of the guard compare.
LOCKS = RUNTIME + POSIX_DISK + ("storage/truncation_count.h",)
BANS = [
    ban("_clock clock_gettime gettimeofday",
        r"\b\w*_clock::now\b|\b(?:clock_gettime|gettimeofday)\b",
        "take the time as a parameter, or use the port protocol/base/clock.h"),
    ban("rand std::mt19937 std::default_random_engine",
        r"(?<![\w.>])(?:std::)?s?rand(?=\s*\()|\bstd::random_device\b|\bstd::mt19937(?:_64)?\b"
        r"|\bstd::default_random_engine\b",
        "use Random of protocol/base/random.h with a seed that was given, or the port "
        "protocol/base/entropy.h"),
    ban("thread_local", r"\bthread_local\b", "make it a member of what runs on that thread"),
    ban("getenv", r"\b(?:secure_)?getenv\b", "take it as an option from the composition root"),
    ban("mutex lock std::once_flag std::atomic",
        r"\bstd::(?:\w*mutex|lock_guard|scoped_lock|unique_lock|shared_lock|once_flag|atomic\w*)\b",
        "keep one writer behind Guarded, and share only what never changes",
        but=LOCKS, mains=False),
    ban("thread async future promise condition_variable",
        r"\bstd::(?:j?thread|async|future|promise|condition_variable\w*|this_thread)\b",
        "use a Task on a Shard; only the runtime has threads", but=LOCKS, mains=False),
    ban("printf puts fmt::print std::c",
        r"\b(?:f|d|s|sn|v|vf|vd|vs|vsn)?printf(?=\s*\()|\bf?puts(?=\s*\()|\bfmt::print\b"
        r"|\bstd::(?:cout|cerr|clog)\b",
        "use fmt::format for text and Logger of protocol/base/logger.h for lines",
        but=RUNTIME + POSIX_DISK + ASSERTION),
    ban("using", r"\busing\s+namespace\b", "name what is used", where=EVERYWHERE, but=(),
        mains=False),
    ban("goto", r"\bgoto\b", "return early or name the inner part", where=EVERYWHERE, but=(),
        mains=False),
    ban("assert", r"(?<![\w.])assert(?=\s*\()", "use HW_ASSERT, which is on in release builds too",
        where=EVERYWHERE, but=(), mains=False),
    ban("throw catch", r"\bthrow\b|\bcatch(?=\s*\()", "return a Result of protocol/base/result.h",
        where=EVERYWHERE, but=RUNTIME + COMMAND_LINE),
    ban("new delete", RAW_MEMORY, "use std::make_unique, Arena or Buffer", where=EVERYWHERE,
        but=OWNERS, mains=False),
]
STATIC = re.compile(r"\bstatic\b")
STATIC_INSTEAD = "make it a member of what owns it, or constexpr"
CONSTANT = re.compile(r"\s*(?:inline\s+|constinit\s+)*(?:const|constexpr|consteval)\b")
OPERATOR = re.compile(r"\boperator\s*[^\s\w(]+")
VARIABLE = re.compile(r"[\w>\]](?:\s*[*&]+\s*|\s+)[\w:]+\s*(?:\[\w*\]\s*)*\Z")
NO_VARIABLE = re.compile(r"\b(?:using|typedef|extern|const|constexpr|class|struct|union|enum|friend"
                         r"|template|concept|namespace|static)\b|\(")
INCLUDE = re.compile(r"^[ \t]*#[ \t]*include[^\n]*", re.M)


def check(tree):
    for file in tree.cpp_files:
        code = INCLUDE.sub(lambda match: " " * len(match.group()), file.cpp.code)
        for entry in BANS:
            if entry.holds_for(file) and any(hint in code for hint in entry.hints):
                yield from check_names(file, code, entry)
        if file.within(*CORE) and not file.within(*RUNTIME) and not file.is_main:
            yield from check_statics(file)
            yield from check_globals(file)


def check_names(file, code, entry):
    for match in entry.pattern.finditer(code):
        name = " ".join(match.group().split())
        yield Finding(file.path, file.cpp.line(match.start()), NAME,
                      f"`{name}` is not used here: {entry.instead}")


def check_statics(file):
    code = file.cpp.structure
    for match in STATIC.finditer(code):
        if CONSTANT.match(code, match.end()) or is_lambda_specifier(code, match):
            continue
        if file.cpp.in_body(match.start()) or not declares_function(code, match.end()):
            yield Finding(file.path, file.cpp.line(match.start()), NAME,
                          f"a static that changes is a hidden input: {STATIC_INSTEAD}")


def is_lambda_specifier(code, match):
    """In `[](int a) static { ... }` nothing is stored."""
    return (code[:match.start()].rstrip().endswith((")", "]"))
            and code[match.end():].lstrip().startswith(("{", "->")))


def declares_function(code, position):
    """Does a parameter list come before the declaration's end, value or brace?"""
    declaration = OPERATOR.sub("operator_", code[position:position + 400])
    declaration = re.split(r"[;={]", declaration, maxsplit=1)[0]
    plain, shorter = None, declaration.replace("->", "  ")
    while plain != shorter:
        plain, shorter = shorter, re.sub(r"<[^<>]*>", "", shorter)
    return "(" in plain


def check_globals(file):
    for position, text in file.cpp.statements:
        declared = re.split(r"[={]", OPERATOR.sub("operator_", text), maxsplit=1)[0].rstrip()
        if VARIABLE.search(declared) and not NO_VARIABLE.search(declared):
            start = position + len(text) - len(text.lstrip())
            yield Finding(file.path, file.cpp.line(start), NAME,
                          f"a variable of a namespace is a hidden input: {STATIC_INSTEAD}")


def numbered(path, lines):
    return {path: "".join(line + "\n" for line in lines)}


def each(path, lines):
    """One finding for each line."""
    return [f"{path}:{number}" for number in range(1, len(lines) + 1)]


HIDDEN_INPUTS = [
    "auto a = std::chrono::steady_clock::now();", "const int b = rand();", "f(std::rand());",
    "const std::random_device c;", "std::mt19937_64 d(1);", 'f(std::getenv("A"));',
    "thread_local const int f = 1;", "clock_gettime(CLOCK_MONOTONIC, &g);",
]
THREADS = ["using A = std::mutex;", "f(std::scoped_lock(b));", "using C = std::atomic<int>;",
           "f(std::jthread(e));", "std::this_thread::yield();", "const std::shared_mutex f;",
           "using G = std::condition_variable;"]
OUTPUT = ['std::printf("a");', 'fprintf(stderr, "a");', 'std::cerr << "a";', 'fmt::print("a");',
          'snprintf(a, 1, "b");']
ANYWHERE = ["using namespace std;", "goto end;", "assert(a);", "throw a;", "} catch (...) {",
            "auto* a = new int;", "delete a;", "delete[] a;",
            "auto* a = new (std::nothrow) int;"]
STATICS = ["static int a = 0;", "void f() { static int a = 0; }", "void g() { static A a(1); }",
           "struct A { inline static std::function<void(int)> a; };", "static A* a;",
           "int b = 0;", "std::vector<int> c{1, 2};", "A* d = nullptr;", "int A::e = f(1);",
           "std::array<int, 2> h[3];"]
FINE = """\
#include <new>
static_assert(sizeof(int) == 4);
static const int a = 1;
static constexpr std::string_view kB = "rand() assert(a)";
constexpr int kC = 2;
static std::function<void(int)> f();
static A& operator==(const A& a);
inline const std::string kD = "throw";
using Map = std::map<int, int>;
extern const int e;
A& A::operator=(const A&) = default;
namespace other = hw::storage;
struct A {
    A(const A&) = delete;
    static A make(int a);
    static constexpr int kE = 1;
    int member = 0;
    void* operator new(std::size_t size);
};
void g() {
    static const int b = 1;
    struct Local {
        static int h() { return 1; }
    };
    const auto d = [](int c) static { return c; };
    entropy.rand();
    new (memory) A();
    // throw std::mutex
    if (catcher(d)) {
        new_name = assert_that(b);
    }
}
"""
CASES = [
    Case("clocks, chance and the environment come from outside",
         numbered("storage/a.cpp", HIDDEN_INPUTS), each("storage/a.cpp", HIDDEN_INPUTS)),
    Case("the runtime and a main may read clocks, chance and the environment",
         numbered("broker/runtime/a.cpp", HIDDEN_INPUTS) | numbered("broker/main.cpp",
                                                                    HIDDEN_INPUTS)),
    Case("threads and locks live in the runtime and the disk; not in a main",
         numbered("broker/main.cpp", THREADS) | numbered("storage/posix_disk.cpp", THREADS)
         | numbered("storage/posix_disk/a.h", THREADS) | numbered("tools/perf/a.cpp", THREADS)
         | numbered("broker/runtime/a.h", THREADS) | numbered("test/unit/a.cpp", THREADS),
         each("broker/main.cpp", THREADS)),
    Case("output goes through the logger, but for a main, a tool, a test and the assertion",
         numbered("controller/a.cpp", OUTPUT) | numbered("broker/main.cpp", OUTPUT)
         | numbered("tools/cli/a.cpp", OUTPUT) | numbered("test/unit/a.cpp", OUTPUT)
         | numbered("protocol/base/assert.cpp", OUTPUT), each("controller/a.cpp", OUTPUT)),
    Case("some names are used nowhere, not even in tests",
         numbered("test/unit/a.cpp", ANYWHERE), each("test/unit/a.cpp", ANYWHERE)),
    Case("exceptions are for the runtime, a main and Boost's parser; arena and buffer own memory",
         numbered("broker/runtime/a.cpp", ["throw a;", "} catch (...) {"])
         | numbered("config/command_line.cpp", ["} catch (...) {"])
         | numbered("tools/cli/main.cpp", ["} catch (...) {"])
         | numbered("protocol/base/arena.cpp", ["f(new int);", "f([] { delete a; });"])),
    Case("what changes is not static, and not a variable of a namespace",
         numbered("storage/a.cpp", STATICS), each("storage/a.cpp", STATICS)),
    Case("a banned name in a macro is found",
         numbered("storage/a.h", ["#define A(b) \\", "    throw b"]), ["storage/a.h:2"]),
    Case("code that only resembles a banned name is no finding",
         {"storage/a.cpp": FINE, "test/unit/a.cpp": "int global = 0;\nstatic int other = 0;\n"}),
]
