// node cron_speed.mjs ZONE EXPRESSION…: for each, cron-parser's nanoseconds to parse it, to find the next run after the last, and to do
// both as BullMQ does for every run.
import cron from "cron-parser";

const { CronExpressionParser } = cron;
const [tz, ...expressions] = process.argv.slice(2);
const begin = new Date(Date.UTC(2026, 0, 1));

function nanoseconds(times, act) {
  for (let i = 0; i < times / 4; ++i) act(); // the just-in-time compiler's turn
  const started = process.hrtime.bigint();
  for (let i = 0; i < times; ++i) act();
  return Number(process.hrtime.bigint() - started) / times;
}

for (const text of expressions) {
  const parse = () => CronExpressionParser.parse(text, { tz, currentDate: begin });
  const parsed = parse();
  const steps = 40;
  const walk = () => {
    parsed.reset(begin);
    for (let i = 0; i < steps; ++i) parsed.next();
  };
  const both = () => parse().next();
  console.log(nanoseconds(4000, parse), nanoseconds(8, walk) / steps, nanoseconds(200, both));
}
