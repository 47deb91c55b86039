// Traces: from the list to the spans, their log, jobs and mails.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";

import { becomes, Browser, goTo, Service, settled, skip } from "./support.mjs";

let browser;
let service;
let page;
before(async () => {
  if (skip) return;
  [browser, service] = await Promise.all([Browser.start(), Service.start()]);
  page = await browser.logIn(service);
});
after(async () => {
  assert.deepEqual(page?.troubles ?? [], []);
  await Promise.all([browser?.end(), service?.end()]);
});

const rows = () => page.getByRole("table", { name: "Traces" }).getByRole("row");
async function openOne(show = "errors") {
  await goTo(page, `traces?show=${show}&q=post`);
  await rows().nth(1).getByRole("link").click();
  await page.waitForFunction(() => /^#\/traces\/[0-9a-f]{32}$/.test(location.hash));
  await settled(page);
}

test("lists traces, and of them only those that failed", { skip }, async () => {
  await goTo(page, "traces?q=post");
  await page.getByRole("link", { name: "POST /orders" }).first().waitFor();
  await becomes(() => rows().count(), 13, "twelve traces and the head");
  await page.getByText("Errors", { exact: true }).click();
  await becomes(() => rows().count(), 5, "every third of them, and the head");
});

test("does not list that somebody looks", { skip }, async () => {
  await goTo(page, "traces");
  await rows().nth(1).waitFor();
  assert.ok(!(await page.locator("main").textContent()).includes("/infra/api"));
});

test("shows spans as a tree that keys go through", { skip }, async () => {
  await openOne();
  const items = page.getByRole("treeitem");
  const focused = () => page.evaluate(() => document.activeElement.textContent);
  await becomes(() => items.count(), 4, "spans");
  await items.first().focus();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  await becomes(focused, /process mail/);
  await page.keyboard.press("ArrowLeft");
  await becomes(() => items.count(), 3, "spans without those below it");
  await page.keyboard.press("ArrowRight");
  await becomes(() => items.count(), 4, "spans with those below it");
  await page.keyboard.press("Enter");
  await page.getByRole("dialog").getByText("messaging.message.id").waitFor();
  await page.keyboard.press("Escape");
  await becomes(focused, /process mail/);
});

test("has the trace's lines, its job and its mail", { skip }, async () => {
  await openOne();
  const main = page.locator("main");
  await main.getByText("order taken").first().waitFor();
  await main.getByText(/was not sent/).first().waitFor();
  const job = main.getByRole("link", { name: /^mail 80/ });
  assert.match(await job.getAttribute("href"), /^#\/queues\/mail\/80\d\d$/);
  assert.match(await main.getByRole("link", { name: /^m-/ }).getAttribute("href"), /^#\/mail\/m-\d+$/);
});

test("is found by its id, also when it has come since", { skip }, async () => {
  const origin = new URL(service.url).origin;
  const trace = await fetch(`${origin}/seed/say?text=here`).then((r) => r.text());
  // A span is kept once it has ended, which is after the answer; a page that was there before does not look again.
  const known = (path) => page.evaluate((p) => fetch(`api/${p}`).then((r) => (r.ok ? r.text() : "")), path);
  await becomes(() => known(`traces/${trace}`), /seed\/say/, "the trace");
  await becomes(() => known(`logs?trace=${trace}`), /here/, "its lines");
  await goTo(page, `traces/${trace}`);
  await page.getByRole("treeitem", { name: /seed\/say/ }).waitFor();
  await page.locator("main").getByText("here", { exact: false }).first().waitFor();
  await goTo(page, `traces/${"0".repeat(31)}1`);
  await page.getByText(/no span of this trace is kept/).waitFor();
  page.troubles = page.troubles.filter((t) => !t.includes("404"));
});

test("is taken home as other tools read it", { skip }, async () => {
  await openOne();
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "Download OTLP" }).click()]);
  const document = JSON.parse(await readFile(await download.path(), "utf8"));
  assert.equal(document.resourceSpans[0].scopeSpans[0].spans.length, 4);
});
