"""Resolves the names in a schema: field types and structs, and the versions of each field."""

import copy

from model import Struct, Versions
from types_of import SCALARS


class _Resolver:
    def __init__(self, message, shared):
        self.message = message
        self.shared = shared
        self.by_name = {}
        self.open = []  # names of the structs being resolved, outermost first

    def struct(self, struct, containing):
        self.open.append(struct.name)
        for field in struct.fields:
            self._field(field, containing)
        self.open.pop()

    def _field(self, field, containing):
        field.versions = self._versions(field, containing)
        field.nullable = self._nullable(field)
        if field.type_name in SCALARS:
            if field.children:
                raise field.place.error(f"{field.type_name} is not a struct and cannot have fields")
            field.type = SCALARS[field.type_name]
        else:
            field.type = self._struct_of(field)
            field.type.versions = field.type.versions.hull(field.versions)

    def _versions(self, field, containing):
        possible = containing
        if field.tag is not None:
            possible = containing.clipped(self.message.flexible)
        if field.versions is None:
            return possible
        written = field.versions
        if written.empty:
            return written
        versions = Versions(written.low, min(written.high, max(containing.high, written.low)))
        if written.high != versions.high and str(written)[-1] != "+":
            raise field.place.error(self._outside(field, written, containing))
        if not versions.within(containing):
            raise field.place.error(self._outside(field, written, containing))
        return versions

    def _outside(self, field, written, containing):
        return (
            f"{field.name} has versions {written}, but the struct that contains it has only"
            f" {containing}"
        )

    def _nullable(self, field):
        if field.nullable.empty:
            return field.nullable
        if field.nullable.low == 0:
            return field.nullable.clipped(field.versions)
        if field.nullable.low not in field.versions:
            raise field.place.error(
                f"{field.name} is nullable in versions {field.nullable}, but exists only in"
                f" {field.versions}"
            )
        return field.nullable.clipped(field.versions)

    def _struct_of(self, field):
        name = field.type_name
        if name in self.open:
            raise field.place.error(f"struct {name} contains itself")
        if field.children:
            if name in self.by_name:
                raise field.place.error(f"struct {name} is already defined in {self.message.name}")
            struct = Struct(field.place, name, field.children)
            self.struct(struct, field.versions)
        elif name in self.by_name:
            return self.by_name[name]
        elif name in self.shared:
            struct = copy.deepcopy(self.shared[name])
            self.struct(struct, self.message.versions)
        else:
            raise field.place.error(f"'{name}' is neither a type nor a struct above this line")
        self.by_name[name] = struct
        self.message.structs.append(struct)
        return struct


def resolve_message(message, shared):
    top = message.versions
    if top.empty:
        return
    message.flexible = message.flexible.clipped(top)
    message.body.versions = top
    _Resolver(message, shared).struct(message.body, top)


def resolve_files(files):
    for file in files:
        for message in file.messages:
            resolve_message(message, file.shared)
