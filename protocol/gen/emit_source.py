"""Emits the sources: a few files with about equal compile times, each with some of the messages."""

from emit_decode import emit_read
from emit_encode import emit_is_default, emit_size, emit_write
from emit_print import emit_print
from layout import min_element_size, min_size, memory_factor

BATCH_HEADER = 61  # bytes of the smallest record batch


def _qualified(struct, message):
    return message.name if struct is message.body else f"{message.name}::{struct.name}"


def _inline_structs(message):
    """Names of the structs that need a generated `is_default`: a field holds them by value, or is a
    tagged pointer to them whose default is not null."""
    return {
        field.type.name
        for struct in message.all_structs
        for field in struct.fields
        if field.is_struct
        and not field.is_array
        and (not field.is_nullable or field.defaults_to_struct)
    }


def _holds_records(struct):
    return any(
        _holds_records(field.type) if field.is_struct else field.type.wire.name == "records"
        for field in struct.fields
    )


def _smallest_element(struct, version, message):
    """The smallest plausible element of a struct: its bytes on the wire, and C++ terms for its
    memory in the arena. Plausible means: names of topics and ids of groups are not empty, a records
    field has at least one batch, and an array of structs that hold records has at least one
    element."""
    wire, memory = min_size(struct, version, message), [f"sizeof({_qualified(struct, message)})"]
    for field in struct.plain_fields:
        if version not in field.versions:
            continue
        if field.is_array and field.is_struct and _holds_records(field.type):
            inner, terms = _smallest_element(field.type, version, message)
            wire, memory = wire + inner, memory + terms
        elif field.is_array or field.is_struct:
            continue
        elif field.type.wire.name == "records":
            wire, memory = wire + BATCH_HEADER, [*memory, "sizeof(ByteView)"]
        elif field.type.name in ("topic_name", "group_id") and version not in field.nullable:
            wire += 1
    return wire, memory


def _memory_checks(message):
    """static_asserts that the memory of a field in the arena is at most the API's factor times its
    bytes on the wire."""
    factor = memory_factor(message)
    for struct in message.all_structs:
        for field in struct.fields:
            versions = field.versions.clipped(struct.versions)
            # A records field is counted in its element, see _smallest_element.
            in_element = not field.is_array and not field.is_struct
            if not field.in_arena or in_element or versions.empty:
                continue
            if field.is_struct:
                wire, memory = min(
                    _smallest_element(field.type, version, message) for version in versions.all()
                )
            else:
                wire = min(min_element_size(field, v, message) for v in versions.all())
                memory = [f"sizeof({field.type.cpp})"]
            yield f"static_assert({' + '.join(memory)} <= {factor} * {max(1, wire)});"


def _helpers(message):
    inline = _inline_structs(message)
    for struct in message.all_structs:
        cpp = _qualified(struct, message)
        prefix = "" if struct is message.body else struct.name + "."
        if struct.name in inline:
            yield from emit_is_default(struct, cpp)
        yield from emit_read(struct, cpp, message)
        yield from emit_size(struct, cpp, message, prefix)
        yield from emit_write(struct, cpp, message)
        yield from emit_print(struct, cpp, message)
        yield ""
    if message.kind == "request":
        yield from _memory_checks(message)


def _functions(message):
    name = message.name
    yield f"void decode(wire::Reader& in, ApiVersion version, {name}& out) {{"
    yield f"    if (!{name}::kVersions.contains(version)) {{"
    yield '        in.fail("the message has no such version");'
    yield "        return;"
    yield "    }"
    yield "    read(in, version.value(), out);"
    yield "}"
    yield f"Result<wire::Size> measure(const {name}& in, ApiVersion version) {{"
    yield f"    if (!{name}::kVersions.contains(version)) {{"
    yield f'        return fail(ErrorKind::unsupported, "{name} has no version {{}}", version);'
    yield "    }"
    yield "    wire::Measure size;"
    yield "    add(size, version.value(), in);"
    yield f"    return size.result({name}::kName, version);"
    yield "}"
    yield f"void encode(wire::Writer& out, const {name}& in, ApiVersion version) {{"
    yield "    write(out, version.value(), in);"
    yield "}"
    yield f"void print(const {name}& in, ApiVersion version, std::string& out) {{"
    yield "    schema::JsonPrinter printer(out);"
    yield "    print_fields(printer, version.value(), in);"
    yield "}"
    yield ""


def _compile_cost(message):
    """An estimate of the compile time of a message."""
    return sum(2 + len(struct.fields) for struct in message.all_structs)


def distribute(files, shards):
    """Distributes (file, message) pairs over shards: the largest message first, each to the shard
    whose cost is lowest so far."""
    messages = [
        (file, message)
        for file in files
        for message in file.messages
        if not message.versions.empty
    ]
    contents = [[] for _ in range(shards)]
    costs = [0] * shards
    for file, message in sorted(messages, key=lambda pair: (-_compile_cost(pair[1]), pair[1].name)):
        cheapest = costs.index(min(costs))
        contents[cheapest].append((file, message))
        costs[cheapest] += _compile_cost(message)
    return contents


def emit_source(content, target):
    headers = sorted({f"{target.prefix}/{file.folder}/{file.stem}.h" for file, _ in content})
    yield "// Generated from the schemas."
    yield from (f'#include "{header}"' for header in headers)
    for header in ("schema/json_printer.h", "wire/field.h", "wire/measure.h"):
        yield f'#include "protocol/{header}"'
    yield ""
    yield f"namespace {target.namespace} {{"
    yield "using schema::JsonPrinter;"
    yield "namespace {"
    yield ""
    for _, message in content:
        yield from _helpers(message)
    yield "}  // namespace"
    yield ""
    for _, message in content:
        yield from _functions(message)
    yield f"}}  // namespace {target.namespace}"
