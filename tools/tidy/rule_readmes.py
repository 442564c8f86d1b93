"""readmes: the first table of a folder's README lists the folder, no more and no less."""

import fnmatch
import re

from tree import FOLDERS, Case, Finding

NAME = "readmes"
# Every module has a folder of tests; what they test is said by the modules' own READMEs.
WITHOUT_README = "test/unit"
BACKTICKS = re.compile(r"`([^`]+)`")
BRACES = re.compile(r"\{([^{}]*)\}")
SEPARATOR = re.compile(r"\|[\s:|-]+\|?\s*")


def check(tree):
    for folder in sorted(tree.folders):
        if folder.split("/")[0] in FOLDERS and not (folder + "/").startswith(WITHOUT_README + "/"):
            yield from check_folder(tree, folder)


def check_folder(tree, folder):
    readme = tree.by_path.get(f"{folder}/README.md")
    sources = sources_in(tree, folder)
    if readme is None:
        missing = [path for path in sources if not listed_above(tree, path)]
        if missing or not sources:
            yield Finding(f"{folder}/README.md", 1, NAME,
                          f"the folder {folder} has no README.md: say what it is for, list its "
                          "files in a table, say its invariants and how to test it")
        return
    line, names = first_table(readme)
    if not names:
        yield Finding(readme.path, 1, NAME,
                      "there is no table whose first column names files in backticks: list "
                      "the files of the folder")
        return
    listed = set(names)
    expected = [path[len(folder) + 1:] for path in sources]
    if not sources:
        expected = [name + "/" for name in tree.subfolders(folder)]
    for name in expected:
        if not is_listed(name, listed):
            yield Finding(readme.path, line, NAME,
                          f"`{name}` is in the folder but not in the table: add a row")
    for name in names:
        if not exists(tree, folder, name):
            yield Finding(readme.path, names[name], NAME,
                          f"`{name}` is in the table but not in the folder: remove it")


def sources_in(tree, folder):
    """Paths of the sources directly in the folder."""
    return [file.path for file in tree.files if file.folder == folder and file.is_source]


def listed_above(tree, path):
    """If a folder has no README, does its parent's README list this file of it?"""
    folder = path.rpartition("/")[0]
    parent = folder.rpartition("/")[0]
    readme = tree.by_path.get(f"{parent}/README.md")
    return readme is not None and is_listed(path[len(parent) + 1:], set(first_table(readme)[1]))


def is_listed(name, listed):
    if name in listed or name.rstrip("/") in listed:
        return True
    if name.endswith("/") and any(other.startswith(name) for other in listed):
        return True
    # Schemas are many and named alike: a pattern or their folder's row lists them.
    return name.endswith(".hws") and any(fnmatch.fnmatchcase(name, pattern) or
                                         pattern == name.rpartition("/")[0] + "/"
                                         for pattern in listed)


def exists(tree, folder, name):
    path = f"{folder}/{name.rstrip('/')}"
    if path in tree.by_path or path in tree.folders or path == "test/golden":
        return True
    return name.endswith(".hws") and any(fnmatch.fnmatchcase(other, path) for other in tree.by_path)


def first_table(readme):
    """Line of the first table, and its names with their lines: the backticked parts of its first
    column, with `a.{h,cpp}` expanded."""
    names, start = {}, 0
    for number, line in enumerate(readme.lines, 1):
        if not line.startswith("|"):
            if start:
                break
            continue
        start = start or number
        if not SEPARATOR.fullmatch(line):
            for name in BACKTICKS.findall(line.split("|")[1]):
                names.update((each, number) for each in expand(name))
    return start, names


def expand(name):
    match = BRACES.search(name)
    if match is None:
        return [name]
    return [name[:match.start()] + ending + name[match.end():]
            for ending in match.group(1).split(",")]


def table(*rows):
    return "# a\n\nText.\n\n| file | what |\n|---|---|\n" + "".join(
        f"| {row} | `X` |\n" for row in rows) + "\nMore.\n\n| `other.h` | a second table |\n"


PARENT = {"storage/README.md": table("`a.h`, `a.cpp`", "`b.{h,cpp}`"), "storage/a.h": "",
          "storage/a.cpp": "", "storage/b.h": "", "storage/b.cpp": "",
          "storage/CMakeLists.txt": ""}
CASES = [
    Case("a table that lists every file passes", PARENT),
    Case("a file that is not listed is a finding at the table",
         PARENT | {"storage/c.h": "", "storage/d.py": "", "storage/e": "#!/bin/bash\n"},
         ["storage/README.md:5"]),
    Case("a JavaScript file that is not listed is a finding at the table",
         PARENT | {"storage/c.js": ""}, ["storage/README.md:5"]),
    Case("a listed file that does not exist is a finding at its row",
         {path: text for path, text in PARENT.items() if path != "storage/b.cpp"},
         ["storage/README.md:8"]),
    Case("a README without a table lists nothing",
         {"storage/README.md": "# storage\n", "storage/a.h": ""}, ["storage/README.md:1"]),
    Case("a folder with sources needs a README", {"storage/a.h": ""}, ["storage/README.md:1"]),
    Case("a folder of folders needs a README too",
         PARENT | {"protocol/base/README.md": table("`a.h`"), "protocol/base/a.h": ""},
         ["protocol/README.md:1"]),
    Case("the README of a folder of folders lists each of these",
         {"protocol/README.md": table("`base`"),
          "protocol/base/README.md": table("`a.h`"), "protocol/base/a.h": "",
          "protocol/wire/README.md": table("`b.h`"), "protocol/wire/b.h": ""},
         ["protocol/README.md:5"]),
    Case("the parent's README may list the files of a folder without one",
         {"tools/README.md": table("`run`", "`cmake/A.cmake`"), "tools/run": "#!/bin/bash\n",
          "tools/cmake/A.cmake": ""}),
    Case("a README may list some folders, and the files of another one",
         {"test/README.md": table("`unit/`", "`support/main.cpp`"), "test/support/main.cpp": "",
          "test/unit/base/a_test.cpp": ""}),
    Case("a README that lists files of a folder without one lists all of them",
         {"tools/README.md": table("`run`", "`cmake/A.cmake`"), "tools/run": "#!/",
          "tools/cmake/A.cmake": "", "tools/cmake/B.cmake": ""},
         ["tools/cmake/README.md:1"]),
    Case("schemas may be listed by their folder, other files not",
         {"protocol/README.md": table("`schema/`"),
          "protocol/schema/README.md": table("`a.h`", "`api/`", "`b/`"),
          "protocol/schema/a.h": "", "protocol/schema/api/1_fetch.hws": "",
          "protocol/schema/b/b.h": ""}, ["protocol/schema/b/README.md:1"]),
    Case("schemas may be listed by pattern",
         {"protocol/README.md": table("`schema/`"),
          "protocol/schema/README.md": table("`a.h`", "`api/*.hws`"), "protocol/schema/a.h": "",
          "protocol/schema/api/1_fetch.hws": ""}),
    Case("a pattern that meets nothing is a finding",
         {"protocol/README.md": table("`schema`"),
          "protocol/schema/README.md": table("`a.h`", "`api/*.hws`"), "protocol/schema/a.h": ""},
         ["protocol/schema/README.md:8"]),
    Case("unit tests are not listed file by file",
         {"test/README.md": table("`unit/`"), "test/unit/base/a_test.cpp": ""}),
]
