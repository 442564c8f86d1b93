"""Emits the decoders: straight-line code that reads runs of fixed-size fields with one check."""

from layout import (
    condition,
    element_type,
    form_of,
    min_element_expression,
    member,
    null_of,
    sum_of,
)


def _wrap(scalar, value):
    if scalar.kind == "plain":
        return value
    if scalar.kind == "enum":
        return f"static_cast<{scalar.cpp}>({value})"
    return f"{scalar.cpp}({value})"


def _load(scalar):
    """C++ that loads a value from `at` and moves `at` behind it."""
    wire = scalar.wire
    if wire.name == "bool":
        return _wrap(scalar, "wire::load_bool(at)")
    if wire.name == "float64":
        return _wrap(scalar, "wire::load_float64(at)")
    if wire.name == "uuid":
        return _wrap(scalar, "wire::load_uuid(at)")
    return _wrap(scalar, f"wire::load<{wire.cpp}>(at)")


def _text(field_type, source, form, null):
    kind = {"string": "string", "bytes": "bytes", "records": "records"}[field_type.wire.name]
    return _wrap(field_type, f"wire::read_{kind}({source}, {form}, {null})")


def _guarded(when, lines, indent):
    if when is None:
        yield from (indent + line for line in lines)
    elif len(lines) == 1:
        yield f"{indent}if ({when}) {{"
        yield f"{indent}    {lines[0]}"
        yield f"{indent}}}"
    else:
        yield f"{indent}if ({when}) {{"
        yield from (f"{indent}    {line}" for line in lines)
        yield f"{indent}}}"


def _array(field, struct, message, source):
    element, out = element_type(field), f"out.{member(field)}"
    if field.is_struct:
        cpp = f"{message.name}::{element}"
        one = f"[&]({cpp}& item) {{ read({source}, v, item); }}"
    else:
        cpp = element
        if field.type.wire.size is None:
            value = _text(field.type, source, form_of(field), "wire::Null::never")
            one = f"[&]({cpp}& item) {{ item = {value}; }}"
        else:
            return [
                f"{out} = wire::read_numbers<{cpp}>({source}, {form_of(field)},"
                f" {null_of(field, struct)},",
                f"    {field.type.wire.size},"
                f" [](const std::byte*& at) {{ return {_load(field.type)}; }});",
            ]
    return [
        f"{out} = wire::read_array<{cpp}>({source}, {form_of(field)}, {null_of(field, struct)},",
        f"    {min_element_expression(field, struct, message)}, {one});",
    ]


def _variable(field, struct, message, source):
    """Statements that read a field without a fixed size."""
    if field.is_array:
        return _array(field, struct, message, source)
    out = f"out.{member(field)}"
    if not field.is_struct:
        return [f"{out} = {_text(field.type, source, form_of(field), null_of(field, struct))};"]
    if not field.is_nullable:
        return [f"read({source}, v, {out});"]
    cpp = f"{message.name}::{element_type(field)}"
    read = "read_nullable" if field.tag is None else "read_tagged_nullable"
    return [
        f"{out} = wire::{read}<{cpp}>({source}, [&]({cpp}& item) {{",
        f"    read({source}, v, item);",
        "});",
    ]


def _fixed_run(run, struct):
    terms = [(f.fixed_size, condition(f.versions, struct.versions)) for f in run]
    yield f"    if (const std::byte* at = in.take({sum_of(terms)}); at != nullptr) {{"
    for field, (_, when) in zip(run, terms):
        yield from _guarded(when, [f"out.{member(field)} = {_load(field.type)};"], "        ")
    yield "    }"


def _plain(struct, message):
    run = []
    for field in struct.plain_fields:
        when = condition(field.versions, struct.versions)
        if when == "false":
            continue
        if field.fixed_size is not None:
            run.append(field)
            continue
        if run:
            yield from _fixed_run(run, struct)
            run = []
        yield from _guarded(when, _variable(field, struct, message, "in"), "    ")
    if run:
        yield from _fixed_run(run, struct)


def _tag_case(field, struct, message):
    when = condition(field.versions, message.flexible.clipped(struct.versions))
    tag = f"tag == {field.tag}" + (f" && {when}" if when else "")
    yield f"        if ({tag}) {{"
    yield "            wire::Reader inner = in.nested(size);"
    if field.fixed_size is None:
        yield from ("            " + line for line in _variable(field, struct, message, "inner"))
    else:
        yield f"            const std::byte* at = inner.take({field.fixed_size});"
        yield "            if (at != nullptr) {"
        yield f"                out.{member(field)} = {_load(field.type)};"
        yield "            }"
    yield "            in.join(inner);"
    yield "            continue;"
    yield "        }"


def _absent_structs(struct, message):
    """Statements that point to structs of defaults, for tagged fields that the message lacks."""
    for field in struct.tagged_fields:
        if field.defaults_to_struct:
            name, out = f"kAbsent{field.name}", f"out.{member(field)}"
            yield f"    static constexpr {message.name}::{element_type(field)} {name}{{}};"
            when = condition(field.versions, message.flexible.clipped(struct.versions))
            yield from _guarded(when, [f"{out} = &{name};"], "    ")


def _tags(struct, message):
    flexible = condition(message.flexible, struct.versions)
    if flexible == "false":
        return
    if not struct.tagged_fields:
        yield from _guarded(flexible, ["in.skip_tagged_fields();"], "    ")
        return
    yield from _absent_structs(struct, message)
    count = "in.uvarint()" if flexible is None else f"{flexible} ? in.uvarint() : 0"
    yield f"    for (std::uint32_t left = {count}; left > 0 && !in.failed(); --left) {{"
    yield "        const std::uint32_t tag = in.uvarint();"
    yield "        const std::uint32_t size = in.uvarint();"
    for field in struct.tagged_fields:
        yield from _tag_case(field, struct, message)
    yield "        in.skip_tagged_field(size);"
    yield "    }"


def emit_read(struct, cpp, message):
    yield f"void read(wire::Reader& in, [[maybe_unused]] std::int16_t v, {cpp}& out) {{"
    body = [*_plain(struct, message), *_tags(struct, message)]
    if any("form" in line.replace("Form", "") for line in body):
        yield form_line(struct, message)
    if not body:
        yield "    static_cast<void>(in);"
        yield "    static_cast<void>(out);"
    elif not any("out." in line for line in body):
        yield "    static_cast<void>(out);"
    yield from body
    yield "}"


def form_line(struct, message):
    flexible = condition(message.flexible, struct.versions)
    if flexible is None:
        return "    constexpr wire::Form form = wire::Form::compact;"
    if flexible == "false":
        return "    constexpr wire::Form form = wire::Form::fixed;"
    return f"    const wire::Form form = {flexible} ? wire::Form::compact : wire::Form::fixed;"
