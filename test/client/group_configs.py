"""Configs of groups, set and read with the admin client of kafka-python.

That client has no IncrementalAlterConfigs, so its version 0 is described here."""

from collections import namedtuple

from kafka.admin import KafkaAdminClient
from kafka.protocol.admin import DescribeConfigsRequest
from kafka.protocol.api import Request, Response
from kafka.protocol.types import Array, Boolean, Int8, Int16, Int32, Schema, String

GROUP = 32
SET, DELETE = 0, 1

Value = namedtuple("Value", "value source")


class AlterResponse(Response):
    API_KEY, API_VERSION = 44, 0
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        ("resources", Array(("error_code", Int16), ("error_message", String("utf-8")),
                            ("resource_type", Int8), ("resource_name", String("utf-8")))))


class AlterRequest(Request):
    API_KEY, API_VERSION = 44, 0
    RESPONSE_TYPE = AlterResponse
    SCHEMA = Schema(
        ("resources", Array(
            ("resource_type", Int8), ("resource_name", String("utf-8")),
            ("configs", Array(("name", String("utf-8")), ("operation", Int8),
                              ("value", String("utf-8")))))),
        ("validate_only", Boolean))


class GroupConfigs:
    def __init__(self, address):
        self.client = KafkaAdminClient(bootstrap_servers=address)

    def ask(self, request):
        future = self.client._send_request_to_node(self.client._client.least_loaded_node(),
                                                   request)
        self.client._wait_for_futures([future])
        return future.value

    def alter(self, group, name, value):
        """Sets a config, or deletes it if the value is None. The code and the message."""
        change = (name, DELETE if value is None else SET, value)
        answer = self.ask(AlterRequest([(GROUP, group, [change])], False))
        (code, message, _, _), = answer.resources
        return code, message

    def describe(self, group):
        """The values and their sources by name; or the code of the error."""
        answer = self.ask(DescribeConfigsRequest[2]([(GROUP, group, None)], False))
        (code, _, _, _, configs), = answer.resources
        return code or {name: Value(value, source)
                        for name, value, _, source, *_ in configs}

    def close(self):
        self.client.close()
