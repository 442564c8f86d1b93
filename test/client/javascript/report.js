// What a member of a group tells the test that has started it, as lines of JSON.
"use strict";

/// Prints an event with its time, in seconds of the machine's monotonic clock.
function report(event, fields) {
  const at = Number(process.hrtime.bigint()) / 1e9;
  process.stdout.write(`${JSON.stringify({ at, event, ...fields })}\n`);
}

/// The end of standard input tells the member to leave: then `told` is true, and `end` resolves.
function leaving() {
  const state = { told: false };
  process.stdin.resume();
  state.end = new Promise((resolve) => { process.stdin.on("end", resolve); })
    .then(() => { state.told = true; });
  return state;
}

module.exports = { report, leaving };
