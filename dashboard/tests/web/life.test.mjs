// The stream goes when nobody looks; and when the service goes, the page says so and comes back with it.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { becomes, Browser, freePort, goTo, Service, skip } from "./support.mjs";

let browser;
let service;
const folder = mkdtempSync(join(tmpdir(), "infra-life-")); // outlives the service that is killed
const flags = ["--folder", folder];
before(async () => {
  if (skip) return;
  flags.push("--port", await freePort()); // it comes back there
  [browser, service] = await Promise.all([Browser.start(), Service.start(flags)]);
});
after(async () => {
  await Promise.all([browser?.end(), service?.end()]);
  rmSync(folder, { recursive: true, force: true });
});

// Headless pages are always in sight: we say otherwise.
const canHide = () => {
  let hidden = false;
  Object.defineProperty(Document.prototype, "hidden", { get: () => hidden });
  globalThis.hide = (value) => {
    hidden = value;
    document.dispatchEvent(new Event("visibilitychange"));
  };
};

// Streams that are open now.
function streams(page) {
  const open = new Set();
  const of = (request) => new URL(request.url()).pathname.endsWith("/api/live");
  page.on("request", (r) => of(r) && open.add(r));
  for (const end of ["requestfinished", "requestfailed"]) page.on(end, (r) => open.delete(r));
  return open;
}

test("closes the stream while it is hidden, and looks again when it is seen", { skip }, async () => {
  const page = await browser.logIn(service, { init: canHide });
  const open = streams(page);
  await goTo(page, "health");
  await page.waitForSelector(".link.open");
  await becomes(() => open.size, 1, "open streams");
  await page.evaluate(() => hide(true));
  await page.waitForSelector(".link.paused", { state: "attached" });
  await becomes(() => open.size, 0, "open streams of a hidden page");
  const asked = page.waitForRequest((r) => r.url().endsWith("/api/health"));
  await page.evaluate(() => hide(false));
  await asked;
  await page.waitForSelector(".link.open");
  await becomes(() => open.size, 1, "open streams of a page that is seen again");
  await page.context().close();
});

test("stands still while somebody has paused it", { skip }, async () => {
  const page = await browser.logIn(service);
  const open = streams(page);
  await goTo(page, "health");
  await page.waitForSelector(".link.open");
  await page.keyboard.press("p");
  await page.waitForSelector(".link.paused");
  await becomes(() => open.size, 0, "open streams of a paused page");
  await page.keyboard.press("p");
  await page.waitForSelector(".link.open");
  await page.context().close();
});

test("says as of when a page is that nobody tells of changes", { skip }, async () => {
  const page = await browser.logIn(service);
  await goTo(page, "mail");
  const said = () => page.locator(".link").textContent();
  const before = await becomes(said, /^As of \d\d:\d\d:\d\d$/, "how new the page is");
  await becomes(async () => (await page.keyboard.press("r"), said()), (now) => now !== before, "how new the page is after another look");
  await page.context().close();
});

test("asks how far back to look where that means something", { skip }, async () => {
  const page = await browser.logIn(service);
  const choices = page.getByRole("group", { name: "How far back" });
  for (const [name, count] of [["overview", 1], ["mail", 0], ["logs", 1], ["traces", 0], ["metrics", 1], ["settings", 0]]) {
    await goTo(page, name);
    await becomes(() => choices.count(), count, `choices on the page ${name}`);
  }
  await page.context().close();
});

test("says that the service has gone, and heals when it is back", { skip }, async () => {
  const page = await browser.logIn(service);
  await goTo(page, "health");
  await page.waitForSelector(".link.open");
  await service.end("SIGKILL");
  await page.locator(".diagnosis h1", { hasText: "does not answer" }).waitFor();
  service = await Service.start(flags);
  // Whoever was logged in is not known to the new process: it asks for its link, which brings everything back.
  await page.locator(".diagnosis h1", { hasText: "Log in" }).waitFor();
  const token = new URL(service.login).searchParams.get("token");
  await page.fill(".diagnosis input", token);
  await page.click(".diagnosis button");
  await page.waitForSelector("main h1");
  await page.waitForSelector(".diagnosis", { state: "detached" });
  service.cookies = await page.context().cookies(); // the link is used up
  await page.context().close();
});

test("says that a page cannot be shown, and shows the others", { skip }, async () => {
  const page = await browser.logIn(service);
  await page.route("**/api/health", (route) => route.fulfill({ json: { checks: "none" } }));
  await goTo(page, "health");
  await page.waitForSelector("main .problem:has-text('Load again')");
  await goTo(page, "settings");
  await page.waitForSelector("main table");
  await page.context().close();
});

test("is as it was when only the way to the service was gone", { skip }, async () => {
  const page = await browser.logIn(service);
  await goTo(page, "settings");
  await page.fill("main [data-filter]", "port");
  const cut = (route) => route.abort();
  await page.route("**/api/**", cut);
  await page.keyboard.press("Escape");
  await page.keyboard.press("r");
  await page.waitForSelector(".diagnosis");
  await becomes(() => page.isVisible("main"), false, "what is old is out of sight");
  await page.unroute("**/api/**", cut);
  await page.waitForSelector(".diagnosis", { state: "detached" });
  await becomes(() => page.inputValue("main [data-filter]"), "port", "what was typed before");
  await page.context().close();
});
