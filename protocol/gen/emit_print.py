"""Emits the printers: JSON with the fields of one version, in the order of the schema."""

import naming
from emit_decode import _guarded
from emit_encode import _unless_default
from layout import condition, member


def _scalar(scalar, value):
    wire = scalar.wire
    plain = f"{value}.value()" if scalar.kind == "strong" else value
    if wire.is_integer:
        if scalar.kind == "enum":
            plain = f"static_cast<{wire.cpp}>({value})"
        return f"out.number({plain});"
    return f"out.{'boolean' if wire.name == 'bool' else wire.name}({plain});"


def _key(field):
    return f'out.key("{naming.camel(field.name)}");'


def _value(field, value):
    if field.sensitive:
        return ["out.hidden();"]
    if field.is_array:
        one = "print_fields(out, v, item);" if field.is_struct else _scalar(field.type, "item")
        lines = ["out.begin_array();", f"for (const auto& item : {value}) {{", f"    {one}", "}"]
        return [*lines, "out.end_array();"]
    if field.is_struct:
        return [f"print_fields(out, v, {'*' if field.is_nullable else ''}{value});"]
    return [_scalar(field.type, value)]


def _is_null(field, value):
    if field.is_struct and not field.is_array:
        return f"{value} == nullptr"
    return f"wire::is_null({value})"


def _or_null(field, value, if_null, otherwise):
    if not field.is_nullable:
        return otherwise
    return [
        f"if ({_is_null(field, value)}) {{",
        *(f"    {line}" for line in if_null),
        "} else {",
        *(f"    {line}" for line in otherwise),
        "}",
    ]


def _field(field):
    """Statements that print a field. For a records field they print only its size, under another
    name, as Kafka's request log does."""
    value = f"in.{member(field)}"
    if not field.is_array and not field.is_struct and field.type.wire.name == "records":
        size = [
            f'out.key("{naming.camel(field.name)}SizeInBytes");',
            f"out.number(wire::total_size({value}));",
        ]
        return _or_null(field, value, [_key(field), "out.null();"], size)
    return [_key(field), *_or_null(field, value, ["out.null();"], _value(field, value))]


def emit_print(struct, cpp, message):
    yield "[[gnu::cold]] void print_fields(JsonPrinter& out, [[maybe_unused]] std::int16_t v,"
    yield f"                                [[maybe_unused]] const {cpp}& in) {{"
    yield "    out.begin_object();"
    for field in struct.fields:
        when = condition(field.versions, struct.versions)
        if when == "false":
            continue
        if field.tag is not None:
            test = _unless_default(field, f"in.{member(field)}")
            when = f"{when} && {test}" if when else test
        yield from _guarded(when, _field(field), "    ")
    yield "    out.end_object();"
    yield "}"
