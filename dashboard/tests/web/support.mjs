// A service with everything in it and a browser before it; both end with the test.
//
//     const service = await Service.start(["--hostile"]);
//     const browser = await Browser.start();
//     const page = await browser.logIn(service, { width: 390, theme: "dark" });
//     await goTo(page, "queues/mail?state=failed");
//     assert.deepEqual(page.troubles, []);

import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";

const require = createRequire(new URL("../../../peers/dashboard/package.json", import.meta.url));
const find = (name) => process.env.PATH.split(":").map((folder) => join(folder, name)).find(existsSync);

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
  end(signal) {
    if (signal) this.process.kill(signal);
    else this.process.stdin.end();
    return this.ended;
  }
}

export class Browser {
  static async start() {
    const made = new Browser();
    made.chromium = await chromium.launch({ executablePath: find("chromium"), args: ["--no-sandbox", "--disable-dev-shm-usage", "--disable-lcd-text"] });
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
    const page = watched(await context.newPage());
    page.base = service.url;
    await page.goto(service.cookies ? service.url : service.login);
    service.cookies ??= await context.cookies();
    await page.waitForSelector("main h1");
    return page;
  }
}

// What no page may do is written down: errors on the console, violations of the policy, dialogs, exceptions.
export function watched(page) {
  page.setDefaultTimeout(15_000);
  page.troubles = [];
  page.on("console", (m) => m.type() === "error" && page.troubles.push(`console: ${m.text()}`));
  page.on("pageerror", (error) => page.troubles.push(`exception: ${error.message}`));
  page.on("dialog", (dialog) => {
    page.troubles.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  return page;
}

// Until the page is there and nothing on it is still being loaded.
export async function settled(page) {
  await page.waitForFunction(() => document.querySelector("main h1") && !document.querySelector("main .skeleton"));
}

export async function goTo(page, place) {
  await page.evaluate((hash) => (location.hash = hash), `#/${place}`);
  await page.waitForFunction(() => document.querySelector("main")?.dataset.place === location.hash);
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
