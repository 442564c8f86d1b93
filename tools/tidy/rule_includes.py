"""includes: a folder includes only what is below it in the architecture."""

import re

from tree import FOLDERS, Case, Finding

NAME = "includes"
BASE = ["protocol/base"]
WIRE = ["protocol/wire", *BASE]
STORAGE = ["storage", "protocol/record", "protocol/schema", *WIRE]
REPLICATION = ["replication", *STORAGE]
CONTROLLER = ["controller", "config", *REPLICATION]
BROKER = ["broker", *CONTROLLER]
TOOLS = ["tools", *BROKER]
MAY_INCLUDE = {
    "protocol/base": BASE,
    "protocol/wire": WIRE,
    "protocol/record": ["protocol/record", *WIRE],
    "protocol/schema": ["protocol/schema", *WIRE],
    "protocol/gen": ["protocol/gen", *WIRE],
    "config": ["config", *BASE],
    "storage": STORAGE,
    "replication": REPLICATION,
    "controller": CONTROLLER,
    "broker": BROKER,
    "tools": TOOLS,
    "test": ["test", "protocol/gen", *TOOLS],
}
# The folders inside each of these, lowest first: a folder includes itself and those before it. The
# name of the outer folder stands for the files directly in it.
ORDERS = {
    "storage": ["storage", "storage/posix_disk"],
    "config": ["config/keys", "config"],
    "replication": ["replication/peer", "replication/raft", "replication/fetch",
                    "replication/partition", "replication"],
    "controller": ["controller/image", "controller/placement", "controller/ops", "controller"],
    "broker": ["broker/runtime", "broker/net", "broker/quorum", "broker/metadata",
               "broker/replicas", "broker/coordinator", "broker/api", "broker"],
    "tools": ["tools/client", "tools/dump", "tools/perf", "tools/cli", "tools"],
}
ASIO_PLACES = ("broker/runtime", "test/sim", "tools/perf", "test/bench")
ASIO_IN_TESTS = re.compile(r"boost/asio/(co_spawn|\w*cancel\w*)\.hpp")
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"\n]*)[>"]', re.M)
IS_CODE = re.compile(r"[ \t]*#")


def module_of(path):
    """The folder of the architecture that `path` is in, "" if none."""
    parts = path.split("/")
    if len(parts) < 2 or parts[0] not in FOLDERS:
        return ""
    return "/".join(parts[:2]) if parts[0] == "protocol" else parts[0]


def check(tree):
    for file in tree.cpp_files:
        for match in INCLUDE.finditer(file.text):
            if not IS_CODE.match(file.cpp.code, match.start()):
                continue
            line = file.cpp.line(match.start())
            quote, target = match.groups()
            sentence = quoted(file, target) if quote == '"' else asio(file, target)
            if sentence:
                yield Finding(file.path, line, NAME, sentence)


def quoted(file, target):
    origin, aim = module_of(file.path), module_of(target)
    if not aim:
        return (f'"{target}" does not start with a folder of the project: write the path from the '
                "root of the tree")
    if origin == aim and origin in ORDERS:
        return ordered(ORDERS[origin], folder_of(file.path), folder_of(target))
    allowed = MAY_INCLUDE.get(origin, [])
    if aim in allowed:
        return ""
    others = ", ".join(name for name in allowed if name != origin) or "nothing else"
    return (f"{origin} must not include {aim}, only itself and {others}: move what is needed "
            "down, or take it as a parameter or a port")


def folder_of(path):
    return "/".join(path.split("/")[:2][:max(1, path.count("/"))])


def ordered(order, origin, aim):
    for folder in (origin, aim):
        if folder not in order:
            return f"{folder} has no place in ORDERS of {__name__}.py: say what is below it"
    if order.index(aim) <= order.index(origin):
        return ""
    below = ", ".join(order[:order.index(origin)]) or "nothing else"
    return (f"{origin} must not include {aim}, only itself and {below}: move what is needed down, "
            "or take it as a parameter or a port")


def asio(file, target):
    if target == "boost/asio.hpp":
        return "<boost/asio.hpp> pulls in all of Asio: include the single header that is needed"
    if not target.startswith("boost/asio/") or file.within(*ASIO_PLACES):
        return ""
    if file.path == "protocol/base/task.h" and target == "boost/asio/awaitable.hpp":
        return ""
    if file.within("test") and ASIO_IN_TESTS.fullmatch(target):
        return ""
    return (f"<{target}> outside {', '.join(ASIO_PLACES)}: use Task of protocol/base/task.h and "
            "the ports of protocol/base")


CASES = [
    Case("a folder includes itself and what is below it",
         {"protocol/record/a.cpp": '#include "protocol/record/a.h"\n'
                                   '#include "protocol/wire/reader.h"\n#include <vector>\n',
          "protocol/schema/a.cpp": '#include "protocol/schema/heartbeat.h"\n'
                                   '#include "protocol/wire/reader.h"\n',
          "storage/posix_disk/a.cpp": '#include "storage/log.h"\n#include "protocol/schema/x.h"\n',
          "controller/a.cpp": '#include "config/keys.h"\n#include "replication/raft/core.h"\n',
          "test/unit/a.cpp": '#include "test/support/a.h"\n#include "tools/client/a.h"\n'}),
    Case("a folder must not include a folder above or beside it",
         {"protocol/base/a.h": '#include "protocol/wire/reader.h"\n',
          "protocol/record/a.h": '\n#include "protocol/schema/x.h"\n',
          "storage/a.h": '#include "replication/raft/core.h"\n',
          "replication/a.h": '#include "config/keys.h"\n',
          "config/a.h": '#include "storage/log.h"\n',
          "tools/cli/a.h": '#include "test/support/a.h"\n'},
         ["config/a.h:1", "protocol/base/a.h:1", "protocol/record/a.h:2", "replication/a.h:1",
          "storage/a.h:1", "tools/cli/a.h:1"]),
    Case("inside a folder, too, includes go one way",
         {"broker/api/a.cpp": '#include "broker/quorum/a.h"\n#include "broker/api/a.h"\n',
          "broker/node.cpp": '#include "broker/api/a.h"\n',
          "storage/posix_disk/a.cpp": '#include "storage/disk.h"\n',
          "storage/log.cpp": '#include "storage/posix_disk/a.h"\n',
          "controller/image/a.h": '#include "controller/ops/a.h"\n',
          "broker/quorum/a.h": '#include "broker/api/a.h"\n#include "broker/node.h"\n'},
         ["broker/quorum/a.h:1", "broker/quorum/a.h:2", "controller/image/a.h:1",
          "storage/log.cpp:1"]),
    Case("a folder that ORDERS does not name is a finding",
         {"broker/unknown/a.h": '#include "broker/net/a.h"\n'}, ["broker/unknown/a.h:1"]),
    Case("a path that does not start at the root is a finding, one in a comment is not",
         {"storage/a.cpp": '#include "log.h"\n// #include "log.h"\n/*\n#include "log.h"\n*/\n'
                           '  #  include "../storage/log.h"\n'},
         ["storage/a.cpp:1", "storage/a.cpp:6"]),
    Case("all of Asio is included nowhere",
         {"broker/runtime/a.cpp": "#include <boost/asio.hpp>\n"}, ["broker/runtime/a.cpp:1"]),
    Case("single headers of Asio are for the runtime and its like",
         {"broker/runtime/a.cpp": "#include <boost/asio/io_context.hpp>\n",
          "test/sim/a.cpp": "#include <boost/asio/post.hpp>\n",
          "protocol/base/task.h": "#include <boost/asio/awaitable.hpp>\n",
          "test/unit/a.cpp": "#include <boost/asio/co_spawn.hpp>\n"
                             "#include <boost/asio/bind_cancellation_slot.hpp>\n"}),
    Case("Asio headers outside the allowed folders are findings",
         {"broker/net/a.cpp": "#include <boost/asio/awaitable.hpp>\n"
                              "#include <boost/asio/co_spawn.hpp>\n",
          "protocol/base/task.h": "#include <boost/asio/post.hpp>\n",
          "broker/runtime_options.h": "#include <boost/asio/post.hpp>\n",
          "test/unit/a.cpp": "#include <boost/asio/io_context.hpp>\n"},
         ["broker/net/a.cpp:1", "broker/net/a.cpp:2", "broker/runtime_options.h:1",
          "protocol/base/task.h:1", "test/unit/a.cpp:1"]),
]
