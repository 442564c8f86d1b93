"""Facts about the wire form of structs and fields that several emitters need."""

import naming
from check import default_number


def condition(versions, within):
    """C++ condition that version `v` is in `versions`, given that it is in `within`. None if always
    true, "false" if never."""
    versions = versions.clipped(within)
    if versions.empty:
        return "false"
    parts = []
    if versions.low > within.low:
        parts.append(f"v >= {versions.low}")
    if versions.high < within.high:
        parts.append(f"v <= {versions.high}")
    if len(parts) == 2 and versions.low == versions.high:
        return f"v == {versions.low}"
    return " && ".join(parts) or None


def sum_of(terms):
    """C++ for a sum of (count, condition) pairs."""
    always = sum(count for count, when in terms if when is None)
    sums = {}
    for count, when in terms:
        if when not in (None, "false"):
            sums[when] = sums.get(when, 0) + count
    parts = [str(always)] if always or not sums else []
    parts += [f"({when} ? {count} : 0)" for when, count in sums.items()]
    return " + ".join(parts)


def min_field_size(field, version, message):
    """Smallest size of an untagged field on the wire, in bytes."""
    if field.fixed_size is not None:
        return field.fixed_size
    compact = version in message.flexible and not field.never_compact
    if field.is_struct and not field.is_array:
        return 1 if version in field.nullable else min_size(field.type, version, message)
    if compact:
        return 1
    return 2 if not field.is_array and field.type.wire.name == "string" else 4


def min_size(struct, version, message):
    size = 1 if version in message.flexible else 0
    for field in struct.plain_fields:
        if version in field.versions:
            size += min_field_size(field, version, message)
    return size


def min_element_size(field, version, message):
    """Smallest size of one element of an array field on the wire, in bytes."""
    if field.is_struct:
        return max(1, min_size(field.type, version, message))
    wire = field.type.wire
    if wire.size is not None:
        return wire.size
    if version in message.flexible:
        return 1
    return 2 if wire.name == "string" else 4


def min_element_expression(field, struct, message):
    """C++ expression on `v` for min_element_size. Neighbouring versions of equal size are
    merged."""
    versions = field.versions.clipped(struct.versions)
    steps = []
    for version in reversed(versions.all()):
        size = min_element_size(field, version, message)
        if steps and steps[-1][1] == size:
            steps[-1] = (version, size)
        else:
            steps.append((version, size))
    parts = [f"v >= {low} ? {size} : " for low, size in steps[:-1]]
    return "".join(parts) + str(steps[-1][1])


def form_of(field):
    return "wire::Form::fixed" if field.never_compact else "form"


def null_of(field, struct):
    """C++ expression of type wire::Null: whether the field may be null in version `v`."""
    if not field.is_nullable:
        return "wire::Null::never"
    when = condition(field.nullable, field.versions.clipped(struct.versions))
    if when is None:
        return "wire::Null::allowed"
    return f"({when} ? wire::Null::allowed : wire::Null::refused)"


def element_type(field):
    return field.type.name if field.is_struct else field.type.cpp


def default_value(field):
    """C++ literal for the default of a scalar or string field; None if it is zero or empty."""
    if field.default is None or field.default == "null":
        return None
    wire = field.type.wire
    if wire.is_integer:
        number = default_number(field)
        if number == 0:
            return None
        return "-9223372036854775807 - 1" if number == -(2**63) else str(number)
    if field.default in ("false", '""'):
        return None
    return field.default


def member(field):
    return naming.snake(field.name)


def memory_factor(request):
    """Arena bytes per byte on the wire that a request may use: the schema's `memory`, else 16, or 1
    if no field needs the arena."""
    fields = [field for struct in request.all_structs for field in struct.fields]
    default = 16 if any(field.in_arena for field in fields) else 1
    return request.options.get("memory", default)
