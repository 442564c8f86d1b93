"""Shared by the generator's tests: parses and checks schemas that are given as text."""

import os
import sys
import textwrap

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "../../.."))
sys.path.insert(0, os.path.join(ROOT, "protocol", "gen"))

from check import check_files  # noqa: E402
from model import SchemaError  # noqa: E402
from parse import parse_text  # noqa: E402
from resolve import resolve_files  # noqa: E402


def load(text, path="x.hws"):
    """Parses and checks a schema. Use `data` for a message that needs no response."""
    files = [parse_text(textwrap.dedent(text), path, "api")]
    resolve_files(files)
    check_files(files)
    return files


def message_of(text):
    return load(text)[0].messages[0]


def field_of(line, head="data M versions=0-9 flexible=5+"):
    """The field of a message that has only the field `line`."""
    return message_of(f"{head}\n  {line}\n").body.fields[0]


def error_of(text):
    """The message of the error that the schema must cause."""
    try:
        load(text)
    except SchemaError as error:
        return str(error)
    raise AssertionError("the schema is accepted")


def field_error(lines, head="data M versions=0-9 flexible=5+"):
    body = "\n".join("  " + line for line in textwrap.dedent(lines).strip().splitlines())
    return error_of(f"{head}\n{body}\n")
