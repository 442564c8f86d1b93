"""A member of a group with confluent-kafka (librdkafka), which rebalances incrementally:

    confluent_member.py ADDRESS GROUP TOPIC [PROTOCOL]

PROTOCOL is classic, unless it is given, or consumer (KIP-848). Commits each record before it
reads the next one. `../group_members.py` says what it prints."""

import sys

from confluent_kafka import Consumer, KafkaException

from report import leaving, report


def numbers(partitions):
    return [partition.partition for partition in partitions]


def read(consumer, record):
    position = {"partition": record.partition(), "offset": record.offset()}
    report("read", **position)
    try:
        consumer.commit(record, asynchronous=False)
        report("committed", **position)
    except KafkaException as error:
        report("refused", **position, error=str(error))


# In the consumer protocol the broker chooses these.
CLASSIC = {
    "session.timeout.ms": 6000,
    "heartbeat.interval.ms": 200,
    "partition.assignment.strategy": "cooperative-sticky",
}


def main(address, group, topic, protocol="classic"):
    consumer = Consumer({
        "bootstrap.servers": address,
        "group.id": group,
        "auto.offset.reset": "earliest",
        "enable.auto.commit": False,
        "group.protocol": protocol,
        **(CLASSIC if protocol == "classic" else {}),
    })

    def released(_, partitions):
        report("revoked", partitions=numbers(partitions))

    def assigned(_, partitions):
        report("assigned", partitions=numbers(partitions))

    consumer.subscribe([topic], on_assign=assigned, on_revoke=released, on_lost=released)
    told = leaving()
    while not told.is_set():
        record = consumer.poll(0.1)
        if record is None:
            continue
        if record.error():
            raise KafkaException(record.error())
        read(consumer, record)
    consumer.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
