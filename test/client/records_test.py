"""kcat and kafka-python produce 10,000 keyed records with headers, and read them by partition and
offset."""

import subprocess
import unittest

from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from records import COUNT, START, TOPIC, RecordsCase, key, timestamp, value


class Records(RecordsCase):
    def kcat(self, *arguments, text=None):
        return subprocess.run(["kcat", "-b", self.broker.address, "-t", TOPIC, *arguments],
                              input=text, capture_output=True, text=True, timeout=60,
                              check=True).stdout

    def test_kcat(self):
        lines = "".join(f"{key(i)}:{value(i)}\n" for i in range(COUNT))
        self.kcat("-P", "-p", "1", "-K", ":", "-H", "origin=kcat", "-H", "empty=", text=lines)
        found = self.kcat("-C", "-p", "1", "-o", str(START), "-e", "-q", "-f",
                          "%o %k %h %s\n").splitlines()
        wanted = [f"{i} {key(i)} origin=kcat,empty= {value(i)}" for i in range(START, COUNT)]
        self.assertEqual(found, wanted)
        self.assertEqual(self.kcat("-C", "-p", "0", "-o", "beginning", "-e", "-q"), "")

    def test_kafka_python(self):
        producer = KafkaProducer(bootstrap_servers=self.broker.address, acks="all",
                                 compression_type="gzip")
        sent = [producer.send(TOPIC, partition=1, key=key(i).encode(), value=value(i).encode(),
                              headers=[("number", str(i).encode())], timestamp_ms=timestamp(i))
                for i in range(COUNT)]
        producer.flush(timeout=60)
        self.assertEqual([one.get(timeout=60).offset for one in sent], list(range(COUNT)))
        producer.close()
        partition = TopicPartition(TOPIC, 1)
        consumer = KafkaConsumer(bootstrap_servers=self.broker.address, group_id=None,
                                 enable_auto_commit=False, consumer_timeout_ms=30_000)
        consumer.assign([partition])
        self.assertEqual(consumer.beginning_offsets([partition]), {partition: 0})
        self.assertEqual(consumer.end_offsets([partition]), {partition: COUNT})
        at = consumer.offsets_for_times({partition: timestamp(START)})[partition]
        self.assertEqual((at.offset, at.timestamp), (START, timestamp(START)))
        consumer.seek(partition, START)
        for i in range(START, COUNT):
            record = next(consumer)
            self.assertEqual((record.offset, record.key, record.value, record.headers),
                             (i, key(i).encode(), value(i).encode(),
                              [("number", str(i).encode())]))
        consumer.close()


if __name__ == "__main__":
    unittest.main()
