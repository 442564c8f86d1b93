// A member of a group with kafka-javascript (librdkafka):
//
//   node kafka_javascript_member.js ADDRESS GROUP TOPIC [PROTOCOL]
//
// PROTOCOL is classic, unless it is given, or consumer (KIP-848). Commits each record before it
// reads the next one. ../group_members.py says what it prints.
"use strict";

const { promisify } = require("node:util");
const kafka = require("@confluentinc/kafka-javascript");
const { leaving, report } = require("./report");

/// The partitions of this member.
let owned = [];

/// In the consumer protocol the broker chooses these.
const classic = { "session.timeout.ms": 6000, "heartbeat.interval.ms": 200 };

/// Called before the library applies the change. In the consumer protocol `partitions` are
/// only those that come or go.
function rebalance({ code }, partitions) {
  const numbers = partitions.map(({ partition }) => partition);
  const assigned = code === kafka.CODES.ERRORS.ERR__ASSIGN_PARTITIONS;
  report(assigned ? "assigned" : "revoked", { partitions: numbers });
  const kept = owned.filter((partition) => !numbers.includes(partition));
  owned = assigned ? [...kept, ...numbers] : kept;
}

function read(consumer, record) {
  const { partition, offset } = record;
  if (!owned.includes(partition)) {
    return; // it was revoked after the record had been fetched
  }
  report("read", { partition, offset });
  try {
    consumer.commitMessageSync(record);
    report("committed", { partition, offset });
  } catch (error) {
    report("refused", { partition, offset, error: String(error) });
  }
}

async function main(address, group, topic, protocol = "classic") {
  const consumer = new kafka.KafkaConsumer({
    "bootstrap.servers": address,
    "group.id": group,
    "auto.offset.reset": "earliest",
    "enable.auto.commit": false,
    "group.protocol": protocol,
    ...(protocol === "classic" ? classic : {}),
    "rebalance_cb": true,
  });
  consumer.on("rebalance", rebalance);
  consumer.setDefaultConsumeTimeout(100);
  await promisify(consumer.connect.bind(consumer))({});
  consumer.subscribe([topic]);
  const state = leaving();
  while (!state.told) {
    const records = await promisify(consumer.consume.bind(consumer))(1);
    records.forEach((record) => read(consumer, record));
  }
  await promisify(consumer.disconnect.bind(consumer))();
}

main(...process.argv.slice(2));
