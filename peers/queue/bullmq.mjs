// node bullmq.mjs PORT JOBS: jobs a second that BullMQ adds (100 callers at once), that a worker of concurrency 100 performs, and that
// it performs while they are added.
import { Queue, Worker } from "bullmq";

const [port, jobs] = process.argv.slice(2).map(Number);
const connection = { host: "127.0.0.1", port, maxRetriesPerRequest: null };
const data = { user_id: "0190b5a0-7c3e-7000-8000-000000000000", email: "someone@example.org" };
const options = { removeOnComplete: 1000 };
const callers = 100;

const queue = new Queue("work", { connection });
await queue.waitUntilReady();

async function add() {
  const caller = async () => {
    for (let i = 0; i < jobs / callers; ++i) await queue.add("work", data, options);
  };
  await Promise.all(Array.from({ length: callers }, caller));
}

function work() {
  let left = jobs;
  const worker = new Worker("work", async () => {}, { connection, concurrency: 100 });
  const done = new Promise((resolve) => worker.on("completed", () => --left === 0 && resolve()));
  return { done, close: () => worker.close() };
}

async function rate(act) {
  const began = performance.now();
  await act();
  return (jobs * 1000) / (performance.now() - began);
}

const added = await rate(add);
const performed = await rate(async () => {
  const worker = work();
  await worker.done;
  await worker.close();
});
const worker = work();
const together = await rate(() => Promise.all([add(), worker.done]));
await worker.close();
await queue.close();
console.log(added, performed, together);
process.exit(0);
