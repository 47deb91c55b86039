import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";

import { connect, mayReconnect } from "../../client/infra-realtime.js";
import { clock, Fake, opened, pass, reset, settled } from "./fake.mjs";

beforeEach(() => clock());
afterEach(reset);

test("connects where http would, in the protocol's name", async () => {
  const urls = [];
  class WebSocket {
    constructor(url) {
      urls.push(url);
    }
  }
  connect("https://shop.example/ws?a=1", { WebSocket });
  connect("ws://shop.example:8080/ws", { WebSocket });
  assert.throws(() => connect("no url", { WebSocket }));
  await settled();
  assert.deepEqual(urls, ["wss://shop.example/ws?a=1", "ws://shop.example:8080/ws"]);
});

test("is open once it is welcome, and knows who it is", async () => {
  const fake = new Fake();
  await settled();
  assert.deepEqual(fake.socket.protocols, ["infra.realtime.v1"]);
  assert.equal(fake.client.state, "connecting");
  fake.welcomes();
  assert.equal(fake.client.state, "open");
  assert.deepEqual([fake.client.id, fake.client.user], ["c1", "anna"]);
});

test("shows a token in the subprotocol, a new one each time", async () => {
  let asked = 0;
  const fake = new Fake({ token: async () => `t${++asked}` });
  await settled();
  assert.deepEqual(fake.socket.protocols, ["infra.realtime.v1", "token.t1"]);
  fake.closes(4003, "");
  await pass(500);
  assert.deepEqual(fake.socket.protocols, ["infra.realtime.v1", "token.t2"]);
});

test("tries again when there is no token", async () => {
  let answer = () => Promise.reject(new Error("not now"));
  const fake = new Fake({ token: () => answer() });
  await settled();
  assert.equal(fake.client.state, "waiting");
  answer = () => "t";
  await pass(500);
  assert.equal(fake.sockets.length, 1);
  answer = () => {
    throw new Error("at once");
  };
  fake.closes(1006);
  await pass(1000);
  assert.equal(fake.client.state, "waiting");
});

test("a token that comes too late is not used", async () => {
  let give;
  const fake = new Fake({ token: () => new Promise((resolve) => (give = resolve)) });
  fake.client.close();
  give("t");
  await settled();
  assert.equal(fake.sockets.length, 0);
});

test("comes back after the codes that are worth it", () => {
  const codes = [1000, 1001, 1002, 1003, 1005, 1006, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 3000, 3999, 4000, 4499, 4500, 4999];
  assert.deepEqual(codes.filter(mayReconnect), [1001, 1005, 1006, 1011, 1012, 1013, 4000, 4499]);
});

test("stays away after the others, and says why", async () => {
  const fake = await opened();
  fake.closes(4501, "not you");
  assert.deepEqual(fake.states.at(-1), ["closed", { code: 4501, reason: "not you" }]);
  await pass(3_600_000);
  assert.equal(fake.sockets.length, 1);
  await assert.rejects(fake.client.request("x"), { code: "closed" });
  await assert.rejects(fake.client.subscribe("room:1").ready, { code: "closed" });
});

test("waits longer each time, up to a bound, and by chance", async () => {
  const fake = new Fake();
  await settled();
  const delays = [];
  for (let i = 0; i < 9; ++i) {
    fake.closes(1006);
    delays.push(fake.states.at(-1)[1].delay);
    await pass(delays.at(-1));
  }
  assert.deepEqual(delays, [500, 1000, 2000, 4000, 8000, 16000, 30000, 30000, 30000]);
  assert.equal(fake.sockets.length, 10);
  Math.random.mock.mockImplementation(() => 0.25);
  fake.closes(1006);
  assert.equal(fake.states.at(-1)[1].delay, 7500);
});

test("only a connection that has lived begins anew with short waits", async () => {
  const fake = await opened();
  const delay = () => fake.states.at(-1)[1].delay;
  fake.closes(4001);
  assert.equal(delay(), 500);
  await pass(500);
  fake.welcomes();
  fake.closes(4001);
  assert.equal(delay(), 1000, "welcome alone is no life");
  await pass(1000);
  fake.welcomes();
  await pass(20_000);
  fake.says({ type: "news" });
  await pass(20_000);
  fake.closes(1006);
  assert.equal(delay(), 500);
});

test("comes back when it was told to, and the network does not change that", async () => {
  const listeners = {};
  globalThis.addEventListener = (type, listener) => (listeners[type] = listener);
  const fake = await opened();
  delete globalThis.addEventListener;
  fake.says({ type: "reconnect", data: { after: 7000 } });
  fake.closes(4000, "7000");
  assert.equal(fake.states.at(-1)[1].delay, 7000);
  listeners.online();
  await pass(6999);
  assert.equal(fake.sockets.length, 1);
  await pass(1);
  assert.equal(fake.sockets.length, 2);
});

test("comes back at once when there is a network again, or somebody looks", async () => {
  const listeners = {};
  const target = { hidden: true, addEventListener: (type, listener, { signal }) => (listeners[type] = [listener, signal]) };
  globalThis.addEventListener = target.addEventListener;
  globalThis.document = target;
  try {
    const fake = await opened();
    fake.closes(1006);
    listeners.visibilitychange[0]();
    assert.equal(fake.sockets.length, 1, "nobody looks");
    target.hidden = false;
    listeners.visibilitychange[0]();
    await settled();
    assert.equal(fake.sockets.length, 2);
    fake.welcomes();
    listeners.online[0]();
    assert.deepEqual(fake.socket.said, [{ type: "ping" }], "an old connection may be dead: it is asked");
    fake.client.close();
    assert.ok(listeners.online[1].aborted, "and hears no more");
  } finally {
    delete globalThis.addEventListener;
    delete globalThis.document;
  }
});

test("asks a silent server, and leaves a dead one", async () => {
  const fake = await opened();
  await pass(24_999);
  assert.deepEqual(fake.socket.said, []);
  fake.says({ type: "news" });
  await pass(24_999);
  assert.deepEqual(fake.socket.said, [], "anything is a sign of life");
  await pass(1);
  assert.deepEqual(fake.socket.said, [{ type: "ping" }]);
  fake.says({ type: "pong" });
  await pass(25_000);
  assert.equal(fake.client.state, "open");
  await pass(10_000);
  assert.equal(fake.client.state, "waiting");
  assert.equal(fake.sockets[0].closed, "closed");
  fake.sockets[0].onclose({ code: 1000, reason: "too late to matter" });
  await pass(500);
  assert.equal(fake.sockets.length, 2);
});

test("a timer that a hidden page gets late is no death", async () => {
  const fake = await opened();
  await pass(25_000 + 9_999); // the browser was asleep; the first thing it does is to ask
  fake.says({ type: "pong" });
  await pass(1);
  assert.equal(fake.client.state, "open");
});

test("does not wait for ever for a welcome", async () => {
  const fake = new Fake({ timeout: 3000 });
  await pass(3000);
  assert.equal(fake.client.state, "waiting");
});

test("answers the wish for a new token", async () => {
  let n = 0;
  const fake = await opened({ token: async () => `t${++n}` });
  fake.says({ type: "refresh", data: { within: 10_000 } });
  assert.deepEqual(await fake.heard(), [{ type: "auth", token: "t2" }]);
});

test("without a token says nothing, and comes back when the old session has ended", async () => {
  const fake = await opened();
  fake.says({ type: "refresh", data: { within: 10_000 } });
  assert.deepEqual(await fake.heard(), []);
  fake.closes(4003, "");
  assert.equal(fake.client.state, "waiting");
});

test("closes for good, also from its own listeners", async () => {
  for (const when of ["open", "waiting", "connecting"]) {
    const fake = new Fake();
    fake.client.onState((state) => state === when && fake.client.close());
    await settled();
    fake.welcomes();
    if (when !== "open") fake.closes(1006);
    await pass(3_600_000);
    assert.equal(fake.client.state, "closed", when);
    assert.equal(fake.sockets.length, 1, when);
    fake.client.close();
    assert.equal(fake.states.filter(([state]) => state === "closed").length, 1, when);
  }
});
