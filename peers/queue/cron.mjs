// When npm's cron-parser runs expressions in 2026, for queue/tests/cron_peer_test.cpp:
//
//     cd peers/queue && npm ci && node cron.mjs > ../../queue/tests/expected_cron.json
//     node cron.mjs '30 2 * * *' Europe/Berlin      every time of one, in seconds since 1970
//
// Of each month the number of runs and a digest of their times (FNV-1a over the four bytes of each).

import cron from "cron-parser";
import { DateTime } from "luxon";

const zones = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"];
const expressions = [
  "* * * * *", "*/5 * * * *", "*/20 * * * *", "*/45 * * * *", "7 * * * *", "5/15 * * * *", "10-50/20 * * * *", "0,15,30 * * * *",
  "* 2 * * *", "*/20 2 * * *", "30 2 * * *", "0 2 * * *", "30 1 * * *", "59 1 * * *", "0 3 * * *", "30 3 * * *", "0 0 * * *",
  "15 2,3 * * *", "45 1-3 * * *", "0 */2 * * *", "0 */3 * * *", "30 1/4 * * *", "*/30 0-6/2 * * *", "5 22,23,0,1 * * *",
  "*/20 30 2 * * *", "30 15 14 * * *", "0 8 * * MON-FRI", "0 8 * * 1-5", "0 0 * * SUN", "0 12 * * 7", "0 12 * * 0-7", "0 12 * * 1/2",
  "0 12 * * 5-7", "0 9 1 * *", "0 9 1,15 * *", "0 9 L * *", "0 9 L,1 * *", "0 9 29-31 * *", "0 9 31 * *", "0 9 29 2 *",
  "30 4 1,15 * 5", "0 0 13 * FRI", "0 0 */10 * MON", "0 0 * * 5L", "0 0 * * 1,5L", "0 0 * * MON#1", "0 0 * * FRI#5",
  "0 0 15 * MON#2", "0 0 L * MON#1", "0 6 * JAN-MAR *", "0 6 1 */3 *", "0 6 ? * ?", "0 6 1-7 * MON", "0 0 30 2 MON", "0 0 31 12 *",
  "30 2 29 3 *", "30 2 25 10 *", "0 12 1 1 ?", "@hourly", "@daily", "@weekly", "@monthly", "@yearly", "@weekdays", "@weekends",
];

const begin = Date.UTC(2026, 0, 1) / 1000, end = Date.UTC(2027, 0, 1) / 1000, day = 86400;

const offsets = new Map();
function offsetOf(tz, seconds) {
  const key = `${tz} ${Math.floor(seconds / day)}`;
  if (!offsets.has(key)) offsets.set(key, DateTime.fromSeconds(seconds, { zone: tz }).offset);
  return offsets.get(key);
}

// As BullMQ asks, each time anew for the next after the last; far from a change of clocks, where it makes no difference but in time, of
// the same object.
function* runs(expression, tz) {
  const ask = (seconds) => cron.CronExpressionParser.parse(expression, { tz, currentDate: new Date(seconds * 1000) });
  let last = begin - 1, asked = ask(last);
  while (last < end) {
    if (offsetOf(tz, last - 2 * day) !== offsetOf(tz, last + 3 * day)) asked = ask(last);
    try {
      last = asked.next().getTime() / 1000;
    } catch {
      last += 3600; // it has none to give here: BullMQ would stop, we look further
      asked = ask(last);
      continue;
    }
    if (last >= end) return;
    yield last;
  }
}

function digest(hash, seconds) {
  for (let i = 0; i < 4; ++i) hash = Math.imul(hash ^ ((seconds >>> (8 * i)) & 255), 16777619);
  return hash >>> 0;
}

function months(expression, tz) {
  const found = Array.from({ length: 12 }, () => [0, 2166136261]);
  for (const run of runs(expression, tz)) {
    const month = found[new Date(run * 1000).getUTCMonth()];
    ++month[0];
    month[1] = digest(month[1], run);
  }
  return found;
}

if (process.argv.length === 4) {
  for (const run of runs(process.argv[2], process.argv[3])) console.log(run);
} else {
  const cases = zones.flatMap((zone) => expressions.map((text) => [text, zone, months(text, zone)]));
  console.log(`[\n${cases.map((each) => JSON.stringify(each)).join(",\n")}\n]`);
}
