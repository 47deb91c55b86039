// Everything without a mouse.

import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";

import { becomes, Browser, goTo, pagesOf, Service, settled, skip } from "./support.mjs";

let browser;
let service;
let page;
before(async () => {
  if (skip) return;
  [browser, service] = await Promise.all([Browser.start(), Service.start()]);
  page = await browser.logIn(service);
});
beforeEach(async () => {
  if (skip) return;
  await page.reload(); // without what another test has left open
  await settled(page);
});
after(() => Promise.all([browser?.end(), service?.end()]));

const focused = () => page.evaluate(() => document.activeElement?.textContent?.trim().slice(0, 80) ?? "");
const heading = () => page.textContent("main h1");
const keys = { overview: "o", health: "h", logs: "l", metrics: "m", traces: "t", queues: "q", mail: "e", realtime: "r", cache: "c", storage: "s", settings: "," };

test("goes to every page with two keys, and the focus goes to its heading", { skip }, async () => {
  for (const name of (await pagesOf(page)).reverse()) {
    await Promise.all([page.keyboard.press("g"), page.keyboard.press(keys[name])]); // at once: a while after g, a letter is none of a page
    await becomes(() => page.evaluate(() => document.querySelector("main").dataset.page), name, "the page");
    await settled(page);
    await becomes(async () => (await focused()) === (await heading()), true, `${name}: its heading has the focus`);
    await becomes(async () => (await page.title()).startsWith(await heading()), true, `${name}: the window has its title`);
  }
});

test("reaches everything on every page with Tab, and always shows where", { skip }, async () => {
  for (const name of await pagesOf(page)) {
    await goTo(page, name);
    await page.evaluate(() => document.querySelector("main h1").focus());
    const missed = await page.evaluate(() => {
      const reach = "a[href], button:not(:disabled), input:not([type=hidden]), select, textarea, [tabindex='0']";
      return [...document.querySelectorAll(`main :is(${reach})`)].filter((e) => e.tabIndex < 0 && e.checkVisibility()).map((e) => e.outerHTML.slice(0, 100));
    });
    assert.deepEqual(missed, [], name);
    for (let n = 0; n < 6; ++n) {
      await page.keyboard.press("Tab");
      const shown = await page.evaluate(() => {
        const e = document.activeElement;
        if (e === document.body || !e.matches(":focus-visible")) return true; // beyond the last
        const ring = (x) => x && getComputedStyle(x).outlineStyle !== "none";
        return ring(e) || ring(e.closest("label"));
      });
      assert.ok(shown, `${name}: ${await focused()}`);
    }
  }
});

test("skips to the page", { skip }, async () => {
  await page.keyboard.press("Tab");
  await becomes(focused, "Skip to the page");
  await page.keyboard.press("Enter");
  await becomes(focused, await heading());
});

const openPalette = async () => {
  await page.keyboard.press("Control+k");
  await page.waitForSelector("dialog.palette input:focus");
};

test("finds pages, commands and ids in the palette, and goes back to where it was", { skip }, async () => {
  await goTo(page, "overview");
  await page.focus("main h1");
  await openPalette();
  await page.keyboard.type("heal");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => location.hash === "#/health");
  await settled(page);
  await openPalette();
  await page.keyboard.type("0af7651916cd43dd8448eb211c80319c");
  await page.waitForSelector("dialog.palette [aria-selected=true]");
  await becomes(() => page.textContent("dialog.palette [aria-selected=true]"), /^Trace 0af76519/, "what the id is taken for");
  await page.keyboard.press("Escape");
  await page.waitForSelector("dialog.palette", { state: "detached" });
  await becomes(focused, await heading());
});

test("tells the keys, and closes with Escape", { skip }, async () => {
  await goTo(page, "overview");
  await page.keyboard.press("?");
  await page.locator("dialog[open]", { hasText: "go to anything" }).waitFor();
  await page.keyboard.press("Escape");
  await page.waitForSelector("dialog", { state: "detached" });
});

test("leads into the filter with a slash, and nothing typed there is a command", { skip }, async () => {
  await goTo(page, "settings");
  await page.keyboard.press("/");
  await page.keyboard.type("go to t?");
  await becomes(() => page.inputValue("main [data-filter]"), "go to t?", "what is in the filter");
  assert.equal(await page.$("dialog"), null);
  await page.waitForFunction(() => location.hash.includes("q="));
  await page.keyboard.press("Escape");
});

test("goes through rows with j and k", { skip }, async () => {
  await goTo(page, "health");
  const row = () => page.evaluate(() => document.activeElement.rowIndex);
  for (const [key, at] of [["j", 1], ["j", 2], ["k", 1]]) {
    await page.keyboard.press(key);
    await becomes(row, at, `the row after ${key}`);
  }
});

// The overview's first group with an action: its button, its question, and what is said then.
test("does what needs to be done: button, question, answer", { skip }, async () => {
  await goTo(page, "overview");
  await page.locator("main .concern button").first().focus();
  const words = await focused(); // which of them is the first may change
  await page.keyboard.press("Enter");
  await page.waitForSelector("dialog[open]");
  await page.keyboard.press("Escape"); // no
  await page.waitForSelector("dialog", { state: "detached" });
  await becomes(focused, words);
  await page.keyboard.press("Enter");
  await page.waitForSelector("dialog[open]");
  await page.locator("dialog[open] footer button").last().focus();
  await page.keyboard.press("Enter");
  await page.waitForSelector(".toast.good");
  await goTo(page, "settings/actions");
  await becomes(() => page.locator("main tbody tr").count(), 1, "actions that are recorded");
  assert.deepEqual(page.troubles, []);
});
