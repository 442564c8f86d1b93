"""Emits the API keys and the API table (`ApiInfo`)."""

import naming
from layout import memory_factor

NEVER = 32767  # a version that no message has


def _requests(files):
    requests = [m for file in files for m in file.messages if m.kind == "request"]
    return sorted(requests, key=lambda message: message.key)


def emit_keys(files, target):
    yield "#pragma once"
    yield "// Generated from the schemas."
    yield "#include <cstdint>"
    yield ""
    yield f"namespace {target.namespace} {{"
    yield ""
    yield "/// The APIs that have a schema. A request may carry any other number, too."
    yield "enum class ApiKey : std::int16_t {"
    for message in _requests(files):
        yield f"    {naming.snake(message.api)} = {message.key},"
    yield "};"
    yield ""
    yield f"}}  // namespace {target.namespace}"


def _version(number):
    return f"ApiVersion({number})"


def _row(request, response):
    options = request.options
    low, high = request.versions.low, request.versions.high
    flexible = NEVER if request.flexible.empty else request.flexible.low
    header = NEVER if response.options.get("header") == 0 else flexible
    listeners = options["listeners"]
    stable = high - 1 if "unstable" in options else high
    yield f"    {{.key = ApiKey::{naming.snake(request.api)},"
    yield f'     .name = "{request.api}",'
    yield f"     .versions = {{{_version(low)}, {_version(high)}}},"
    yield f"     .advertised_low = {_version(options.get('advertised', low))},"
    yield f"     .stable_high = {_version(stable)},"
    yield f"     .flexible_from = {_version(flexible)},"
    yield f"     .flexible_response_header_from = {_version(header)},"
    yield f"     .on_broker = {str('broker' in listeners).lower()},"
    yield f"     .on_controller = {str('controller' in listeners).lower()},"
    yield f"     .cluster_action = {str('cluster' in options).lower()},"
    yield f"     .forwarded = {str('forwarded' in options).lower()},"
    yield f"     .writes = {str('writes' in options).lower()},"
    yield f"     .after_writes = {str('after_writes' in options).lower()},"
    yield f"     .hw_only = {str('hw_only' in options).lower()},"
    yield f"     .memory_factor = {memory_factor(request)}}},"


def _find():
    yield "/// The row of an API; nullptr for a key without a schema. `key` may be any number."
    yield "[[nodiscard]] constexpr const ApiInfo* find_api(ApiKey key) {"
    yield "    const auto found = std::ranges::lower_bound(kApiTable, key, {}, &ApiInfo::key);"
    yield "    return found == kApiTable.end() || found->key != key ? nullptr : &*found;"
    yield "}"
    yield ""


def emit_table(files, target):
    responses = {m.key: m for file in files for m in file.messages if m.kind == "response"}
    yield "#pragma once"
    yield "// Generated from the schemas."
    yield "#include <algorithm>"
    yield "#include <array>"
    yield ""
    yield '#include "protocol/schema/api_info.h"'
    yield ""
    yield f"namespace {target.namespace} {{"
    yield ""
    yield "/// The APIs that have a schema, in the order of their keys."
    yield "inline constexpr auto kApiTable = std::to_array<ApiInfo>({"
    for request in _requests(files):
        yield from _row(request, responses[request.key])
    yield "});"
    yield ""
    yield from _find()
    yield f"}}  // namespace {target.namespace}"
