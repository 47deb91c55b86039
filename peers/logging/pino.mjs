// node pino.mjs FILE BURSTS LINES: pino as its documentation has it for speed, a buffered synchronous destination.
// Prints the caller's nanoseconds a line in bursts of 1000 (the median burst), then those until all is written.
import pino from "pino";

const [file, bursts, lines] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
const destination = pino.destination({ dest: file, sync: true, minLength: 4096 });
const log = pino({ base: { module: "web" }, timestamp: pino.stdTimeFunctions.isoTime }, destination);
const write = (i) => log.info({ status: 200 + (i % 100), path: "/users/42/orders", took: i * 0.25 }, "request served");

function burst() {
  const begin = process.hrtime.bigint();
  for (let i = 0; i < 1000; ++i) write(i);
  return Number(process.hrtime.bigint() - begin) / 1000;
}
for (let i = 0; i < 20; ++i) burst(); // the just-in-time compiler's turn
const each = [];
for (let i = 0; i < bursts; ++i) {
  destination.flushSync();
  each.push(burst());
}
destination.flushSync();
each.sort((a, b) => a - b);

const begin = process.hrtime.bigint();
for (let i = 0; i < lines; ++i) write(i);
destination.flushSync();
const total = Number(process.hrtime.bigint() - begin) / lines;
console.log(`${each[each.length >> 1]} ${total}`);
