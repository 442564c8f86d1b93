"""build: no file outside the build, and no file in it that does not exist."""

import posixpath
import re

from tree import Case, Finding

NAME = "build"
COMMENT = re.compile(r"#[^\n]*")
WORD = re.compile(r"[^\s()\"]+")
SOURCE = re.compile(r"[\w./-]+\.(?:cpp|h)")


def check(tree):
    named = set()
    for file in tree.files:
        if file.name == "CMakeLists.txt":
            for line, path in sources_named(file):
                named.add(path)
                if path not in tree.by_path:
                    yield Finding(file.path, line, NAME,
                                  f"{path} is named here but does not exist: remove it")
    for file in tree.cpp_files:
        if file.path not in named:
            yield Finding(file.path, 1, NAME,
                          "no CMakeLists.txt names this file: add it to that of its folder, or "
                          "delete it")


def sources_named(file):
    """(line, path from the root) of each C++ file named; a name with a variable is generated."""
    for line, text in enumerate(file.lines, 1):
        for word in WORD.findall(COMMENT.sub("", text)):
            if SOURCE.fullmatch(word):
                yield line, posixpath.normpath(posixpath.join(file.folder, word))


CASES = [
    Case("files named by their folder or one above are in the build",
         {"storage/CMakeLists.txt": "hw_library(hw_storage\n    FILES a.cpp tiered/b.h)\n",
          "storage/a.cpp": "", "storage/tiered/b.h": ""}),
    Case("a file that is named nowhere, or only in a comment, is not in the build",
         {"storage/CMakeLists.txt": "hw_library(hw_storage FILES a.cpp) # b.cpp\n",
          "storage/a.cpp": "", "storage/b.cpp": "", "storage/c.h": ""},
         ["storage/b.cpp:1", "storage/c.h:1"]),
    Case("a name means a file of that folder, not one elsewhere",
         {"storage/CMakeLists.txt": "f(a.cpp)\n", "storage/a.cpp": "", "broker/a.cpp": ""},
         ["broker/a.cpp:1"]),
    Case("a named file that does not exist is a finding",
         {"storage/CMakeLists.txt": "f(\n  gone.cpp)\n"}, ["storage/CMakeLists.txt:2"]),
    Case("generated files and patterns are no names",
         {"storage/CMakeLists.txt": 'f(${out}/gone.cpp "\\\\.h$" "${b}.h")\n'}),
]
