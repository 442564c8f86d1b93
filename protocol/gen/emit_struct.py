"""Emits the header of a schema file: its messages as plain structs, and their four functions."""

import naming
from layout import default_value, element_type, member


def _initial_value(field):
    """The initialiser of a member. `{}` makes a string null; `""` makes it empty but not null."""
    if field.is_array or field.is_struct:
        null_array = field.is_array and field.default == "null"
        return f" = wire::Array<{element_type(field)}>::null()" if null_array else "{}"
    value = default_value(field)
    wire = field.type.wire.name
    if field.is_nullable and field.default != "null":
        if wire == "string":
            return f" = {value or chr(34) * 2}"
        if wire == "bytes":
            return " = wire::kEmptyBytes"
    if wire == "records" and field.default == "null":
        return " = wire::Records::null()"
    return f"{{{value or ''}}}"


def member_type(field):
    if field.is_array:
        return f"wire::Array<{element_type(field)}>"
    if field.is_struct and field.is_nullable:
        return f"const {element_type(field)}*"
    return element_type(field)


def _fields(struct, indent):
    for field in struct.fields:
        comment = f"  ///< {field.comment}" if field.comment else ""
        yield f"{indent}{member_type(field)} {member(field)}{_initial_value(field)};{comment}"


def _comment(message):
    for line in message.comment.splitlines():
        yield f"/// {line}".rstrip()


def _message(message):
    yield from _comment(message)
    yield f"struct {message.name} {{"
    if message.kind in ("request", "response"):
        yield f"    static constexpr ApiKey kKey = ApiKey::{naming.snake(message.api)};"
    elif message.key is not None:
        yield f"    static constexpr std::int16_t kKey = {message.key};"
        yield f'    static constexpr std::string_view kType = "{naming.upper_snake(message.name)}";'
    yield f'    static constexpr std::string_view kName = "{message.name}";'
    ends = f"ApiVersion({message.versions.low}), ApiVersion({message.versions.high})"
    yield f"    static constexpr schema::VersionRange kVersions{{{ends}}};"
    for struct in message.structs:
        yield ""
        yield f"    struct {struct.name} {{"
        yield from _fields(struct, "        ")
        yield "    };"
    yield ""
    yield from _fields(message.body, "    ")
    yield "};"
    yield f"void decode(wire::Reader& in, ApiVersion version, {message.name}& out);"
    yield f"[[nodiscard]] Result<wire::Size> measure(const {message.name}& in, ApiVersion version);"
    yield f"void encode(wire::Writer& out, const {message.name}& in, ApiVersion version);"
    yield f"void print(const {message.name}& in, ApiVersion version, std::string& out);"
    yield ""


def emit_header(file, target):
    live = [message for message in file.messages if not message.versions.empty]
    yield "#pragma once"
    yield f"// Generated from {target.prefix}/{file.folder}/{file.source_name}."
    yield ""
    yield '#include "protocol/schema/message.h"'
    if any(m.kind in ("request", "response") or _uses_api_key(m) for m in live):
        yield f'#include "{target.prefix}/api_key.h"'
    records = [message for message in live if message.kind == "record"]
    if records:
        yield "#include <variant>"
    yield ""
    yield f"namespace {target.namespace} {{"
    yield ""
    for message in live:
        yield from _message(message)
    if records:
        names = ", ".join(message.name for message in records)
        yield "/// Any record of this file."
        yield f"using {naming.pascal(file.stem)}Record = std::variant<{names}>;"
        yield ""
    yield f"}}  // namespace {target.namespace}"


def _uses_api_key(message):
    fields = [field for struct in message.all_structs for field in struct.fields]
    return any(not field.is_struct and field.type.cpp == "ApiKey" for field in fields)
