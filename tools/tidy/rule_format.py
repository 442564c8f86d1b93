"""format: what clang-format does not see: file names, the first line of headers, blanks."""

import re

from tree import Case, Finding

NAME = "format"
SNAKE_CASE = re.compile(r"[a-z0-9_]+(?:\.[a-z]+)?")
NAMED_SUFFIXES = (".h", ".cpp", ".py", ".hws", ".sh", "")
COMMENT = re.compile(r"\s*(?://[^\n]*\n|/\*.*?\*/)*\s*", re.S)
ONCE = "#pragma once\n"


def check(tree):
    for file in tree.files:
        if file.is_text:
            yield from check_name(file)
            yield from check_blanks(file)
        if file.suffix == ".h":
            yield from check_once(file)


def check_name(file):
    if file.suffix in NAMED_SUFFIXES and not SNAKE_CASE.fullmatch(file.name):
        yield Finding(file.path, 1, NAME,
                      "the file's name is not snake_case: lower case, digits and underscores")


def check_blanks(file):
    for number, line in enumerate(file.lines, 1):
        if "\t" in line:
            yield Finding(file.path, number, NAME, "the line holds a tab: use blanks, or \\t")
        if line != line.rstrip():
            yield Finding(file.path, number, NAME, "the line ends in blanks: remove them")
    if file.text and not file.text.endswith("\n"):
        yield Finding(file.path, len(file.lines), NAME,
                      "the last line has no line end: add it")
    elif file.text.endswith("\n\n"):
        yield Finding(file.path, len(file.lines) - 1, NAME,
                      "the file ends in an empty line: remove it")


def check_once(file):
    begin = COMMENT.match(file.text).end()
    if not file.text.startswith(ONCE, begin):
        yield Finding(file.path, file.text.count("\n", 0, begin) + 1, NAME,
                      "the header does not begin with #pragma once: make it the first line "
                      "after the comment")


CASES = [
    Case("a plain header passes",
         {"storage/a_b2.h": "// A comment.\n/* Another. */\n#pragma once\n\n#include <vector>\n",
          "storage/c.h": "#pragma once\n", "storage/CMakeLists.txt": "f()\n"}),
    Case("a header begins with #pragma once",
         {"storage/a.h": "#include <vector>\n#pragma once\n", "storage/b.h": "// #pragma once\n",
          "storage/c.h": ""}, ["storage/a.h:1", "storage/b.h:2", "storage/c.h:1"]),
    Case("files have snake_case names",
         {"storage/PosixDisk.cpp": "", "storage/posix-disk.py": "", "tools/Run": "#!/bin/sh\n"},
         ["storage/PosixDisk.cpp:1", "storage/posix-disk.py:1", "tools/Run:1"]),
    Case("tabs, trailing blanks and a missing line end are findings in every text",
         {"storage/README.md": "a\n\tb\n", "storage/a.cpp": "a \nb\n", "storage/b.json": "{}",
          "tools/run": "#!/bin/sh\na\t\n"},
         ["storage/README.md:2", "storage/a.cpp:1", "storage/b.json:1", "tools/run:2"]),
    Case("an empty last line is a finding", {"storage/a.cpp": "a\n\n"}, ["storage/a.cpp:2"]),
]
