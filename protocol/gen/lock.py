"""The lock file: one line `Message version hash` per released version. A line never changes.

The hash covers the wire format and the names: order, names, types and nullability of fields, tags
and the defaults of tagged fields. Comments and C++ types may change.
"""

import hashlib

from model import SchemaError


def _describe(struct, version):
    lines = []
    for field in [*struct.plain_fields, *struct.tagged_fields]:
        if version not in field.versions:
            continue
        parts = [field.name, "[]" if field.is_array else ""]
        parts.append("{" if field.is_struct else field.type.wire.name)
        parts.append("?" if version in field.nullable else "")
        parts.append("fixed" if field.never_compact else "")
        if field.tag is not None:
            parts.append(f"tag={field.tag} default={field.default}")
        lines.append(" ".join(parts))
        if field.is_struct:
            lines += _describe(field.type, version) + ["}"]
    return lines


def fingerprint(message, version):
    lines = [f"{message.name} key={message.key} flexible={version in message.flexible}"]
    lines += _describe(message.body, version)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:12]


def released(files):
    """Maps (message, version) to (hash, place); without versions that are marked unstable."""
    found = {}
    for file in files:
        unstable = {m.api: m.options["unstable"] for m in file.messages if "unstable" in m.options}
        for message in file.messages:
            for version in message.versions.all():
                if unstable.get(message.api) != version:
                    found[message.name, version] = fingerprint(message, version), message.place
    return found


def read(path):
    locked = {}
    try:
        with open(path, encoding="utf-8") as stream:
            for line in stream:
                if line.strip() and not line.startswith("#"):
                    name, version, value = line.split()
                    locked[name, int(version)] = value
    except FileNotFoundError:
        pass
    return locked


def check(files, path):
    """Returns the released versions that the lock does not have yet."""
    locked, current = read(path), released(files)
    for key, value in locked.items():
        if key not in current:
            raise SchemaError(f"{path}: {key[0]} version {key[1]} is released, but has no schema")
        if current[key][0] != value:
            raise current[key][1].error(f"{key[0]} version {key[1]} is released and has changed")
    return {key: value[0] for key, value in current.items() if key not in locked}


def require(files, path):
    for (name, version), _ in check(files, path).items():
        place = released(files)[name, version][1]
        raise place.error(f"{name} version {version} is not in {path}: run with --extend-lock")


def extend(files, path):
    locked = read(path) | check(files, path)
    with open(path, "w", encoding="utf-8") as stream:
        stream.write("# Released versions: message, version, hash. See --extend-lock.\n")
        for (name, version), value in sorted(locked.items()):
            stream.write(f"{name} {version} {value}\n")
