import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";

import { clock, Fake, opened, pass, reset, settled } from "./fake.mjs";

beforeEach(() => clock());
afterEach(reset);

test("asks, and is answered", async () => {
  const fake = await opened();
  const seats = fake.client.request("seats", { row: 3 });
  const [{ ref, ...asked }] = await fake.heard();
  assert.deepEqual(asked, { type: "seats", data: { row: 3 } });
  fake.says({ type: "reply", ref: "of nobody", data: 1 });
  fake.says({ type: "reply", ref, data: [7] });
  assert.deepEqual(await seats, [7]);
});

test("a refusal has a code and a sentence", async () => {
  const fake = await opened();
  const seats = fake.client.request("seats");
  await fake.answers("error", { code: "sold_out", message: "no seats are left" });
  await assert.rejects(seats, { name: "Error", code: "sold_out", message: "no seats are left" });
});

test("a question that nobody answers ends", async () => {
  const fake = await opened();
  const one = assert.rejects(fake.client.request("a", null, { timeout: 100 }), { code: "timed_out" });
  const other = assert.rejects(fake.client.request("b"), { code: "timed_out" });
  await pass(100);
  await one;
  await pass(9900);
  await other;
});

test("a question whose answer was lost with the connection says so, and is not asked twice", async () => {
  const fake = await opened();
  const lost = fake.client.request("pay");
  await settled();
  fake.closes(1006);
  await assert.rejects(lost, { code: "disconnected" });
  await pass(500);
  fake.welcomes();
  assert.deepEqual(await fake.heard(), []);
});

test("what is asked without a connection is asked when there is one, in order and bounded", async () => {
  const fake = new Fake({ maxQueue: 2 });
  await settled();
  const first = fake.client.request("a");
  const second = fake.client.publish("room:1", "said", 1);
  await assert.rejects(fake.client.request("c"), { code: "overloaded" });
  assert.equal(fake.client.send("typing"), false, "what nobody waits for is not kept");
  fake.welcomes();
  const said = await fake.heard();
  assert.deepEqual(
    said.map((m) => m.type),
    ["a", "publish"],
  );
  assert.deepEqual(said[1].data, { type: "said", data: 1 });
  fake.says({ type: "reply", ref: said[0].ref, data: "A" });
  fake.says({ type: "published", ref: said[1].ref, data: { offset: 4 } });
  assert.equal(await first, "A");
  assert.deepEqual(await second, { offset: 4 });
  assert.equal(fake.client.send("typing", { on: true }, "room:1"), true);
  assert.deepEqual(await fake.heard(), [{ type: "typing", channel: "room:1", data: { on: true } }]);
});

test("what ran out of time while it waited for a connection is not asked any more", async () => {
  const fake = new Fake();
  await settled();
  const late = assert.rejects(fake.client.request("a", null, { timeout: 100 }), { code: "timed_out" });
  await pass(100);
  await late;
  fake.welcomes();
  assert.deepEqual(await fake.heard(), []);
});

test("closing ends what is asked, and says whether the server may have heard it", async () => {
  const fake = await opened();
  const said = fake.client.request("a");
  fake.client.close();
  await assert.rejects(said, { code: "disconnected" });
  assert.equal(fake.socket.closed, 1000);
  const early = new Fake();
  const waiting = early.client.request("a");
  early.client.close();
  await assert.rejects(waiting, { code: "closed" });
});

test("hears messages by their type, until it does not want to", async () => {
  const fake = await opened();
  const heard = [];
  const off = fake.client.on("news", (m) => heard.push(m));
  fake.client.on("other", () => heard.push("other"));
  fake.says({ type: "news", data: 1 });
  fake.says({ type: "news", channel: "given", data: 2 });
  off();
  fake.says({ type: "news", data: 3 });
  assert.deepEqual(heard, [
    { type: "news", data: 1 },
    { type: "news", channel: "given", data: 2 },
  ]);
});

test("a listener that throws harms no other", async () => {
  const fake = await opened();
  const told = mock.method(console, "error", () => {});
  let heard = 0;
  fake.client.on("news", () => {
    throw new Error("mine");
  });
  fake.client.on("news", () => ++heard);
  fake.says({ type: "news" });
  assert.equal(heard, 1);
  assert.equal(told.mock.calls[0].arguments[0].message, "mine");
});

test("answers the server", async () => {
  const fake = await opened();
  fake.client.onRequest("where", async (data, channel) => ({ x: data.scale, channel }));
  fake.client.onRequest("why", () => {
    throw Object.assign(new Error("do not ask"), { code: "rude" });
  });
  fake.client.onRequest("what", () => Promise.reject(new Error("broken")));
  fake.says({ type: "where", ref: "s1", channel: "map", data: { scale: 2 } });
  fake.says({ type: "why", ref: "s2" });
  fake.says({ type: "what", ref: "s3" });
  fake.says({ type: "who", ref: "s4" });
  const byRef = Object.fromEntries((await fake.heard()).map(({ ref, type, data }) => [ref, [type, data]]));
  assert.deepEqual(byRef, {
    s1: ["reply", { x: 2, channel: "map" }],
    s2: ["error", { code: "rude", message: "do not ask" }],
    s3: ["error", { code: "failed", message: "broken" }],
    s4: ["error", { code: "unknown_type", message: "unknown_type" }],
  });
});

test("does not answer on another connection than it was asked on", async () => {
  const fake = await opened();
  let answer;
  fake.client.onRequest("where", () => new Promise((resolve) => (answer = resolve)));
  fake.says({ type: "where", ref: "s1" });
  fake.closes(1006);
  await pass(500);
  fake.welcomes();
  answer(1);
  assert.deepEqual(await fake.heard(), []);
});
