"""Checks the rules of schemas that the grammar does not cover. Each error names file and line."""

import naming
from types_of import INTEGER_BOUNDS


def default_number(field):
    return int(field.default, 0)


def _check_default(field):
    text, place = field.default, field.place
    if field.is_struct and not field.is_array:
        if field.is_nullable and text != "null" and not field.defaults_to_struct:
            raise place.error(f"{field.name} is a nullable struct: its default must be null")
        if not field.is_nullable and text is not None:
            raise place.error(f"{field.name} is a struct and cannot have a default")
    if text == "null" and field.nullable != field.versions:
        raise place.error(
            f"{field.name} has the default null, but may be null only in versions"
            f" {field.nullable} of {field.versions}"
        )
    if text in (None, "null"):
        return
    if field.is_array or field.type.wire.name in ("bytes", "records", "uuid"):
        raise place.error(f"{field.name} can only have the default null")
    _check_scalar_default(field)


def _check_scalar_default(field):
    text, wire = field.default, field.type.wire
    try:
        if wire.name == "bool":
            good = text in ("true", "false")
        elif wire.name == "float64":
            good = float(text) is not None
        elif wire.is_integer:
            low, high = INTEGER_BOUNDS[wire.name]
            good = low <= default_number(field) <= high
        else:
            good = len(text) >= 2 and text[0] == text[-1] == '"'
    except ValueError:
        good = False
    if not good:
        raise field.place.error(f"the default {text} of {field.name} is not a valid {wire.name}")


def _check_field(field, message):
    place = field.place
    if field.is_nullable and field.fixed_size is not None:
        raise place.error(f"{field.name} is a {field.type_name}, which cannot be null")
    if field.is_array and not field.is_struct and field.type.wire.name == "records":
        raise place.error(f"{field.name} is an array of records, which is not supported")
    if field.tag is not None:
        if not field.versions.within(message.flexible) or field.versions.empty:
            raise place.error(
                f"{field.name} is tagged in versions {field.versions}, but {message.name} is"
                f" flexible only in {message.flexible}"
            )
        if field.type_name == "records":
            raise place.error(f"{field.name} holds records, which cannot be tagged")
    if naming.snake(field.name) in naming.CPP_KEYWORDS:
        raise place.error(f"the name {field.name} becomes a C++ keyword")
    _check_default(field)


def _check_struct(struct, message):
    names, tags = set(), {}
    for field in struct.fields:
        if naming.snake(field.name) in names:
            raise field.place.error(f"{field.name} is defined twice in {struct.name}")
        names.add(naming.snake(field.name))
        if field.tag is not None:
            if field.tag in tags:
                raise field.place.error(
                    f"tag {field.tag} of {field.name} is already used by {tags[field.tag]}"
                )
            tags[field.tag] = field.name
        _check_field(field, message)
    if sorted(tags) != list(range(len(tags))):
        raise struct.place.error(f"the tags of {struct.name} have a gap: {sorted(tags)}")


def _check_options(request):
    options, place, top = request.options, request.place, request.versions.high
    listeners = options.get("listeners")
    if not listeners or not set(listeners) <= {"broker", "controller"}:
        raise place.error(f"request {request.api} needs listeners= of broker, controller or both")
    if options.get("unstable", top) != top:
        raise place.error(f"only the top version {top} can be unstable")
    if options.get("memory", 1) not in range(1, 17):
        raise place.error(f"memory={options['memory']} is outside 1 to 16")
    if options.get("advertised", 0) > request.versions.low:
        raise place.error(f"advertised={options['advertised']} is above {request.versions.low}")


def check_message(message):
    if message.kind in ("request", "response", "record") and message.key is None:
        raise message.place.error(f"{message.kind} {message.api} needs a key")
    if message.versions.empty:
        return
    if message.flexible.high not in (message.versions.high, 0):
        raise message.place.error(f"{message.name} is not flexible in its top version")
    for struct in message.all_structs:
        _check_struct(struct, message)
    if message.kind == "request":
        _check_options(message)


def _check_pair(request, response):
    if response is None:
        raise request.place.error(f"request {request.api} has no response in its file")
    for what in ("key", "versions", "flexible"):
        one, other = getattr(request, what), getattr(response, what)
        if one != other:
            raise response.place.error(
                f"response {response.api} has {what} {other}, but its request has {one}"
            )


def _identities(file, message):
    """Values that must be unique: the message's name, and its key among messages of its kind (for
    records: of its file)."""
    yield message.name
    if message.kind == "record":
        yield message.kind, file.folder, file.stem, message.key
    elif message.key is not None:
        yield message.kind, message.key


def check_files(files):
    seen = {}
    for file in files:
        requests = {m.api: m for m in file.messages if m.kind == "request"}
        responses = {m.api: m for m in file.messages if m.kind == "response"}
        for api in responses.keys() - requests.keys():
            raise responses[api].place.error(f"response {api} has no request in its file")
        for api, request in requests.items():
            _check_pair(request, responses.get(api))
        for message in file.messages:
            check_message(message)
            for identity in _identities(file, message):
                if seen.setdefault(identity, message) is not message:
                    raise message.place.error(
                        f"{message.name} repeats the name or key of {seen[identity].name}"
                    )
