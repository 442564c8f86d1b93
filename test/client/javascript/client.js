// A client for tests, like kcat: runs one command and prints JSON, without checks.
//
//   node client.js version
//   node client.js produce ADDRESS TOPIC PARTITION <RECORDS
//   node client.js consume ADDRESS TOPIC PARTITION OFFSET
//   node client.js offsets ADDRESS TOPIC PARTITION TIMESTAMP
"use strict";

const readline = require("node:readline");
const { promisify } = require("node:util");
const kafka = require("@confluentinc/kafka-javascript");

const TIMEOUT_MS = 30_000;

/// Runs `use` with a connected client.
async function connected(client, use) {
  await promisify(client.connect.bind(client))({});
  await use(client);
  await promisify(client.disconnect.bind(client))();
}

/// A consumer without a group; the library still requires a group id.
function newConsumer(address) {
  return new kafka.KafkaConsumer({
    "bootstrap.servers": address,
    "group.id": "none",
    "enable.auto.commit": false,
    "enable.partition.eof": true,
  });
}

function print(value) {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

/// The record with its bytes converted to text.
function readable({ offset, key, value, headers, timestamp }) {
  const texts = headers.map((header) =>
    Object.fromEntries(Object.entries(header).map(([name, bytes]) => [name, String(bytes)])));
  return { offset, key: String(key), value: String(value), headers: texts, timestamp };
}

/// Prints the version of the librdkafka that the client uses.
function version() {
  print(kafka.librdkafkaVersion);
}

/// Writes the records of standard input, one per line; prints the offset of each.
async function produce(address, topic, partition) {
  const producer = new kafka.HighLevelProducer({
    "bootstrap.servers": address,
    "acks": "all",
    "compression.codec": "zstd",
  });
  await connected(producer, async () => {
    const send = promisify(producer.produce.bind(producer));
    const sent = [];
    for await (const line of readline.createInterface({ input: process.stdin })) {
      const { key, value, headers, timestamp } = JSON.parse(line);
      sent.push(send(topic, Number(partition), Buffer.from(value), key, timestamp, headers));
    }
    (await Promise.all(sent)).forEach(print);
  });
}

/// Prints the records of a partition from an offset to the end.
async function consume(address, topic, partition, offset) {
  await connected(newConsumer(address), async (consumer) => {
    let ended = false;
    consumer.on("partition.eof", () => { ended = true; });
    consumer.on("data", (record) => print(readable(record)));
    consumer.assign([{ topic, partition: Number(partition), offset: Number(offset) }]);
    while (!ended) {
      await promisify(consumer.consume.bind(consumer))(1_000);
    }
  });
}

/// Prints the first offset of a partition, its end offset, and the offset of a timestamp.
async function offsets(address, topic, partition, timestamp) {
  await connected(newConsumer(address), async (consumer) => {
    const ends = promisify(consumer.queryWatermarkOffsets.bind(consumer));
    const find = promisify(consumer.offsetsForTimes.bind(consumer));
    const at = { topic, partition: Number(partition), offset: Number(timestamp) };
    const { lowOffset, highOffset } = await ends(topic, Number(partition), TIMEOUT_MS);
    const [found] = await find([at], TIMEOUT_MS);
    print([lowOffset, highOffset, found.offset]);
  });
}

const [command, ...operands] = process.argv.slice(2);
({ version, produce, consume, offsets })[command](...operands);
