// The Node side of queue/tests/interop: does what each line of its input says, with BullMQ in one of its versions.
//
//     node interop.mjs MAJOR PORT
//
// MAJOR is 5 or 6; PORT is that of a redis-server on loopback. A line is {"n", "run", "with"}: `run` is the body of an async
// function in which the names below are known, `with` what it may read as `given`. Each is answered, when it is done, by a line
// {"n", "value"} or {"n", "error"}. What a test leaves running ends with the input.

import { createInterface } from "node:readline";
import Redis from "ioredis";

const [major, port] = process.argv.slice(2).map(Number);
const bullmq = await import(major === 5 ? "bullmq-5" : "bullmq");
const { FlowProducer, Job, Queue, QueueEvents, Worker } = bullmq;
const connection = { host: "127.0.0.1", port, maxRetriesPerRequest: null };
const redis = new Redis(connection);

// One of each kind and name, ready before it is given.
const made = new Map();
async function once(key, make) {
  if (!made.has(key)) {
    const each = make();
    each.on("error", () => {});
    made.set(key, each);
  }
  const each = made.get(key);
  await each.waitUntilReady?.();
  return each;
}

const queue = (name, options) => once(`queue ${name}`, () => new Queue(name, { connection, ...options }));
const flows = () => once("flows", () => new FlowProducer({ connection }));
const job = async (name, id) => Job.fromId(await queue(name), id);
const state = async (name, id) => (await queue(name)).getJobState(id);

// Under the same names in all versions.
async function counts(name) {
  const { waiting, paused = 0, prioritized, delayed, active, completed, failed } = await (await queue(name)).getJobCounts();
  return { waiting: waiting + paused, prioritized, delayed, active, completed, failed };
}

// All that happens in a queue, as Node's own reader tells it: `log` has [event, fields].
async function events(name) {
  const each = await once(`events ${name}`, () => {
    const reader = new QueueEvents(name, { connection, blockingTimeout: 1000 });
    reader.log = [];
    reader.broken = [];
    reader.on("error", (e) => reader.broken.push(e.message));
    const emit = reader.emit;
    reader.emit = (event, fields, ...more) => {
      if (fields && !(fields instanceof Error) && !event.endsWith(`:${fields.jobId}`)) reader.log.push([event, fields]);
      return emit.call(reader, event, fields, ...more);
    };
    return reader;
  });
  // It reads from now on, once its first call is blocked.
  await until(async () => (await redis.client("LIST")).split("\n").some((line) => line.includes(`:qe`) && line.includes("cmd=xread")));
  return each;
}

const workers = [];

// Waits for what they do. One of version 5 whose connections were cut may never end.
const closed = () => Promise.race([Promise.all(workers.map((each) => each.close())), new Promise((resolve) => setTimeout(resolve, 5000))]);

// A worker that has begun; `errors` are what it told of.
async function work(name, perform, options) {
  const worker = new Worker(name, perform, { connection, ...options });
  worker.errors = [];
  worker.on("error", (e) => worker.errors.push(e.message));
  workers.push(worker);
  await worker.waitUntilReady();
  return worker;
}

// A worker that does nothing by itself: `await (await hand("mail")).getNextJob("token", { block: false })`.
const hand = (name, options) => once(`hand ${name}`, () => new Worker(name, async () => {}, { connection, autorun: false, ...options }));

// bull-board on these queues, without a web server: `await (await board("mail"))("get", "/api/queues", { query })`.
async function board(...names) {
  const [{ createBullBoard }, { BullMQAdapter }] = await Promise.all([import("@bull-board/api"), import("@bull-board/api/bullMQAdapter")]);
  const adapters = await Promise.all(names.map(async (name) => new BullMQAdapter(await queue(name))));
  const heard = {};
  const server = new Proxy({}, { get: (_, word) => (value) => ((heard[word] = value), server) });
  createBullBoard({ queues: adapters, serverAdapter: server, options: { uiBasePath: "." } });
  return (method, route, request) => {
    const found = heard.setApiRoutes.find((each) => [each.route].flat().includes(route) && [each.method].flat().includes(method));
    return found.handler({ queues: heard.setQueues, query: {}, params: {}, body: {}, headers: {}, uiConfig: {}, ...request });
  };
}

async function until(holds, limit = 20_000) {
  const end = performance.now() + limit;
  for (let holding; !(holding = await holds()); await new Promise((resolve) => setTimeout(resolve, 3)))
    if (performance.now() > end) throw new Error(`not so within ${limit} ms: ${holds}`);
}

// What people see of a job: its fields under Node's names, without what Node keeps for itself.
function seen(each) {
  const { queue, scripts, backend, ...fields } = each.toJSON();
  return fields;
}

const scope = { FlowProducer, Job, Queue, QueueEvents, Worker, board, bullmq, closed, connection, counts, events, flows, hand, job, major, queue, redis, seen, state, until, work };
scope.kept = {}; // what one line leaves for the next
const AsyncFunction = (async () => {}).constructor;

function written(key, value) {
  const each = this[key];
  return each instanceof Job ? seen(each) : typeof value === "bigint" ? Number(value) : value;
}
function answer(all) {
  process.stdout.write(`${JSON.stringify(all, written)}\n`);
}

const lines = createInterface({ input: process.stdin });
lines.on("line", async (line) => {
  const { n, run, with: given } = JSON.parse(line);
  try {
    const value = await new AsyncFunction("given", ...Object.keys(scope), run)(given, ...Object.values(scope));
    answer({ n, value: value === undefined ? null : value });
  } catch (e) {
    answer({ n, error: `${e?.message ?? e}` });
  }
});
lines.on("close", () => process.exit(0));
