// What the TypeScript package does with its cache, through ioredis: `cache.mjs SOCKET` writes JSON under t:… with a time to live, and
// prints what it reads under c:…, one line of JSON each.
import { Redis } from "ioredis";

const redis = new Redis({ path: process.argv[2] });
const set = (key, value, ttl) => redis.set(key, JSON.stringify(value), "PX", ttl);

await set("t:object", { name: "Ada", age: 36 }, 60_000);
await set("t:text", "Grüße", 60_000);
await set("t:number", 42, 60_000);
await set("t:null", null, 60_000);
await set("t:list", [1, "zwei", { drei: 3 }], 60_000);
for (const key of ["c:object", "c:text", "c:number", "c:null", "c:empty", "c:counted"]) {
  const raw = await redis.get(key);
  console.log(JSON.stringify([key, JSON.parse(raw), (await redis.pttl(key)) > 0]));
}
redis.disconnect();
