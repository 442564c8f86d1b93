"""Emits `is_default`, `size` and `write` of a struct: measuring and encoding in the same order."""

from emit_decode import _guarded, form_line
from layout import condition, default_value, form_of, member, null_of, sum_of


def is_default(field, value):
    """C++ condition: the value is the field's default."""
    if field.is_array or (not field.is_struct and field.type.wire.name in ("bytes", "records")):
        if field.default == "null":
            return f"wire::is_null({value})"
        return f"wire::is_empty({value})" if field.is_nullable else f"{value}.empty()"
    if field.defaults_to_struct:
        return f"({value} != nullptr && is_default(*{value}))"
    if field.is_struct:
        return f"{value} == nullptr" if field.is_nullable else f"is_default({value})"
    if field.type.wire.name == "string":
        if field.default == "null":
            return f"wire::is_null({value})"
        if default_value(field) is not None:
            return f"{value} == {default_value(field)}"
        return f"wire::is_empty({value})" if field.is_nullable else f"{value}.empty()"
    default = default_value(field)
    if field.type.wire.name == "bool":
        return value if default == "true" else f"!{value}"
    return f"{value} == {field.type.cpp}{{{default or ''}}}"


def _unless_default(field, value):
    text = is_default(field, value)
    if text.startswith("!"):
        return text[1:]
    if " == " in text:
        return text.replace(" == ", " != ")
    return "!" + text


def emit_is_default(struct, cpp):
    tests = " && ".join(is_default(field, f"in.{member(field)}") for field in struct.fields)
    yield f"[[maybe_unused]] bool is_default([[maybe_unused]] const {cpp}& in) {{"
    yield f"    return {tests or 'true'};"
    yield "}"


def _store(scalar, value):
    """Statement that writes a fixed-size scalar."""
    plain = f"{value}.value()" if scalar.kind == "strong" else value
    wire = scalar.wire
    if wire.name in ("bool", "float64", "uuid"):
        name = {"bool": "boolean"}.get(wire.name, wire.name)
        return f"out.{name}({plain});"
    if scalar.kind == "enum":
        plain = f"static_cast<{wire.cpp}>({value})"
    return f"out.integer({plain});"


class _Paths:
    """The name of a field in errors: `Struct.Field`, or `Field` at the top level."""

    def __init__(self, prefix):
        self.prefix = prefix

    def of(self, field):
        return f'"{self.prefix}{field.name}"'


def _size_variable(field, struct, path):
    """Statements that add a field without a fixed size to `size`."""
    value = f"in.{member(field)}"
    form, null = form_of(field), null_of(field, struct)
    if field.is_array:
        lines = [f"size.count({value}, {form}, {null}, {path});"]
        if not field.is_struct and field.type.wire.size is not None:
            return lines + [f"size.add({value}.size() * {field.type.wire.size});"]
        if field.is_struct:
            one = "add(size, v, item);"
        else:
            kind = field.type.wire.name
            one = f"size.{kind}(item, {form}, wire::Null::never, {path});"
        return lines + [f"for (const auto& item : {value}) {{", f"    {one}", "}"]
    if not field.is_struct:
        return [f"size.{field.type.wire.name}({value}, {form}, {null}, {path});"]
    if not field.is_nullable:
        return [f"add(size, v, {value});"]
    return [
        "size.add(1);",
        f"if ({value} != nullptr) {{",
        f"    add(size, v, *{value});",
        "}",
    ]


def _size_tagged(field, struct, path):
    if field.fixed_size is not None:
        lines = [f"size.add({field.fixed_size});", f"size.tag({field.tag}, {field.fixed_size});"]
    else:
        lines = ["const std::size_t before = size.own();"]
        lines += _size_variable(field, struct, path)
        lines.append(f"size.tag({field.tag}, size.own() - before);")
    return ["++tags;", *lines]


def _lacks(field, struct, path):
    """Statements that note an error if a field is set in a version that does not have it."""
    when = condition(field.versions, struct.versions)
    if field.ignorable or when is None:
        return
    absent = "" if when == "false" else f"!({when}) && "
    value = f"in.{member(field)}"
    test = _unless_default(field, value)
    if field.defaults_to_struct:  # null is how it begins in C++, so it is not set
        test = f"{value} != nullptr && !is_default(*{value})"
    yield f"    if ({absent}{test}) {{"
    yield f"        size.lacks({path});"
    yield "    }"


def emit_size(struct, cpp, message, prefix):
    paths = _Paths(prefix)
    body, terms = [], []
    for field in struct.plain_fields:
        when, path = condition(field.versions, struct.versions), paths.of(field)
        body += _lacks(field, struct, path)
        if when == "false":
            continue
        if field.fixed_size is not None:
            terms.append((field.fixed_size, when))
        else:
            body += _guarded(when, _size_variable(field, struct, path), "    ")
    flexible = condition(message.flexible, struct.versions)
    if struct.tagged_fields:
        body += _size_tags(struct, message, paths, flexible)
    else:
        terms.append((1, flexible))
    total = sum_of(terms)
    if total != "0":
        body.insert(0, f"    size.add({total});")
    yield (
        f"void add([[maybe_unused]] wire::Measure& size, [[maybe_unused]] std::int16_t v,"
    )
    yield f"         [[maybe_unused]] const {cpp}& in) {{"
    if any("form" in line.replace("Form", "") for line in body):
        yield form_line(struct, message)
    yield from body
    yield "}"


def _size_tags(struct, message, paths, flexible):
    yield "    std::uint32_t tags = 0;"
    for field in struct.tagged_fields:
        yield from _lacks(field, struct, paths.of(field))
        when = condition(field.versions, struct.versions)
        test = _unless_default(field, f"in.{member(field)}")
        both = f"{when} && {test}" if when else test
        yield from _guarded(both, _size_tagged(field, struct, paths.of(field)), "    ")
    yield from _guarded(flexible, ["size.add(wire::varint_size(tags));"], "    ")


def _write_variable(field, struct):
    value = f"in.{member(field)}"
    form, null = form_of(field), null_of(field, struct)
    if field.is_array:
        lines = [f"wire::write_count(out, {value}, {form});"]
        if field.is_struct:
            one = "write(out, v, item);"
        elif field.type.wire.size is not None:
            one = _store(field.type, "item")
        else:
            one = f"wire::write_{field.type.wire.name}(out, item, {form}, wire::Null::never);"
        return lines + [f"for (const auto& item : {value}) {{", f"    {one}", "}"]
    if not field.is_struct:
        return [f"wire::write_{field.type.wire.name}(out, {value}, {form}, {null});"]
    if not field.is_nullable:
        return [f"write(out, v, {value});"]
    null = -1 if field.tag is None else 0
    return [
        f"out.integer(static_cast<std::int8_t>({value} == nullptr ? {null} : 1));",
        f"if ({value} != nullptr) {{",
        f"    write(out, v, *{value});",
        "}",
    ]


def _write_tagged(field, struct, path):
    lines = [f"out.uvarint({field.tag});"]
    if field.fixed_size is not None:
        return lines + [
            f"out.uvarint({field.fixed_size});",
            _store(field.type, f"in.{member(field)}"),
        ]
    return [
        *lines,
        "wire::Measure size;",
        *_size_variable(field, struct, path),
        "out.uvarint(static_cast<std::uint32_t>(size.own()));",
        *_write_variable(field, struct),
    ]


def _tagged_tests(struct, message):
    for field in struct.tagged_fields:
        when = condition(field.versions, message.flexible.clipped(struct.versions))
        test = _unless_default(field, f"in.{member(field)}")
        yield field, f"{when} && {test}" if when else test


def _write_tags(struct, message):
    tests = list(_tagged_tests(struct, message))
    yield "std::uint32_t tags = 0;"
    for _, test in tests:
        yield f"tags += {test} ? 1 : 0;"
    yield "out.uvarint(tags);"
    for field, test in tests:
        yield from _guarded(test, _write_tagged(field, struct, '""'), "")


def emit_write(struct, cpp, message):
    body = []
    for field in struct.plain_fields:
        when = condition(field.versions, struct.versions)
        if when == "false":
            continue
        if field.fixed_size is not None:
            lines = [_store(field.type, f"in.{member(field)}")]
        else:
            lines = _write_variable(field, struct)
        body += _guarded(when, lines, "    ")
    flexible = condition(message.flexible, struct.versions)
    if flexible != "false":
        lines = list(_write_tags(struct, message)) if struct.tagged_fields else ["out.uvarint(0);"]
        body += _guarded(flexible, lines, "    ")
    yield f"void write([[maybe_unused]] wire::Writer& out, [[maybe_unused]] std::int16_t v,"
    yield f"           [[maybe_unused]] const {cpp}& in) {{"
    if any("form" in line.replace("Form", "") for line in body):
        yield form_line(struct, message)
    yield from body
    yield "}"
