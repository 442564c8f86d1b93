"""Sets a config of a group with confluent-kafka (librdkafka), and prints the group's configs:

    confluent_configs.py ADDRESS GROUP NAME VALUE

Prints a line of JSON: `refused`, the name of the error or null, and `configs`, an object of value
and source by name. Waits until the config is shown if it was not refused."""

import json
import sys
import time

from confluent_kafka import KafkaException
from confluent_kafka.admin import (AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource,
                                   ResourceType)


def result_of(futures):
    future, = futures.values()
    return future.result(timeout=30)


def describe(client, group):
    configs = result_of(client.describe_configs([ConfigResource(ResourceType.GROUP, group)]))
    return {name: [entry.value, entry.source] for name, entry in configs.items()}


def main(address, group, name, value):
    client = AdminClient({"bootstrap.servers": address})
    change = ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET)
    refused = None
    try:
        result_of(client.incremental_alter_configs(
            [ConfigResource(ResourceType.GROUP, group, incremental_configs=[change])]))
    except KafkaException as error:
        refused = error.args[0].name()
    configs = describe(client, group)
    end = time.monotonic() + 30
    while refused is None and configs[name][0] != value and time.monotonic() < end:
        time.sleep(0.05)
        configs = describe(client, group)
    print(json.dumps({"refused": refused, "configs": configs}))


if __name__ == "__main__":
    main(*sys.argv[1:])
