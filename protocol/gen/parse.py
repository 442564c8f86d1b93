"""Parses the schema language: one field per line, indentation nests structs.

    request Metadata key=3 versions=0-13 flexible=9+ listeners=broker
      Topics   []Topic?1+           # a comment of the field
        Name   topic_name?10+
      Allow    bool  4+  = true  ignorable

A field is a name, a type and versions (optional, by default those of the containing struct), then
in any order `= default`, `tag=N`, `ignorable`, `sensitive`, `flexible=none`. A type is the name of
a type of types_of.py or of a struct. `[]` before it makes an array. `?` after it allows null, in
all versions or in those that follow the `?`.
"""

import os
import re

from model import NONE, TOP, Field, Message, Place, SchemaFile, Struct, Versions

KINDS = ("request", "response", "header", "record", "data")
NUMERIC_OPTIONS = {"request": {"memory", "advertised", "unstable"}, "response": {"header"}}
MESSAGE_FLAGS = {"request": {"cluster", "forwarded", "writes", "after_writes", "hw_only"}}
FIELD_FLAGS = ("ignorable", "sensitive")

_TYPE = re.compile(r"^(\[\])?([A-Za-z][A-Za-z0-9_]*)(\?(\S*))?$")
_RANGE = re.compile(r"^(\d+)(\+|-(\d+))?$")
_NAME = re.compile(r"^[A-Z][A-Za-z0-9]*$")


def parse_versions(text, place):
    """Parses `3+`, `2-7`, `5` or `none`. Ranges are contiguous, so `0-2,5` is refused."""
    if text == "none":
        return NONE
    match = _RANGE.match(text)
    if not match:
        raise place.error(f"'{text}' is not a contiguous range of versions: use 3+, 2-7, 5 or none")
    low = int(match[1])
    high = TOP if match[2] == "+" else int(match[3] or match[1])
    if high < low:
        raise place.error(f"the versions {text} are in descending order")
    return Versions(low, high)


def _number(text, what, place):
    try:
        return int(text, 0)
    except ValueError:
        raise place.error(f"{what} is '{text}', not a number") from None


class _Line:
    def __init__(self, path, number, text):
        code, _, comment = text.partition("#")
        self.place = Place(path, number)
        self.indent = len(code) - len(code.lstrip(" "))
        self.words = code.split()
        self.comment = comment.strip()


def _split_option(word, place):
    key, equals, value = word.partition("=")
    if equals and not value:
        raise place.error(f"'{key}=' has no value")
    return key, value


def _parse_head(line, comment):
    kind, place = line.words[0], line.place
    if len(line.words) < 2 or not _NAME.match(line.words[1]):
        raise place.error(f"'{kind}' needs a name in PascalCase")
    message = Message(place, kind, line.words[1], None, NONE, {}, None, comment)
    for word in line.words[2:]:
        key, value = _split_option(word, place)
        if key == "key":
            message.key = _number(value, "the key", place)
        elif key == "versions":
            message.versions = parse_versions(value, place)
        elif key == "flexible":
            message.flexible = parse_versions(value, place)
        elif value and key in NUMERIC_OPTIONS.get(kind, ()):
            message.options[key] = _number(value, key, place)
        elif value and key == "listeners" and kind == "request":
            message.options[key] = value.split(",")
        elif not value and key in MESSAGE_FLAGS.get(kind, ()):
            message.options[key] = True
        else:
            raise place.error(f"a {kind} has no option '{word}'")
    if message.versions is None:
        raise place.error(f"{kind} {message.api} needs versions=")
    message.body = Struct(place, message.name, [])
    return message


def _parse_type(word, place):
    match = _TYPE.match(word)
    if not match:
        raise place.error(f"'{word}' is not a type")
    nullable = NONE
    if match[3]:
        nullable = parse_versions(match[4], place) if match[4] else Versions(0, TOP)
    return match[2], bool(match[1]), nullable


def _parse_field(line):
    place, words = line.place, list(line.words)
    if not _NAME.match(words[0]) or len(words) < 2:
        raise place.error(
            f"'{' '.join(words)}' is not a field: it needs a name in PascalCase and a type"
        )
    type_name, is_array, nullable = _parse_type(words[1], place)
    field = Field(place, words[0], type_name, is_array, None, nullable)
    field.comment, field.indent = line.comment, line.indent
    rest = words[2:]
    if rest and (rest[0][0].isdigit() or rest[0] == "none"):
        field.versions = parse_versions(rest.pop(0), place)
    while rest:
        word = rest.pop(0)
        if word == "=":
            if not rest:
                raise place.error(f"the default of {field.name} is missing")
            field.default = rest.pop(0)
        elif word in FIELD_FLAGS:
            setattr(field, word, True)
        elif word == "flexible=none":
            field.never_compact = True
        elif word.startswith("tag="):
            field.tag = _number(word[4:], "the tag", place)
        else:
            raise place.error(f"{field.name} has no option '{word}'")
    return field


class _Parser:
    def __init__(self, path):
        self.path = path
        self.messages = []
        self.shared = {}
        self.open = []  # (indent, list for the fields nested below that line)
        self.pending_comment = []

    def line(self, line):
        if not line.words:
            if line.comment:
                self.pending_comment.append(line.comment)
            else:
                self.pending_comment = []
            return
        if line.indent == 0:
            self._top(line)
        else:
            self._field(line)
        self.pending_comment = []

    def _top(self, line):
        kind = line.words[0]
        if kind == "struct":
            if len(line.words) != 2 or not _NAME.match(line.words[1]):
                raise line.place.error("'struct' needs a name in PascalCase and nothing else")
            struct = Struct(line.place, line.words[1], [])
            if struct.name in self.shared:
                raise line.place.error(f"struct {struct.name} is already defined")
            self.shared[struct.name] = struct
            self.open = [(0, struct.fields)]
        elif kind in KINDS:
            message = _parse_head(line, "\n".join(self.pending_comment))
            self.messages.append(message)
            self.open = [(0, message.body.fields)]
        else:
            raise line.place.error(f"unknown kind '{kind}': use struct, {', '.join(KINDS)}")

    def _field(self, line):
        if not self.open:
            raise line.place.error("a field before the first message")
        field = _parse_field(line)
        while self.open and self.open[-1][0] >= line.indent:
            self.open.pop()
        siblings = self.open[-1][1]
        if siblings and siblings[0].indent != line.indent:
            raise line.place.error("the indentation matches no line above")
        siblings.append(field)
        self.open.append((line.indent, field.children))


def parse_text(text, path, folder):
    parser = _Parser(path)
    for number, line in enumerate(text.splitlines(), 1):
        parser.line(_Line(path, number, line))
    stem = re.sub(r"^\d+_", "", os.path.splitext(os.path.basename(path))[0])
    return SchemaFile(path, folder, stem, parser.messages, parser.shared)


def parse_folder(root):
    """Parses all .hws files below `root`, in the order of their names."""
    files = []
    for folder, _, names in sorted(os.walk(root)):
        for name in sorted(names):
            if name.endswith(".hws"):
                path = os.path.join(folder, name)
                with open(path, encoding="utf-8") as stream:
                    files.append(parse_text(stream.read(), path, os.path.relpath(folder, root)))
    return files
