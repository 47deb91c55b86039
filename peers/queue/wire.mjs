// What BullMQ leaves in Redis, for queue/tests/redis/: every key of a queue after each of some scenes, by its versions 5 and 6.
//
//     cd peers/queue && npm ci && node wire.mjs PORT > ../../queue/tests/redis/expected_wire.json
//
// PORT is that of an empty redis-server. Clocks stand still but where a scene moves them, and tokens and stack traces are given, so that
// the same versions write the same file.

import { createRequire } from "node:module";
import * as five from "bullmq-5";
import * as six from "bullmq";
import Redis from "ioredis";

const port = Number(process.argv[2]);
const connection = { host: "127.0.0.1", port, maxRetriesPerRequest: null };
const start = Date.UTC(2026, 0, 1);
const require = createRequire(import.meta.url);

let now = start;
Date.now = () => now;

const redis = new Redis(connection);

function pairs(flat) {
  const entries = [];
  for (let i = 0; i < flat.length; i += 2) entries.push([flat[i], flat[i + 1]]);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

const readers = {
  string: async (key) => ({ value: await redis.get(key), expires: (await redis.pttl(key)) >= 0 }),
  hash: async (key) => pairs(Object.entries(await redis.hgetall(key)).flat()),
  list: (key) => redis.lrange(key, 0, -1),
  set: async (key) => (await redis.smembers(key)).sort(),
  zset: async (key) => pairs(await redis.zrange(key, 0, -1, "WITHSCORES")),
  stream: async (key) => (await redis.xrange(key, "-", "+")).map(([, fields]) => pairs(fields)),
};

async function everything() {
  const keys = (await redis.keys("*")).sort();
  const all = {};
  for (const key of keys) {
    const type = await redis.type(key);
    all[key] = { type, value: await readers[type](key) };
  }
  return all;
}

function failure(text) {
  const error = new Error(text);
  error.stack = `Error: ${text}\n    at work (work.js:1:1)`;
  return error;
}

// What Node reads in the hash of a job.
function seen(job) {
  const { id, name, data, opts, progress, delay, priority, timestamp, attemptsStarted, attemptsMade, stalledCounter } = job;
  const { finishedOn, processedOn, repeatJobKey, deduplicationId, failedReason, deferredFailure, stacktrace, returnvalue } = job;
  const { parentKey, parent, processedBy } = job;
  return {
    id, name, data, opts, progress, delay, priority, timestamp, attemptsStarted, attemptsMade, stalledCounter, finishedOn, processedOn,
    repeatJobKey, deduplicationId, failedReason, deferredFailure, stacktrace, returnvalue, parentKey, parent, processedBy,
  };
}

const scenes = {
  async plain({ queue }) {
    await queue.add("welcome", { n: 1, text: "größer/kleiner \"als\"" });
    await queue.add("welcome", undefined);
    await queue.add("welcome", [1, "two", null]);
    await queue.add("first", {}, { lifo: true });
    await queue.add("named", {}, { jobId: "order-7" });
    await queue.add("named", {}, { jobId: "order-7" });
  },
  async bulk({ queue }) {
    await queue.addBulk([1, 2, 3].map((n) => ({ name: "many", data: { n } })));
  },
  async options({ queue }) {
    await queue.add("a", {}, { attempts: 3, backoff: 1000, removeOnComplete: true, removeOnFail: false });
    await queue.add("b", {}, { attempts: 5, backoff: { type: "exponential", delay: 1000, jitter: 0.5 }, removeOnComplete: 100, removeOnFail: 0 });
    await queue.add("c", {}, { removeOnComplete: { age: 3600, count: 10 }, removeOnFail: { age: 60 }, keepLogs: 5, stackTraceLimit: 2 });
    await queue.add("d", {}, { telemetry: { metadata: '{"traceparent":"00-1-2-01"}' }, sizeLimit: 1000, colour: "grün/blau", tags: [], nothing: null });
    await queue.add("e", {}, { telemetry: { omitContext: true }, third: 1 / 3, large: 12345678901234567890, whole: 1e15, small: 1e-7 });
    await queue.add("f", {}, { backoff: { type: "stairs" }, attempts: 2, timestamp: start - 1234, failParentOnFailure: true });
  },
  async priorities({ queue }) {
    for (const [name, priority] of [["low", 2097151], ["five", 5], ["five again", 5], ["one", 1], ["none", 0]])
      await queue.add(name, {}, { priority });
  },
  async delays({ queue }) {
    await queue.add("late", {}, { delay: 5000 });
    await queue.add("late too", {}, { delay: 5000 });
    await queue.add("early", {}, { delay: 1 });
    await queue.add("late and urgent", {}, { delay: 5000, priority: 3 });
  },
  async promoted({ queue, worker }) {
    await scenes.delays({ queue });
    now += 5000;
    await worker.getNextJob("token", { block: false });
  },
  async results({ queue, worker }) {
    for (const result of [undefined, null, "text", 7, [1, null], { a: { b: "ü" } }, 0, false]) {
      await queue.add("work", {});
      const job = await worker.getNextJob("token", { block: false });
      ++now;
      await job.moveToCompleted(result, "token", false);
    }
  },
  async forgotten({ queue, worker }) {
    for (const keep of [{ removeOnComplete: true }, { removeOnComplete: 2 }, { removeOnComplete: 2 }, { removeOnComplete: 2 }]) {
      await queue.add("work", {}, keep);
      const job = await worker.getNextJob("token", { block: false });
      now += 1000;
      await job.moveToCompleted("ok", "token", false);
    }
  },
  async old({ queue, worker }) {
    for (const age of [10, 10, 2]) {
      await queue.add("work", {}, { removeOnFail: { age } });
      const job = await worker.getNextJob("token", { block: false });
      now += 2000;
      await job.moveToFailed(failure("no"), "token", false);
    }
  },
  async failures({ queue, worker }) {
    await queue.add("work", {}, { attempts: 3, backoff: { type: "exponential", delay: 1000 }, stackTraceLimit: 2 });
    for (const pause of [1000, 2000, 0]) {
      const job = await worker.getNextJob("token", { block: false });
      await job.moveToFailed(failure(`no ${pause}\nand "why"`), "token", false);
      now += pause;
    }
  },
  async retriesAtOnce({ queue, worker }) {
    await queue.add("first", {}, { attempts: 2 });
    await queue.add("lifo", {}, { attempts: 2, lifo: true });
    await queue.add("prior", {}, { attempts: 2, priority: 7 });
    for (let i = 0; i < 3; ++i) {
      const job = await worker.getNextJob("token", { block: false });
      await job.moveToFailed(failure("again"), "token", false);
    }
  },
  async retriedByHand({ queue, worker }) {
    for (const options of [{}, { priority: 7 }, { lifo: true }]) {
      await queue.add("work", {}, options);
      const job = await worker.getNextJob("token", { block: false });
      await job.moveToFailed(failure("no"), "token", false);
      await job.retry("failed");
    }
    await queue.add("done", {}, { lifo: true });
    const job = await worker.getNextJob("token", { block: false });
    await job.moveToCompleted(1, "token", false);
    await job.retry("completed", { resetAttemptsMade: true, resetAttemptsStarted: true });
  },
  async told({ queue, worker }) {
    await queue.add("work", {}, { keepLogs: 2 });
    const job = await worker.getNextJob("token", { block: false });
    for (const line of ["one", "two", "three"]) await job.log(line);
    await job.updateProgress(42);
    await job.updateProgress({ done: 1, of: "zwölf" });
  },
  async named({ queue, named }) {
    await queue.add("work", {});
    await named.getNextJob("token", { block: false });
  },
  async stalled({ queue, worker, backend }) {
    await queue.add("work", {});
    await queue.add("prior", {}, { priority: 1 });
    for (let run = 0; run < 2; ++run) {
      await worker.getNextJob("token", { block: false });
      await worker.getNextJob("token", { block: false });
      for (let sweep = 0; sweep < 2; ++sweep) {
        await redis.del("bull:mail:1:lock", "bull:mail:2:lock", "bull:mail:stalled-check");
        await backend(worker).moveStalledJobsToWait();
      }
    }
  },
  async lockedStays({ queue, worker, backend }) {
    await queue.add("work", {});
    await worker.getNextJob("token", { block: false });
    for (let sweep = 0; sweep < 2; ++sweep) {
      await redis.del("bull:mail:stalled-check");
      await backend(worker).moveStalledJobsToWait();
    }
  },
  async duplicates({ queue }) {
    await queue.add("simple", {}, { deduplication: { id: "a" } });
    await queue.add("simple", {}, { deduplication: { id: "a" } });
    await queue.add("throttled", {}, { deduplication: { id: "b", ttl: 5000 } });
    await queue.add("throttled", {}, { deduplication: { id: "b", ttl: 5000 } });
    await queue.add("replaced", { n: 1 }, { delay: 1000, deduplication: { id: "c", ttl: 5000, extend: true, replace: true } });
    await queue.add("replaced", { n: 2 }, { delay: 1000, deduplication: { id: "c", ttl: 5000, extend: true, replace: true } });
  },
  async lastDuplicate({ queue, worker }) {
    const options = { deduplication: { id: "a", keepLastIfActive: true }, priority: 2 };
    await queue.add("kept", { n: 1 }, options);
    await worker.getNextJob("token", { block: false });
    await queue.add("kept", { n: 2 }, options);
    await queue.add("kept", { n: 3 }, options);
  },
  async lastDuplicateAdded({ queue, worker }) {
    const options = { deduplication: { id: "a", keepLastIfActive: true } };
    await queue.add("kept", { n: 1 }, options);
    const job = await worker.getNextJob("token", { block: false });
    await queue.add("kept", { n: 2 }, options);
    await job.moveToCompleted(null, "token", false);
  },
  async paused({ queue, worker }) {
    await queue.add("before", {});
    await queue.pause();
    await queue.add("while", {});
    await queue.add("urgent", {}, { priority: 1 });
    await worker.getNextJob("token", { block: false });
  },
  async resumed(all) {
    await scenes.paused(all);
    await all.queue.resume();
  },
  async limited({ queue, worker }) {
    await queue.setGlobalConcurrency(2);
    await queue.setGlobalRateLimit(10, 1000);
    await queue.add("a", {});
    await queue.add("b", {});
    await queue.add("c", {});
    for (let i = 0; i < 3; ++i) await worker.getNextJob("token", { block: false });
  },
  async measured({ queue, measuring }) {
    for (const pause of [0, 1000, 60_000, 180_000, 0]) {
      now += pause;
      await queue.add("work", {}, { removeOnComplete: true });
      const job = await measuring.getNextJob("token", { block: false });
      await job.moveToCompleted(null, "token", false);
    }
  },
  async family({ queue, flow }) {
    await flow.add({
      name: "bind", queueName: "albums", data: { album: 7 }, opts: { jobId: "album", priority: 4 },
      children: [
        { name: "resize", queueName: "mail", opts: { jobId: "plain" } },
        { name: "resize", queueName: "mail", opts: { jobId: "failing", failParentOnFailure: true } },
        { name: "resize", queueName: "mail", opts: { jobId: "going on", continueParentOnFailure: true } },
        { name: "resize", queueName: "mail", opts: { jobId: "ignored", ignoreDependencyOnFailure: true } },
        { name: "resize", queueName: "mail", opts: { jobId: "removed", removeDependencyOnFailure: true, delay: 10 } },
      ],
    });
  },
  async familyDone({ flow, worker }) {
    await flow.add({
      name: "bind", queueName: "albums", opts: { jobId: "album", priority: 4 },
      children: ["one", "two"].map((jobId) => ({ name: "resize", queueName: "mail", data: {}, opts: { jobId } })),
    });
    for (const result of [1, { size: 2 }]) {
      const job = await worker.getNextJob("token", { block: false });
      await job.moveToCompleted(result, "token", false);
    }
  },
  async childFailed({ flow, worker }) {
    for (const option of ["failParentOnFailure", "continueParentOnFailure", "ignoreDependencyOnFailure", "removeDependencyOnFailure"]) {
      await flow.add({
        name: "bind", queueName: "albums", opts: { jobId: `album of ${option}` },
        children: [
          { name: "resize", queueName: "mail", opts: { jobId: option, [option]: true, lifo: true } },
          { name: "resize", queueName: "mail", opts: { jobId: `beside ${option}`, delay: 1000 } },
        ],
      });
      const job = await worker.getNextJob("token", { block: false });
      await job.moveToFailed(failure("too large"), "token", false);
    }
  },
  async schedulers({ queue }) {
    await queue.upsertJobScheduler("minutely", { every: 60_000 }, { name: "tick", data: { n: 1 }, opts: { attempts: 3, keepLogs: 5 } });
    await queue.upsertJobScheduler("shifted", { every: 60_000, offset: 1000, limit: 5 }, { name: "tock" });
    await queue.upsertJobScheduler("daily", { pattern: "0 6 * * *", tz: "Europe/Berlin", endDate: start + 10 * 86_400_000 }, { opts: { priority: 3 } });
    await queue.upsertJobScheduler("later", { every: 60_000, startDate: start + 90_000 }, { name: "late" });
  },
  async schedulersRun({ queue, worker }) {
    await queue.upsertJobScheduler("minutely", { every: 60_000, limit: 3 }, { name: "tick", data: { n: 1 }, opts: { attempts: 3, keepLogs: 5 } });
    for (const pause of [10, 60_000]) {
      now += pause;
      const job = await worker.getNextJob("token", { block: false });
      await job.moveToCompleted(null, "token", false);
    }
    now += 200_000;
    await worker.getNextJob("token", { block: false });
  },
  async schedulersChanged({ queue }) {
    await queue.upsertJobScheduler("minutely", { every: 60_000 }, { name: "tick", data: { n: 1 } });
    now += 1000;
    await queue.upsertJobScheduler("minutely", { every: 60_000 }, { name: "tick", data: { n: 2 } });
    await queue.upsertJobScheduler("changed", { every: 60_000 }, { name: "tick" });
    now += 1000;
    await queue.upsertJobScheduler("changed", { every: 30_000 }, { name: "tick" });
  },
};

async function play(bullmq, scene) {
  now = start;
  await redis.flushall();
  const options = { connection, autorun: false, skipStalledCheck: true, lockDuration: 3_600_000 };
  const worker = (more) => new bullmq.Worker("mail", async () => {}, { ...options, ...more });
  const stage = {
    queue: new bullmq.Queue("mail", { connection }),
    flow: new bullmq.FlowProducer({ connection }),
    worker: worker({}),
    named: worker({ name: "mill" }),
    measuring: worker({ metrics: { maxDataPoints: 10 } }),
    backend: (of) => of.backend ?? of.scripts,
  };
  await Promise.all(["queue", "worker", "named", "measuring"].map((each) => stage[each].waitUntilReady()));
  await scene(stage);
  const keys = await everything();
  const jobs = [];
  for (const key of Object.keys(keys).filter((each) => "timestamp" in keys[each].value)) {
    const [, name, ...id] = key.split(":");
    const queue = name === "mail" ? stage.queue : new bullmq.Queue(name, { connection });
    const job = await bullmq.Job.fromId(queue, id.join(":"));
    jobs.push({ key, seen: seen(job), state: await job.getState() });
    if (queue !== stage.queue) await queue.close();
  }
  await Promise.all(["flow", "worker", "named", "measuring", "queue"].map((each) => stage[each].close()));
  return { keys, jobs };
}

const scenesOf = async (bullmq) => {
  const played = {};
  for (const scene of Object.keys(scenes)) played[scene] = await play(bullmq, scenes[scene]);
  return played;
};
const version = (name) => require(`${name}/package.json`).version;
const versions = { old: version("bullmq-5"), new: version("bullmq") };
const [old, latest] = [await scenesOf(five), await scenesOf(six)];

// What both leave is written once; `meta` names the version that was there.
const same = (scene) => JSON.stringify(old[scene]).replaceAll(`bullmq:${versions.old}`, `bullmq:${versions.new}`) === JSON.stringify(latest[scene]);
const lines = [];
for (const scene of Object.keys(scenes)) {
  if (!same(scene)) lines.push({ scene, versions: [versions.old], ...old[scene] });
  lines.push({ scene, versions: same(scene) ? [versions.old, versions.new] : [versions.new], ...latest[scene] });
}
console.log(`[\n${lines.map((line) => JSON.stringify(line)).join(",\n")}\n]`);
process.exit(0);
