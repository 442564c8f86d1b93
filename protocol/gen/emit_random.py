"""Emits functions that make random messages: random values for the fields of one version, defaults
for the other fields."""

from emit_decode import _guarded, _wrap
from layout import condition, element_type, member, null_of


def _value(field, null):
    """C++ for one random scalar."""
    wire = field.type.wire
    if wire.is_integer:
        return _wrap(field.type, f"random.number<{wire.cpp}>()")
    name = {"bool": "boolean"}.get(wire.name, wire.name)
    argument = null if wire.size is None else ""
    return _wrap(field.type, f"random.{name}({argument})")


def _statements(field, struct, message):
    out, null = f"out.{member(field)}", null_of(field, struct)
    cpp = f"{message.name}::{element_type(field)}" if field.is_struct else element_type(field)
    one = "fill(random, v, item);"
    if not field.is_struct:
        one = f"item = {_value(field, 'wire::Null::never')};"
    if field.is_array:
        return [f"{out} = random.array<{cpp}>({null}, [&]({cpp}& item) {{ {one} }});"]
    if field.is_struct and field.is_nullable:
        return [f"{out} = random.nullable<{cpp}>({null}, [&]({cpp}& item) {{ {one} }});"]
    if field.is_struct:
        return [f"fill(random, v, {out});"]
    return [f"{out} = {_value(field, null)};"]


def _fill(struct, cpp, message):
    yield f"void fill([[maybe_unused]] RandomValue& random, [[maybe_unused]] std::int16_t v,"
    yield f"          [[maybe_unused]] {cpp}& out) {{"
    for field in struct.fields:
        when = condition(field.versions, struct.versions)
        if when == "false":
            continue
        if field.tag is not None:
            when = f"{when} && random.boolean()" if when else "random.boolean()"
        yield from _guarded(when, _statements(field, struct, message), "    ")
    yield "}"


def _messages(files):
    return [m for file in files for m in file.messages if not m.versions.empty]


def emit_random_header(files, target):
    yield "#pragma once"
    yield "// Generated from the schemas."
    yield from (f'#include "{target.prefix}/{file.folder}/{file.stem}.h"' for file in files)
    yield '#include "protocol/schema/random_value.h"'
    yield ""
    yield f"namespace {target.namespace} {{"
    yield ""
    yield "/// Sets the fields of that version to random values, which are allocated in the arena."
    for message in _messages(files):
        yield (
            f"void randomize(Random& random, Arena& arena, ApiVersion version,"
            f" {message.name}& out);"
        )
    yield ""
    yield "/// Calls `visit.template operator()<M>()` for every message."
    yield "template <class Visit>"
    yield "void for_each_message(Visit visit) {"
    for message in _messages(files):
        yield f"    visit.template operator()<{message.name}>();"
    yield "}"
    yield ""
    yield f"}}  // namespace {target.namespace}"


def emit_random_source(files, target):
    yield "// Generated from the schemas."
    yield f'#include "{target.prefix}/random.h"'
    yield ""
    yield f"namespace {target.namespace} {{"
    yield "using schema::RandomValue;"
    yield "namespace {"
    yield ""
    for message in _messages(files):
        for struct in message.all_structs:
            cpp = message.name if struct is message.body else f"{message.name}::{struct.name}"
            yield from _fill(struct, cpp, message)
    yield ""
    yield "}  // namespace"
    yield ""
    for message in _messages(files):
        name = message.name
        yield f"void randomize(Random& random, Arena& arena, ApiVersion version, {name}& out) {{"
        yield "    RandomValue values(random, arena);"
        yield "    fill(values, version.value(), out);"
        yield "}"
    yield f"}}  // namespace {target.namespace}"
