// Who may only read sees everything and can do nothing.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { below, Browser, goTo, pagesOf, Service, skip } from "./support.mjs";

let browser;
let service;
before(async () => {
  if (!skip) [browser, service] = await Promise.all([Browser.start(), Service.start(["--read"])]);
});
after(() => Promise.all([browser?.end(), service?.end()]));

// What changes only the page itself.
const harmless = /^(copy|table|hold|follow|pause|go on|show|load|clear|close|errors|slow|all|search|look|again|\d|[\w.-]+:$)/i;
const acting = /retry|remove|delete|cancel|promote|drain|clean|publish|kick|disconnect|run|upload|send|resend|empty|pause queue|resume|set level|sign/i;

test("shows no action to who may only read", { skip }, async () => {
  const page = await browser.logIn(service);
  const offered = [];
  for (const name of await pagesOf(page)) {
    await goTo(page, name);
    for (const place of [name, ...(await below(page, name))]) {
      await goTo(page, place);
      const buttons = await page.$$eval("main button", (all) => all.map((b) => (b.textContent.trim() || b.getAttribute("aria-label")) ?? ""));
      offered.push(...buttons.filter((words) => acting.test(words) && !harmless.test(words)).map((words) => `${place}: ${words}`));
    }
  }
  assert.deepEqual(offered, []);
  await page.context().close();
});

test("refuses what the page does not offer", { skip }, async () => {
  const page = await browser.logIn(service);
  const status = await page.evaluate(() => fetch("api/health/run", { method: "POST", headers: { "X-Infra-Dashboard": "1" } }).then((r) => r.status));
  assert.equal(status, 403);
  await page.context().close();
});
