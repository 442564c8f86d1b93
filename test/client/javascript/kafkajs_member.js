// A member of a group with kafkajs: node kafkajs_member.js ADDRESS GROUP TOPIC
//
// Commits each record before it reads the next one. ../group_members.py says what it prints.
"use strict";

const { Kafka, logLevel } = require("kafkajs");
const { leaving, report } = require("./report");

/// The partitions of this member.
let owned = [];

function release() {
  report("revoked", { partitions: owned });
  owned = [];
}

/// Errors go to standard error, because standard output is for events.
function newLogger() {
  return ({ log }) => process.stderr.write(`${JSON.stringify(log)}\n`);
}

async function main(address, group, topic) {
  const kafka = new Kafka({
    brokers: address.split(","),
    logLevel: logLevel.ERROR,
    logCreator: newLogger,
  });
  const consumer = kafka.consumer({
    groupId: group,
    sessionTimeout: 6000,
    heartbeatInterval: 200,
    maxWaitTimeInMs: 100,
  });
  const state = leaving();
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
    if (!state.told) { // else it leaves as soon as it has joined, and reads nothing
      owned = payload.memberAssignment[topic] ?? [];
      report("assigned", { partitions: owned });
    }
  });
  consumer.on(consumer.events.REBALANCING, release);

  const eachBatch = async ({ batch, resolveOffset, heartbeat, commitOffsetsIfNecessary }) => {
    const { partition } = batch;
    for (const message of batch.messages) {
      if (state.told) {
        return;
      }
      const offset = Number(message.offset);
      report("read", { partition, offset });
      const committed = { partition, offset: String(offset + 1) };
      try {
        await commitOffsetsIfNecessary({ topics: [{ topic, partitions: [committed] }] });
      } catch (error) {
        report("refused", { partition, offset, error: String(error) });
        throw error;
      }
      report("committed", { partition, offset });
      resolveOffset(message.offset);
      await heartbeat();
    }
  };
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  await consumer.run({ autoCommit: false, eachBatchAutoResolve: false, eachBatch });
  await state.end;
  release();
  await consumer.disconnect();
}

main(...process.argv.slice(2));
