// node bullmq_on_redis.mjs PORT JOBS KEPT: what queue_redis_redis_bench runs beside. KEPT completed jobs are kept. Prints a JSON object of jobs a second, microseconds that
// the server computed for each job, latencies in microseconds, and the MiB that this process has with so many jobs in flight.
import { Queue, Worker } from "bullmq";
import Redis from "ioredis";

const [port, jobs, kept] = process.argv.slice(2).map(Number);
const connection = { host: "127.0.0.1", port, maxRetriesPerRequest: null };
const data = { user_id: "0190b5a0-7c3e-7000-8000-000000000000", email: "someone@example.org" };
const opts = { removeOnComplete: kept || true };
const callers = 100, bulk = 1000, rounds = 1000, queues = 10, in_flight = 640;

const redis = new Redis(connection);
const queue = new Queue("work", { connection });
await queue.waitUntilReady();
const results = {};

async function server_time() {
  const cpu = await redis.info("cpu");
  return ["used_cpu_sys", "used_cpu_user"].reduce((sum, name) => sum + 1e6 * Number(new RegExp(`${name}:([\\d.]+)`).exec(cpu)[1]), 0);
}

async function measure(name, n, act) {
  const [before, began] = [await server_time(), performance.now()];
  await act();
  results[name] = { rate: (n * 1000) / (performance.now() - began), server: ((await server_time()) - before) / n };
}

const each_caller = (n) => async () => {
  for (let i = 0; i < n; ++i) await queue.add("work", data, opts);
};
const add = (n, together) => Promise.all(Array.from({ length: together }, each_caller(n / together)));

async function add_bulks(n) {
  for (let i = 0; i < n; i += bulk) await queue.addBulk(Array.from({ length: bulk }, () => ({ name: "work", data, opts })));
}

// Connected before it is measured, as ours is.
async function process_all(name, n, concurrency) {
  let left = n;
  const worker = new Worker("work", async () => {}, { connection, concurrency, autorun: false });
  await worker.waitUntilReady();
  const all = new Promise((resolve) => worker.on("completed", () => --left === 0 && resolve()));
  await measure(name, n, async () => {
    worker.run();
    await all;
  });
  await worker.close();
}

async function latencies() {
  let entered;
  const worker = new Worker("work", async () => entered(performance.now()), { connection, concurrency: 10 });
  await worker.waitUntilReady();
  const all = [];
  for (let i = 0; i < rounds; ++i) {
    await new Promise((resolve) => setTimeout(resolve, 2));
    const at = new Promise((resolve) => (entered = resolve));
    const began = performance.now();
    await queue.add("work", data, opts);
    all.push((await at) - began);
  }
  await worker.close();
  all.sort((a, b) => a - b);
  results.latency = { p50: all[rounds / 2] * 1000, p99: all[(rounds * 99) / 100] * 1000 };
}

async function memory() {
  let running = 0, all_run, release;
  const [full, released] = [new Promise((resolve) => (all_run = resolve)), new Promise((resolve) => (release = resolve))];
  const handler = async () => {
    if (++running === queues * in_flight) all_run();
    await released;
  };
  const names = Array.from({ length: queues }, (_, i) => `queue${i}`);
  const filled = names.map((name) => new Queue(name, { connection }));
  for (const each of filled) await each.addBulk(Array.from({ length: in_flight }, () => ({ name: "work", data, opts })));
  const workers = names.map((name) => new Worker(name, handler, { connection, concurrency: in_flight }));
  await full;
  results.memory = process.memoryUsage().rss / (1 << 20);
  release();
  await Promise.all(workers.map((each) => each.close()));
}

await measure("add_at_once", jobs, () => add(jobs, callers));
await process_all("process_100", jobs, 100);
await measure("add_bulk", jobs, () => add_bulks(jobs));
await process_all("process_1", jobs / 10, 1);
await queue.obliterate({ force: true });
await latencies();
await memory();
console.log(JSON.stringify(results));
process.exit(0);
