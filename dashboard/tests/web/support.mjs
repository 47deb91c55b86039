// A service with everything in it and a browser before it; both end with the test.
//
//     const service = await Service.start(["--hostile"]);
//     const browser = await Browser.start();
//     const page = await browser.logIn(service, { width: 390, theme: "dark" });
//     await goTo(page, "queues/mail?state=failed");
//     await becomes(() => page.locator("tbody tr").count(), 12, "rows of failed jobs");
//     assert.deepEqual(page.troubles, []);
//
// A page shows what it has when it has it: what a test expects of it after it did something is waited for, by becomes() or by Playwright.
//
//     DASHBOARD_SAYS=1   shows what the service prints to stderr
//     DASHBOARD_SLOW=6   slows the pages' own work down so many times, as on a slow machine

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";

const require = createRequire(new URL("../../../peers/dashboard/package.json", import.meta.url));
export const find = (name) => process.env.PATH.split(":").map((folder) => join(folder, name)).find(existsSync);

let chromium;
export let axe = "";
export let skip = false; // or why nothing can be tested
try {
  ({ chromium } = require("playwright-core"));
  axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
} catch {
  skip = "playwright-core is not installed (npm ci in peers/dashboard; ./test does it)";
}
if (!skip && !find("chromium")) skip = "chromium is not installed (apt-get install chromium)";

// How long anything may take on a machine that has much else to do. Nothing waits so long where all is well.
export const patience = 60_000;

// Reads until it is as expected: equal, matching where that is a RegExp, or so that a function says yes. Gives what was read then; says
// what was read last where it never comes to that.
export async function becomes(read, expected, what = String(read)) {
  const fits = (value) => (expected instanceof RegExp ? typeof value === "string" && expected.test(value) : typeof expected === "function" ? expected(value) : isDeepStrictEqual(value, expected));
  for (const end = performance.now() + patience; ; await pause(50)) {
    const value = await read();
    if (fits(value)) return value;
    if (performance.now() < end) continue;
    const hoped = typeof expected === "function" || expected instanceof RegExp ? String(expected) : JSON.stringify(expected);
    assert.fail(`${what}: expected ${hoped}, and it stays ${String(JSON.stringify(value)).slice(0, 1000)}`);
  }
}

// A port of loopback for who must know it before. Below those that the system gives away, so that nobody has it when it is used, be it
// for the second time.
export async function freePort() {
  for (;;) {
    const server = createServer().listen(15_000 + Math.floor(Math.random() * 15_000), "127.0.0.1");
    const free = await Promise.race([once(server, "listening").then(() => true), once(server, "error").then(() => false)]);
    const port = server.address()?.port;
    if (free) await new Promise((done) => server.close(done));
    if (free) return String(port);
  }
}

export class Service {
  // Resolves when it listens and is seeded.
  static async start(flags = [], environment = {}) {
    const made = new Service();
    made.process = spawn(process.env.DASHBOARD_SERVICE, flags, { env: { ...process.env, ...environment }, stdio: ["pipe", "pipe", process.env.DASHBOARD_SAYS ? "inherit" : "ignore"] });
    made.ended = new Promise((resolve) => made.process.once("exit", resolve));
    for await (const line of createInterface({ input: made.process.stdout })) {
      if (!line.startsWith("{")) continue;
      const { url, login } = JSON.parse(line);
      Object.assign(made, { login, url: new URL("/infra", url).href });
      made.process.stdout.resume();
      return made;
    }
    throw new Error("dashboard_service has ended without saying where it listens");
  }
  get port() {
    return new URL(this.url).port;
  }
  async end(signal) {
    if (signal) this.process.kill(signal);
    else this.process.stdin.end();
    const late = setTimeout(() => this.process.kill("SIGKILL"), patience);
    await this.ended;
    clearTimeout(late);
    assert.ok(signal || this.process.signalCode === null, `dashboard_service was ended by ${this.process.signalCode}`);
  }
}

export class Browser {
  static async start() {
    const made = new Browser();
    made.chromium = await chromium.launch({ timeout: 2 * patience, executablePath: find("chromium"), args: ["--no-sandbox", "--disable-dev-shm-usage", "--disable-lcd-text"] });
    return made;
  }
  end() {
    return this.chromium.close();
  }

  // One log-in is one session: everybody who looks shares its cookie, since the link is good once.
  async logIn(service, { width = 1440, height = 900, theme = "light", init } = {}) {
    const context = await this.chromium.newContext({ viewport: { width, height }, colorScheme: theme, reducedMotion: "reduce" });
    if (service.cookies) await context.addCookies(service.cookies);
    if (init) await context.addInitScript(init);
    const page = await opened(context);
    page.base = service.url;
    await page.goto(service.cookies ? service.url : service.login);
    service.cookies ??= await context.cookies();
    await page.waitForSelector("main h1");
    return page;
  }
}

export async function opened(context) {
  const page = watched(await context.newPage());
  const rate = Number(process.env.DASHBOARD_SLOW ?? 1);
  if (rate > 1) await (await context.newCDPSession(page)).send("Emulation.setCPUThrottlingRate", { rate });
  return page;
}

// What no page may do is written down: errors on the console, violations of the policy, dialogs, exceptions.
function watched(page) {
  page.setDefaultTimeout(patience);
  page.troubles = [];
  page.on("console", (m) => m.type() === "error" && page.troubles.push(`console: ${m.text()}`));
  page.on("pageerror", (error) => page.troubles.push(`exception: ${error.message}`));
  page.on("dialog", (dialog) => {
    page.troubles.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  return page;
}

// Until the page is there, and all on it answers what is asked for now: nothing is still being loaded, nothing is left of an earlier filter.
export async function settled(page) {
  const state = () =>
    page.evaluate(() => {
      const main = document.querySelector("main");
      if (!main?.querySelector("h1")) return "without a heading";
      if (main.dataset.place !== location.hash) return `still at ${main.dataset.place}`;
      return main.querySelector(".skeleton") || main.ariaBusy === "true" ? "busy" : "settled";
    });
  await becomes(state, "settled", `the page at ${page.url()}`);
}

// Types it into the page's filter, and waits for what is found.
export async function look(page, typed) {
  await page.fill("main [data-filter]", typed);
  await page.keyboard.press("Enter");
  await becomes(() => page.evaluate(() => new URLSearchParams(location.hash.split("?")[1]).get("q") ?? ""), typed, "the address's words");
  await settled(page);
}

export async function goTo(page, place) {
  await page.evaluate((hash) => (location.hash = hash), `#/${place}`);
  await settled(page);
}

// Which pages this service has.
export const pagesOf = (page) => page.evaluate(() => fetch("api/session").then((r) => r.json())).then((session) => session.pages);

// Where the links of a page lead to within the dashboard, one of each kind: "queues/mail", "queues/mail/8812", "traces/0af7…".
export async function below(page, name, most = 3) {
  const links = await page.$$eval("main a[href*='#/']", (all) => all.map((a) => decodeURI(a.hash).slice(2)));
  const kinds = new Map();
  for (const link of links) {
    const [path] = link.split("?");
    const parts = path.split("/");
    if (parts[0] !== name || parts.length < 2) continue;
    const kind = `${parts.length} ${parts.length > 2 ? parts.slice(1, -1).join("/") : ""}`;
    if (!kinds.has(kind)) kinds.set(kind, link);
  }
  return [...kinds.values()].slice(0, most);
}

// Rules of accessibility that are broken, each with where.
export async function broken(page) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() =>
    globalThis.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"], resultTypes: ["violations"] }),
  );
  return violations.map((v) => `${v.id}: ${v.nodes.slice(0, 3).map((n) => n.html.slice(0, 160)).join(" | ")}`);
}
