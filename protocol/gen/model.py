"""A parsed schema: files, messages, structs, fields."""

from dataclasses import dataclass, field as attribute

from types_of import Scalar

TOP = 32767  # end of an open range such as 3+; clipped later to the message's top version


class SchemaError(Exception):
    """A schema breaks a rule; the text starts with file and line."""


@dataclass(frozen=True)
class Place:
    file: str
    line: int

    def error(self, text):
        return SchemaError(f"{self.file}:{self.line}: {text}")


@dataclass(frozen=True)
class Versions:
    """From `low` to `high`, both included; empty when low is above high."""

    low: int
    high: int

    def __str__(self):
        if self.empty:
            return "none"
        if self.high == TOP:
            return f"{self.low}+"
        return str(self.low) if self.low == self.high else f"{self.low}-{self.high}"

    @property
    def empty(self):
        return self.low > self.high

    def __contains__(self, version):
        return self.low <= version <= self.high

    def all(self):
        return range(self.low, self.high + 1)

    def within(self, other):
        return self.empty or (other.low <= self.low and self.high <= other.high)

    def clipped(self, other):
        return Versions(max(self.low, other.low), min(self.high, other.high))

    def hull(self, other):
        if self.empty:
            return other
        return Versions(min(self.low, other.low), max(self.high, other.high))


NONE = Versions(1, 0)


@dataclass
class Field:
    place: Place
    name: str
    type_name: str
    is_array: bool
    versions: Versions | None  # None if not given; resolved to those of the containing struct
    nullable: Versions = NONE
    default: str | None = None
    tag: int | None = None
    ignorable: bool = False
    sensitive: bool = False
    never_compact: bool = False
    comment: str = ""
    indent: int = 0
    children: list = attribute(default_factory=list)
    type: object = None  # Scalar or Struct, once resolved

    @property
    def is_struct(self):
        return not isinstance(self.type, Scalar)

    @property
    def is_nullable(self):
        return not self.nullable.empty

    @property
    def in_arena(self):
        """Whether its decoded value needs arena memory: array elements, a nullable struct, or the
        slice of a records field."""
        if self.is_array or self.is_struct:
            return self.is_array or self.is_nullable
        return self.type.wire.name == "records"

    @property
    def defaults_to_struct(self):
        """Whether it is a tagged struct that may be null, but is a struct of defaults if a message
        does not have it; so null is written."""
        is_one_struct = self.is_struct and not self.is_array
        return is_one_struct and self.is_nullable and self.tag is not None and self.default is None

    @property
    def fixed_size(self):
        """Bytes on the wire, or None when they depend on the value."""
        return None if self.is_array or self.is_struct else self.type.wire.size


@dataclass
class Struct:
    place: Place
    name: str
    fields: list
    versions: Versions = NONE  # versions in which a field of the message uses it

    @property
    def plain_fields(self):
        return [field for field in self.fields if field.tag is None]

    @property
    def tagged_fields(self):
        tagged = [field for field in self.fields if field.tag is not None]
        return sorted(tagged, key=lambda field: field.tag)


@dataclass
class Message:
    place: Place
    kind: str  # request, response, header, record, data
    api: str  # the name in the schema, without a suffix such as "Request"
    versions: Versions
    flexible: Versions
    options: dict
    body: Struct
    comment: str = ""
    key: int | None = None
    structs: list = attribute(default_factory=list)  # inner before outer, without the body

    @property
    def name(self):
        suffix = {"request": "Request", "response": "Response", "record": "Record"}
        return self.api + suffix.get(self.kind, "")

    @property
    def all_structs(self):
        return [*self.structs, self.body]


@dataclass
class SchemaFile:
    path: str
    folder: str  # relative to the schema folder, for example "api"
    stem: str  # name of the header: the file's name without the leading number
    messages: list
    shared: dict  # name -> Struct that every message of the file can use

    @property
    def source_name(self):
        return self.path.rpartition("/")[2]
