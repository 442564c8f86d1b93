"""The source tree as the rules see it, and what a rule reports."""

import os
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import PurePosixPath

from cpp_scanner import scan

FOLDERS = ("protocol", "storage", "replication", "controller", "broker", "config", "tools", "test")
BUILT_OR_FOREIGN = {"build", "__pycache__", "node_modules"}
SCRIPT_SUFFIXES = {"", ".sh"}
SOURCE_SUFFIXES = {".h", ".cpp", ".py", ".js", ".hws", ".cmake"}
TEXT_SUFFIXES = SOURCE_SUFFIXES | {".md", ".txt", ".json", ".properties"}


@dataclass(frozen=True, order=True)
class Finding:
    """One broken rule. Line 1 stands for the file as a whole."""

    path: str
    line: int
    rule: str
    sentence: str

    def __str__(self):
        return f"{self.path}:{self.line}: {self.rule}: {self.sentence}"


@dataclass
class Case:
    """One self-test of a rule: a small tree and the places ("path:line") where the rule objects."""

    sentence: str
    files: dict
    findings: list = field(default_factory=list)


class File:
    """A file below the root; `path` is relative to it, with slashes."""

    def __init__(self, path, text):
        self.path = path
        self.text = text
        self.name = PurePosixPath(path).name
        self.suffix = PurePosixPath(path).suffix
        self.folder = "" if "/" not in path else path.rpartition("/")[0]

    @property
    def is_cpp(self):
        return self.suffix in (".h", ".cpp")

    @property
    def is_script(self):
        return self.suffix in SCRIPT_SUFFIXES and self.text.startswith("#!")

    @property
    def is_source(self):
        """Written by hand and listed in the README of its folder."""
        return self.suffix in SOURCE_SUFFIXES or self.is_script

    @property
    def is_text(self):
        return self.suffix in TEXT_SUFFIXES or self.is_script

    @property
    def is_main(self):
        """Holds the `main` of an executable."""
        return self.name == "main.cpp" or self.name.endswith("_main.cpp")

    @cached_property
    def lines(self):
        return self.text.split("\n")

    @cached_property
    def cpp(self):
        return scan(self.text)

    def within(self, *places):
        """Is this file one of the places (files), or below one of them (folders)?"""
        return any(self.path == place or self.path.startswith(place + "/") for place in places)


class Tree:
    """All files that belong to the project. Golden data is not source and is left out."""

    def __init__(self, files):
        self.files = [File(path, text) for path, text in sorted(files.items())]
        self.by_path = {file.path: file for file in self.files}
        self.folders = set()
        for file in self.files:
            folder = file.folder
            while folder:
                self.folders.add(folder)
                folder = folder.rpartition("/")[0]

    @cached_property
    def cpp_files(self):
        return [file for file in self.files if file.is_cpp and file.within(*FOLDERS)]

    def subfolders(self, folder):
        """Names of the folders directly in `folder`."""
        return sorted(path.rpartition("/")[2] for path in self.folders
                      if path.rpartition("/")[0] == folder)


def belongs(folder, name):
    """Does the entry `name` of `folder` (relative, "" for the root) belong to the project?"""
    if name in BUILT_OR_FOREIGN or name == ".git":
        return False
    if folder == "":
        return not name.startswith(".") or name == ".ci"
    return not name.startswith(".") and f"{folder}/{name}" != "test/golden"


def read_tree(root):
    """Reads every file of the project below `root`; a file that is not text counts as empty."""
    files = {}
    for path, folders, names in os.walk(root):
        folder = os.path.relpath(path, root).replace(os.sep, "/")
        folder = "" if folder == "." else folder
        folders[:] = sorted(name for name in folders if belongs(folder, name))
        for name in names:
            if belongs(folder, name):
                with open(os.path.join(path, name), "rb") as stream:
                    content = stream.read()
                relative = f"{folder}/{name}" if folder else name
                files[relative] = "" if b"\0" in content else content.decode("utf-8", "replace")
    return Tree(files)
