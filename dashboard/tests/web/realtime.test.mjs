// The pages of realtime: what is said appears, and who is disconnected is.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { becomes, Browser, goTo, opened, Service, skip } from "./support.mjs";

let browser;
let service;
let page;
let other; // a page of the service's own site that nobody's policy stands above: its sockets are those of a user
before(async () => {
  if (skip) return;
  [browser, service] = await Promise.all([Browser.start(), Service.start()]);
  page = await browser.logIn(service);
  other = await opened(page.context());
  await other.goto(new URL("/nothing", service.url).href);
});
after(() => Promise.all([browser?.end(), service?.end()]));

// Resolves once it is subscribed.
const listen = (channel) =>
  other.evaluate(
    (name) =>
      new Promise((done, failed) => {
        const socket = new WebSocket(`ws://${location.host}/ws`);
        window.heard = [];
        window.closed = undefined;
        socket.onopen = () => socket.send(JSON.stringify({ type: "subscribe", channel: name }));
        socket.onmessage = ({ data }) => {
          const message = JSON.parse(data);
          window.heard.push(message);
          if (message.type === "subscribed") done();
        };
        socket.onclose = ({ code }) => (window.closed = code);
        socket.onerror = () => failed(new Error("no socket"));
        setTimeout(() => failed(new Error("nothing says that it is subscribed")), 60_000);
      }),
    channel,
  );

const subscribers = (channel) => page.evaluate((path) => fetch(path).then((r) => r.json()), `api/realtime/channels/${channel}`).then((known) => known.subscribers);

const confirm = (name) => page.locator("dialog[open]").getByRole("button", { name, exact: true }).click();

test("lists channels, and those that begin so", { skip }, async () => {
  await goTo(page, "realtime");
  await becomes(() => page.textContent("main table"), /room:0/, "the channels");
  await page.getByRole("searchbox", { name: "Channels that begin with" }).fill("room:1");
  await becomes(() => page.locator("main table tbody tr").allTextContents(), (all) => all.length === 1 && all[0].includes("room:1"), "channels that begin so");
});

test("shows what was said before and what is said now", { skip }, async () => {
  await goTo(page, "realtime/room%3A0");
  await page.getByText('"Hello!"').first().waitFor();
  await listen("room:0");
  await page.getByLabel("Type").fill("greeting");
  await page.getByLabel("Data, as JSON; empty for none").fill('{"text":"from the page"}');
  await page.getByRole("button", { name: "Publish", exact: true }).click();
  await page.getByRole("table", { name: "Messages" }).getByText("from the page").waitFor();
  await other.waitForFunction(() => window.heard.some((m) => m.type === "greeting" && m.data.text === "from the page"));
});

test("shows what is said where there is no history", { skip }, async () => {
  await goTo(page, "realtime/news");
  const table = page.getByRole("table", { name: "Messages" });
  await page.getByText("Nothing yet.").waitFor();
  await becomes(() => subscribers("news"), (n) => n > 0, "the page listens");
  const status = await page.evaluate(() =>
    fetch("api/realtime/channels/news/messages", { method: "POST", headers: { "X-Infra-Dashboard": "1" }, body: '{"type":"flash","data":17}' }).then((r) => r.status),
  );
  assert.equal(status, 200);
  await table.getByText("flash").waitFor();
  await becomes(() => table.locator("tbody tr").count(), 1, "messages");
});

test("refuses data that is no JSON before it is sent", { skip }, async () => {
  await goTo(page, "realtime/room%3A0");
  await page.getByLabel("Data, as JSON; empty for none").fill("{nonsense");
  await page.getByRole("button", { name: "Publish", exact: true, disabled: true }).waitFor();
});

test("disconnects a real socket", { skip }, async () => {
  await listen("room:2");
  await goTo(page, "realtime?view=connections&channel=room%3A2");
  const row = page.getByRole("table", { name: "Connections" }).locator("tbody tr");
  await becomes(() => row.count(), 1, "connections of that channel");
  await row.getByRole("button", { name: /Disconnect/ }).click();
  await confirm("Disconnect");
  await other.waitForFunction(() => window.closed !== undefined);
  await page.getByText("None of them.").waitFor();
});

test("was in no trouble", { skip }, () => assert.deepEqual(page.troubles, []));
