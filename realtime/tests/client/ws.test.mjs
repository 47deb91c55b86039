// The server as npm's ws sees it.

import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, test } from "node:test";

import { missing, Service, WebSocket } from "./service.mjs";

const skip = missing || false;
let service;
before(async () => {
  if (!skip) service = await Service.start();
});
after(() => service?.end());

const opened = async (options, query = "?user=anna") => {
  const socket = new WebSocket(`ws://127.0.0.1:${service.port}/ws${query}`, ["infra.realtime.v1"], options);
  const welcome = next(socket);
  await once(socket, "open");
  return [socket, JSON.parse(await welcome)];
};
const next = (socket) =>
  new Promise((resolve, reject) => {
    socket.once("message", (text) => resolve(String(text)));
    socket.once("close", (code) => reject(new Error(`closed with ${code}`)));
  });
const asked = async (socket, data) => {
  const answer = next(socket);
  socket.send(JSON.stringify({ type: "echo", ref: "1", data }));
  return JSON.parse(await answer).data;
};
const closed = async (socket) => {
  const [code, reason] = await once(socket, "close");
  return [code, String(reason)];
};

test("is welcome, and gets back what it said", { skip }, async () => {
  const [socket, { type, data }] = await opened();
  assert.deepEqual([type, data.user, data.ping, data.version], ["welcome", "anna", 500, 1]);
  assert.equal(socket.protocol, "infra.realtime.v1");
  for (const said of ["", "é😀", "x".repeat(125), "x".repeat(126), "x".repeat(60_000), { a: [1] }]) assert.deepEqual(await asked(socket, said), said);
  socket.terminate();
});

for (const perMessageDeflate of [true, false, { serverNoContextTakeover: true, clientNoContextTakeover: true, threshold: 0 }])
  test(`speaks with compression ${JSON.stringify(perMessageDeflate)}`, { skip }, async () => {
    const [socket] = await opened({ perMessageDeflate });
    assert.equal(socket.extensions.includes("permessage-deflate"), perMessageDeflate !== false);
    const large = "lorem ipsum ".repeat(5_000);
    assert.equal(await asked(socket, large), large);
    assert.equal(await asked(socket, "small"), "small");
    if (!perMessageDeflate) assert.equal((await asked(socket, "x".repeat(500_000))).length, 500_000);
    else await assert.rejects(asked(socket, "x".repeat(500_000)), /1009/, "it swells too much");
    socket.terminate();
  });

test("understands fragments, with pings between them", { skip }, async () => {
  const [socket] = await opened({ perMessageDeflate: false });
  const text = JSON.stringify({ type: "echo", ref: "1", data: "é".repeat(1000) });
  const bytes = Buffer.from(text);
  const answer = next(socket);
  const pong = once(socket, "pong");
  for (let at = 0; at < bytes.length; at += 101) {
    const fin = at + 101 >= bytes.length;
    socket.send(bytes.subarray(at, at + 101), { binary: false, fin });
    if (!fin) socket.ping("p" + at);
  }
  assert.equal(String((await pong)[0]), "p0");
  assert.equal(JSON.parse(await answer).data, "é".repeat(1000));
  socket.terminate();
});

test("understands compressed fragments", { skip }, async () => {
  const [socket] = await opened({ perMessageDeflate: { threshold: 0 } });
  const answer = next(socket);
  socket.send('{"type":"echo","ref":"1","da', { compress: true, fin: false });
  socket.send('ta":"lorem ipsum lorem ipsum"}', { compress: true, fin: true });
  assert.equal(JSON.parse(await answer).data, "lorem ipsum lorem ipsum");
  socket.terminate();
});

test("pings, and answers pings with what they carry", { skip }, async () => {
  const [socket] = await opened();
  await once(socket, "ping");
  const pong = once(socket, "pong");
  socket.ping("x".repeat(125));
  assert.equal(String((await pong)[0]), "x".repeat(125));
  socket.terminate();
});

test("closes as it was asked to", { skip }, async () => {
  for (const code of [1000, 1001, 3000, 4999]) {
    const [socket] = await opened();
    socket.close(code, "bye");
    assert.equal((await closed(socket))[0], code);
  }
  const [socket] = await opened();
  socket.close();
  assert.equal((await closed(socket))[0], 1005);
});

test("says why it closes", { skip }, async () => {
  const code = async (say, options) => {
    const [socket] = await opened(options, "?user=kim");
    const end = closed(socket);
    await say(socket);
    return (await end)[0];
  };
  assert.equal(await code(() => service.disconnect("kim", 4505)), 4505);
  assert.equal(await code((s) => s.send("x".repeat((1 << 20) + 1))), 1009);
  assert.equal(await code((s) => s.send(Buffer.from([0xff, 0xfe]), { binary: false })), 1007);
  assert.equal(await code((s) => s._socket.write(Buffer.from([0x81, 0x01, 0x41]))), 1002, "a frame that is not masked");
});

test("does not let everybody in", { skip }, async () => {
  const status = async (url, options) => {
    const socket = new WebSocket(url, options);
    socket.on("error", () => {});
    const [, answer] = await once(socket, "unexpected-response");
    answer.resume();
    return answer.statusCode;
  };
  const url = `ws://127.0.0.1:${service.port}/ws`;
  assert.equal(await status(url + "?user=nobody"), 401);
  assert.equal(await status(url, { origin: "https://evil.example" }), 403);
});
