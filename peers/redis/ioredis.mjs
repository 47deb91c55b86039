// ioredis with autopipelining, as its documentation has it: `get PORT SECONDS` prints GETs a second of 256 callers on one connection,
// `paced PORT SECONDS RATE` the microseconds of CPU that a request costs at a fixed rate.
import { Redis } from "ioredis";

const [mode, port, seconds, rate] = process.argv.slice(2);
const redis = new Redis({ port: Number(port), host: "127.0.0.1", enableAutoPipelining: true });
const key = "bench:key";

async function get() {
  let done = 0;
  const end = performance.now() + seconds * 1000;
  const began = performance.now();
  const caller = async () => {
    while (performance.now() < end) {
      const value = await redis.get(key);
      if (value.length !== 100) throw new Error("wrong value");
      done += 1;
    }
  };
  await Promise.all(Array.from({ length: 256 }, caller));
  return (done * 1000) / (performance.now() - began);
}

async function paced() {
  let sent = 0;
  const waiting = [];
  const cpu = process.cpuUsage();
  const began = performance.now();
  await new Promise((resolve) => {
    const timer = setInterval(() => {
      const due = Math.floor(((performance.now() - began) * rate) / 1000);
      for (; sent < due; sent += 1) waiting.push(redis.get(key));
      if (performance.now() - began > seconds * 1000) {
        clearInterval(timer);
        resolve();
      }
    }, 1);
  });
  await Promise.all(waiting);
  const used = process.cpuUsage(cpu);
  return (used.user + used.system) / sent;
}

await redis.get(key);
console.log(mode === "get" ? await get() : await paced());
redis.disconnect();
