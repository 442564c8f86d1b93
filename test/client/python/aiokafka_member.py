"""A member of a group with aiokafka: aiokafka_member.py ADDRESS GROUP TOPIC

Commits each record before it reads the next one. `../group_members.py` says what it prints."""

import asyncio
import logging
import sys

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener
from aiokafka.errors import KafkaError

from report import leaving, report


class Listener(ConsumerRebalanceListener):
    """Reports what the member owns. Partitions are revoked while no record is being committed."""

    def __init__(self):
        self.owned = set()
        self.committing = asyncio.Lock()

    async def on_partitions_revoked(self, revoked):
        async with self.committing:
            self.owned -= revoked
            report("revoked", partitions=[partition.partition for partition in revoked])

    async def on_partitions_assigned(self, assigned):
        self.owned = set(assigned)
        report("assigned", partitions=[partition.partition for partition in assigned])


async def read(consumer, listener, partition, record):
    async with listener.committing:
        if partition not in listener.owned:
            return  # it was revoked after the record had been fetched
        position = {"partition": record.partition, "offset": record.offset}
        report("read", **position)
        try:
            await consumer.commit({partition: record.offset + 1})
            report("committed", **position)
        except KafkaError as error:
            report("refused", **position, error=repr(error))


async def main(address, group, topic):
    consumer = AIOKafkaConsumer(
        bootstrap_servers=address, group_id=group, auto_offset_reset="earliest",
        enable_auto_commit=False, session_timeout_ms=6000, heartbeat_interval_ms=200)
    listener = Listener()
    consumer.subscribe([topic], listener=listener)
    await consumer.start()
    told = leaving()
    while not told.is_set():
        fetched = await consumer.getmany(timeout_ms=100, max_records=1)
        for partition, records in fetched.items():
            for record in records:
                await read(consumer, listener, partition, record)
    report("revoked", partitions=[partition.partition for partition in listener.owned])
    await consumer.stop()


if __name__ == "__main__":
    logging.basicConfig(level=logging.ERROR)
    asyncio.run(main(*sys.argv[1:]))
