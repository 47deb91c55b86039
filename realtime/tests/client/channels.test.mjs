import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";

import { RealtimeError } from "../../client/infra-realtime.js";
import { clock, Fake, opened, pass, reset, settled } from "./fake.mjs";

beforeEach(() => clock());
afterEach(reset);

// Writes down what it is told.
const listener = (more) => {
  const told = [];
  const note = (what) => (value) => told.push([what, value?.data ?? value?.code ?? value]);
  const all = ["message", "gap", "join", "leave", "recovered", "error"];
  return { told, given: { ...Object.fromEntries(all.map((what) => [what, note(what)])), ...more } };
};
const subscribed = async (fake, given, at = { epoch: "e", offset: 10 }) => {
  const sub = fake.client.subscribe("room:1", given);
  await fake.answers("subscribed", at);
  return sub;
};
const said = (fake, offset, data = offset) => fake.says({ type: "said", channel: "room:1", offset, data });
const cameBack = async (fake, data) => {
  fake.closes(1006);
  await pass(fake.states.at(-1)[1].delay);
  fake.welcomes();
  const [asked] = (await fake.heard()).filter((m) => m.type === "subscribe");
  fake.says({ type: "subscribed", ref: asked.ref, channel: "room:1", data });
  return asked;
};

test("subscribes when there is a connection, and is ready when the server says so", async () => {
  const fake = new Fake();
  const { told, given } = listener({ info: { name: "Anna" }, token: "v1.x" });
  let ready = false;
  const sub = fake.client.subscribe("room:1", given);
  sub.ready.then(() => (ready = true));
  await settled();
  fake.welcomes();
  const [{ ref, ...asked }] = await fake.heard();
  assert.deepEqual(asked, { type: "subscribe", channel: "room:1", token: "v1.x", info: { name: "Anna" } });
  assert.equal(ready, false);
  fake.says({ type: "subscribed", ref, channel: "room:1", data: {} });
  await settled();
  assert.equal(ready, true);
  said(fake, undefined, "hello");
  assert.deepEqual(told, [["message", "hello"]]);
});

test("a function alone hears messages", async () => {
  const fake = await opened();
  const heard = [];
  await subscribed(fake, (m) => heard.push(m));
  said(fake, 11);
  assert.deepEqual(heard, [{ type: "said", channel: "room:1", offset: 11, data: 11 }]);
});

test("says subscribe before what is published in the same breath", async () => {
  const fake = await opened();
  fake.client.subscribe("room:1").publish("said", 1);
  assert.deepEqual(
    (await fake.heard()).map((m) => m.type),
    ["subscribe", "publish"],
  );
});

test("comes back to where it was, and hears each message once", async () => {
  const fake = await opened();
  const { told, given } = listener();
  await subscribed(fake, given);
  said(fake, 11);
  const asked = await cameBack(fake, { epoch: "e", offset: 13, recovered: true });
  assert.deepEqual(asked.since, { epoch: "e", offset: 11 });
  for (const offset of [11, 12, 13, 13, 14]) said(fake, offset);
  assert.deepEqual(told, [
    ["message", 11],
    ["recovered", true],
    ["message", 12],
    ["message", 13],
    ["message", 14],
  ]);
});

test("says what could not be recovered, and goes on from there", async () => {
  const fake = await opened();
  const { told, given } = listener();
  await subscribed(fake, given);
  await cameBack(fake, { epoch: "f", offset: 3, recovered: false });
  said(fake, 4);
  assert.deepEqual(told, [
    ["recovered", false],
    ["message", 4],
  ]);
  assert.deepEqual((await cameBack(fake, { epoch: "f", offset: 4, recovered: true })).since, { epoch: "f", offset: 4 });
});

test("without a history nothing is recovered, which it says too", async () => {
  const fake = await opened();
  const { told, given } = listener();
  await subscribed(fake, given, {});
  assert.equal((await cameBack(fake, {})).since, undefined);
  assert.deepEqual(told, [["recovered", false]]);
});

test("a message without an offset does not lose the place", async () => {
  const fake = await opened();
  await subscribed(fake, () => {});
  said(fake, 11);
  said(fake, undefined);
  assert.equal((await cameBack(fake, {})).since.offset, 11);
});

test("tells of gaps, and does not ask for what it was told is gone", async () => {
  const fake = await opened();
  const { told, given } = listener();
  await subscribed(fake, given);
  fake.says({ type: "gap", channel: "room:1", data: { dropped: 3, offset: 13 } });
  said(fake, 14);
  assert.deepEqual(told, [
    ["gap", { dropped: 3, offset: 13 }],
    ["message", 14],
  ]);
  fake.says({ type: "gap", channel: "room:1", data: { dropped: 1, offset: 15 } });
  assert.equal((await cameBack(fake, {})).since.offset, 15);
});

test("goes on in a new epoch, when a gap tells of one", async () => {
  const fake = await opened();
  const { told, given } = listener();
  await subscribed(fake, given);
  fake.says({ type: "gap", channel: "room:1", data: { dropped: 1, epoch: "f", offset: 2 } });
  said(fake, 3);
  assert.deepEqual(told.at(-1), ["message", 3]);
  assert.deepEqual((await cameBack(fake, {})).since, { epoch: "f", offset: 3 });
});

test("tells who comes and goes, and who is there", async () => {
  const fake = await opened();
  const { told, given } = listener();
  const sub = await subscribed(fake, given);
  fake.says({ type: "join", channel: "room:1", data: { user: "bo", info: 1 } });
  fake.says({ type: "leave", channel: "room:1", data: { user: "bo", info: 1 } });
  assert.deepEqual(told, [
    ["join", { user: "bo", info: 1 }],
    ["leave", { user: "bo", info: 1 }],
  ]);
  await fake.heard();
  const there = sub.presence();
  await fake.answers("members", { members: [], users: 0, connections: 0 });
  assert.deepEqual(await there, { members: [], users: 0, connections: 0 });
});

test("asks for the history", async () => {
  const fake = await opened();
  const sub = await subscribed(fake);
  await fake.heard();
  const since = { epoch: "e", offset: 3 };
  const past = sub.history({ since, limit: 5 });
  const { ref, ...asked } = fake.socket.said[0];
  assert.deepEqual(asked, { type: "history", channel: "room:1", since, data: { limit: 5 } });
  await fake.answers("history", { complete: true, messages: [] });
  assert.deepEqual(await past, { complete: true, messages: [] });
});

const past = (...offsets) => ({
  complete: true,
  epoch: "e",
  offset: offsets.at(-1),
  messages: offsets.map((offset) => ({ type: "said", channel: "room:1", offset, data: offset })),
});

test("begins with the newest of the history, and mixes nothing up with what is said meanwhile", async () => {
  const fake = await opened();
  const { told, given } = listener({ history: 2 });
  await subscribed(fake, given);
  said(fake, 11);
  said(fake, 12);
  await fake.answers("history", past(10, 11));
  await settled();
  said(fake, 13);
  assert.deepEqual(
    told.map(([, data]) => data),
    [10, 11, 12, 13],
  );
  told.length = 0;
  await cameBack(fake, { epoch: "e", offset: 13, recovered: true });
  assert.deepEqual(await fake.heard(), [], "what was recovered needs no history");
  await cameBack(fake, { epoch: "f", offset: 2, recovered: false });
  await fake.answers("history", past(1, 2));
  await settled();
  assert.deepEqual(told, [
    ["recovered", true],
    ["recovered", false],
    ["message", 1],
    ["message", 2],
  ]);
});

test("asks for the history again when the connection took it along", async () => {
  const fake = await opened();
  const { told, given } = listener({ history: 9 });
  await subscribed(fake, given);
  said(fake, 11);
  await cameBack(fake, { epoch: "e", offset: 11, recovered: true });
  await fake.answers("history", past(10, 11));
  await settled();
  assert.deepEqual(told, [
    ["recovered", true],
    ["message", 10],
    ["message", 11],
  ]);
});

test("without the permission to see the history it hears what is said", async () => {
  const fake = await opened();
  const { told, given } = listener({ history: 2 });
  await subscribed(fake, given);
  said(fake, 11);
  await fake.answers("error", { code: "forbidden", message: "no" });
  await settled();
  assert.deepEqual(told, [
    ["error", "forbidden"],
    ["message", 11],
  ]);
});

test("several listeners share a channel, and the last one leaves it", async () => {
  const fake = await opened();
  const [one, two] = [listener(), listener()];
  const first = await subscribed(fake, one.given);
  const second = fake.client.subscribe("room:1", two.given);
  await second.ready;
  said(fake, 11);
  first.unsubscribe();
  said(fake, 12);
  second.unsubscribe();
  second.unsubscribe();
  assert.deepEqual(one.told, [["message", 11]]);
  assert.deepEqual(two.told, [
    ["message", 11],
    ["message", 12],
  ]);
  assert.deepEqual(
    (await fake.heard()).map((m) => m.type),
    ["subscribe", "unsubscribe"],
  );
  fake.says({ type: "unsubscribed", ref: "1", channel: "room:1" });
});

test("a refusal is final, and does not come back with the connection", async () => {
  const fake = await opened();
  const { told, given } = listener();
  const sub = fake.client.subscribe("room:1", given);
  await fake.answers("error", { code: "forbidden", message: "not you" });
  await assert.rejects(sub.ready, { code: "forbidden" });
  assert.deepEqual(told, [["error", "forbidden"]]);
  fake.closes(1006);
  await pass(500);
  fake.welcomes();
  assert.deepEqual(await fake.heard(), []);
});

test("what may pass is tried again", async () => {
  const fake = await opened();
  const sub = fake.client.subscribe("room:1");
  for (const code of ["unavailable", "internal"]) {
    await fake.answers("error", { code, message: "later" });
    await pass(10_000);
  }
  await fake.answers("subscribed", {});
  await sub.ready;
});

test("a channel that the server takes away is gone", async () => {
  const fake = await opened();
  const { told, given } = listener();
  await subscribed(fake, given);
  fake.says({ type: "unsubscribed", channel: "room:1", data: { code: "forbidden" } });
  said(fake, 11);
  assert.deepEqual(told, [["error", "forbidden"]]);
});

test("a channel's token is made anew each time", async () => {
  const fake = await opened();
  let n = 0;
  await subscribed(fake, { token: async () => `v1.${++n}` });
  assert.equal((await fake.heard())[0].token, "v1.1");
  assert.equal((await cameBack(fake, {})).token, "v1.2");
});

test("a token that cannot be had now is asked for again, one that is refused is not", async () => {
  const fake = await opened();
  let token = () => Promise.reject(new TypeError("network"));
  const sub = fake.client.subscribe("room:1", { token: () => token() });
  await settled();
  token = () => {
    throw new RealtimeError("logged_out");
  };
  await pass(10_000);
  await assert.rejects(sub.ready, { code: "logged_out" });
  assert.deepEqual(await fake.heard(), []);
});

test("who has left before the token came does not subscribe", async () => {
  const fake = await opened();
  let give;
  const sub = fake.client.subscribe("room:1", { token: () => new Promise((resolve) => (give = resolve)) });
  sub.unsubscribe();
  await fake.heard();
  give("v1.x");
  assert.deepEqual(await fake.heard(), []);
});

test("closing ends subscriptions", async () => {
  const fake = new Fake();
  const { told, given } = listener();
  const sub = fake.client.subscribe("room:1", given);
  fake.client.close();
  await assert.rejects(sub.ready, { code: "closed" });
  assert.deepEqual(told, [["error", "closed"]]);
});
