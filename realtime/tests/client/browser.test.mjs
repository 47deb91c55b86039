// The client as it is served, in a real browser, before a real service.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { Browser, noBrowser, Service } from "./service.mjs";

const skip = noBrowser || false;
let browser;
let service;

before(async () => {
  if (skip) return;
  [browser, service] = await Promise.all([Browser.start(), Service.start()]);
});
after(async () => {
  await Promise.all([browser?.end(), service?.end()]);
});

// A page with a client, which writes down what it is told of a channel.
const opened = async (user, { at = service, channel, options } = {}) => {
  const page = await browser.open(at.url);
  await page.until(() => window.realtime);
  await page.run(
    (user, channel, options) => {
      window.told = [];
      window.states = [];
      const note = (what) => (value) => told.push([what, value?.data ?? value?.code ?? value?.user ?? value]);
      window.client = realtime.connect("/ws?user=" + user, { minDelay: 20, ...options });
      client.onState((state, why) => states.push([state, why?.code]));
      const all = ["message", "gap", "join", "leave", "recovered", "error"];
      if (channel) window.room = client.subscribe(channel, { history: 50, ...Object.fromEntries(all.map((what) => [what, note(what)])) });
      return channel ? room.ready : undefined;
    },
    user,
    channel,
    options,
  );
  return page;
};
const messages = (page) => page.run(() => told.filter(([what]) => what === "message").map(([, data]) => data));

test("says, hears, asks and is asked", { skip }, async () => {
  const page = await opened("anna", { channel: "room:1" });
  assert.deepEqual(await page.run(() => room.publish("said", { text: "Hëllo" })), { offset: 1 });
  await page.until(() => told.some(([what]) => what === "message"));
  assert.deepEqual(await messages(page), [{ text: "Hëllo" }]);
  assert.deepEqual(await page.run(() => client.request("echo", [1, "two"])), [1, "two"]);
  assert.deepEqual(await page.run(() => client.request("sold-out").catch((e) => [e.code, e.message])), ["sold_out", "no seats are left"]);
  assert.equal(await page.run(() => client.request("nothing").catch((e) => e.code)), "unknown_type");
  assert.deepEqual(
    await page.run(() => {
      client.onRequest("question", async (data) => data.map((n) => n * 2));
      return client.request("ask-me", [1, 2]);
    }),
    [2, 4],
  );
  assert.equal(await page.run(() => new Promise((heard) => (client.on("said-back", (m) => heard(m.data)), client.send("say-back", 7)))), 7);
  assert.equal(await page.run(() => client.user), "anna");
  assert.equal(await page.run(() => client.subscribe("secret").ready.catch((e) => e.code)), "forbidden");
});

test("compresses what is large, both ways", { skip }, async () => {
  const page = await opened("bert");
  const large = "lorem ipsum ".repeat(5_000);
  assert.equal(await page.run((text) => client.request("echo", text).then((back) => back === text), large), true);
  assert.match(page.handshake()["Sec-WebSocket-Extensions"], /permessage-deflate/);
  assert.equal(page.handshake()["Sec-WebSocket-Protocol"], "infra.realtime.v1");
});

test("begins with the history and sees who is there", { skip }, async () => {
  for (let i = 1; i <= 3; ++i) await service.publish("room:2", "said", i);
  const carl = await opened("carl", { channel: "room:2" });
  await carl.until(() => told.filter(([what]) => what === "message").length === 3);
  const dora = await opened("dora", { channel: "room:2" });
  await carl.until(() => told.some(([what, who]) => what === "join" && who === "dora"));
  const there = await carl.run(() => room.presence());
  assert.deepEqual([there.members.map((m) => m.user).sort(), there.users], [["carl", "dora"], 2]);
  assert.deepEqual(await messages(dora), [1, 2, 3]);
  assert.equal((await carl.run(() => room.history({ limit: 2 }))).messages.length, 2);
});

test("comes back and has missed nothing", { skip }, async () => {
  const page = await opened("emil", { channel: "room:3", options: { minDelay: 1000 } });
  for (let round = 0; round < 3; ++round) {
    await service.publish("room:3", "said", round * 10);
    assert.equal((await service.disconnect("emil", 4001)).disconnected, 1);
    for (let i = 1; i < 10; ++i) await service.publish("room:3", "said", round * 10 + i);
    await page.until((n) => told.filter(([what]) => what === "recovered").length === n, round + 1);
  }
  await page.until(() => told.filter(([what]) => what === "message").length >= 30);
  assert.deepEqual(await messages(page), [...Array(30).keys()]);
  assert.deepEqual(await page.run(() => told.filter(([what]) => what === "recovered")), Array(3).fill(["recovered", true]));
});

test("says when it cannot have all it has missed", { skip }, async () => {
  const page = await opened("fred", { channel: "room:4", options: { minDelay: 60_000 } });
  await service.publish("room:4", "said", "early");
  await page.until(() => told.some(([, data]) => data === "early"));
  await service.disconnect("fred", 4001);
  await page.until(() => client.state === "waiting");
  for (let i = 0; i < 110; ++i) await service.publish("room:4", "said", i);
  await page.run(() => window.dispatchEvent(new Event("online"))); // it would wait for long
  await page.until(() => told.some(([what]) => what === "recovered"));
  await page.until(() => told.some(([, data]) => data === 109));
  assert.deepEqual(await messages(page), ["early", ...[...Array(50).keys()].map((i) => i + 60)]);
  assert.deepEqual(await page.run(() => told.find(([what]) => what === "recovered")), ["recovered", false]);
});

test("stays away when it is told to", { skip }, async () => {
  const page = await opened("gina", { channel: "room:5" });
  await service.disconnect("gina", 4505);
  await page.until(() => client.state === "closed");
  assert.deepEqual(await page.run(() => states.at(-1)), ["closed", 4505]);
  assert.deepEqual(await page.run(() => told.at(-1)), ["error", "closed"]);
});

test("shows its token, and a new one when the old one ends", { skip }, async () => {
  const page = await opened("nobody&expires=1");
  await page.run(() => {
    window.asked = 0;
    client.close();
    window.client = realtime.connect("/ws?expires=1", { token: () => (++asked, "user.hugo") });
  });
  await page.until(() => client.user === "hugo");
  await page.until(() => asked > 1);
  assert.equal(await page.run(() => client.request("echo", 1)), 1, "and is still there");
});

test("keeps trying where it is not let in, without hurry", { skip }, async () => {
  const page = await opened("nobody");
  await page.until(() => states.filter(([state]) => state === "waiting").length > 2);
  assert.equal(await page.run(() => client.state === "open"), false);
});

test("a page of another origin is not let in", { skip }, async () => {
  const other = await Service.start();
  const page = await opened("ina", { at: other });
  await page.run((url) => {
    window.stranger = realtime.connect(url + "/ws");
    window.stranger.onState((state) => told.push(state));
  }, service.url);
  await page.until(() => told.includes("waiting"));
  assert.equal(await page.run(() => told.includes("open")), false);
  await other.end();
});

test("goes where it is told to when the service stops, and comes back to the next one", { skip }, async () => {
  const first = await Service.start();
  const page = await opened("jon", { at: first, channel: "room:6" });
  await first.publish("room:6", "said", "before");
  await page.until(() => told.some(([, data]) => data === "before"));
  await first.post("/stop-sockets");
  await page.until(() => states.some(([state, code]) => state === "waiting" && code === 4000));
  await first.end();
  const second = await Service.start(first.port);
  await page.until(() => client.state === "open");
  await page.until(() => told.some(([what]) => what === "recovered"));
  assert.deepEqual(await page.run(() => told.find(([what]) => what === "recovered")), ["recovered", false], "the history went with the process");
  await second.publish("room:6", "said", "after");
  await page.until(() => told.some(([, data]) => data === "after"));
  await second.end("SIGKILL");
  await page.until(() => states.at(-1)[0] === "waiting");
});
