// Redis goes away under a service whose queue is on it, and comes back: the pages say so, show nothing old as if it were new, and heal.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, test } from "node:test";

import { becomes, Browser, find, freePort, goTo, Service, skip as noBrowser } from "./support.mjs";

const skip = noBrowser || (find("redis-server") ? false : "redis-server is not installed (apt-get install redis-server)");

// What it was told it has again after it was killed.
class Redis {
  constructor(folder, port) {
    this.port = port;
    this.words = ["--bind", "127.0.0.1", "--port", port, "--dir", folder, "--save", "", "--appendonly", "yes", "--appendfsync", "always", "--maxmemory-policy", "noeviction"];
  }
  async start() {
    if (this.process && this.process.exitCode === null && this.process.signalCode === null) return;
    this.process = spawn(find("redis-server"), this.words, { stdio: "ignore" });
    this.ended = new Promise((resolve) => this.process.once("exit", resolve));
    await becomes(() => this.#answer("PING"), "+PONG", "Redis' answer");
  }
  kill() {
    this.process?.kill("SIGKILL");
    return this.ended;
  }
  #answer(line) {
    return new Promise((resolve) => {
      const socket = connect(this.port, "127.0.0.1", () => socket.write(`${line}\r\n`));
      const done = (answer) => {
        socket.destroy();
        resolve(answer);
      };
      socket.once("data", (data) => done(String(data).trim()));
      socket.once("error", (error) => done(error.code));
      socket.once("close", () => done("closed"));
    });
  }
}

let browser;
let service;
let redis;
let folder;
before(async () => {
  if (skip) return;
  folder = mkdtempSync(join(tmpdir(), "infra-redis-"));
  redis = new Redis(folder, await freePort());
  await redis.start();
  [browser, service] = await Promise.all([Browser.start(), Service.start(["--redis", `redis://127.0.0.1:${redis.port}`])]);
});
after(async () => {
  await Promise.all([browser?.end(), service?.end()]);
  await redis?.kill();
  if (folder) rmSync(folder, { recursive: true, force: true });
});

beforeEach(() => !skip && redis.start());

const textOf = (page, selector) => page.locator(selector).allTextContents().then((all) => all.join("\n"));
// The number of the overview's figure with this label.
const figure = (page, label) => textOf(page, `.figures li:has([title^="${label}"]) b`);
const unexpected = (page) => page.troubles.filter((t) => !/status of 50[34]/.test(t)); // which is how the API says it

for (const place of ["overview", "queues"])
  test(`says on ${place} what is wrong while Redis is away, and comes back by itself`, { skip }, async () => {
    const page = await browser.logIn(service);
    await goTo(page, place);
    await page.waitForSelector(".link.open");
    await { overview: hasNumbers, queues: hasRows }[place](page);
    await redis.kill();
    await { overview: saysWhatIsWrong, queues: standsStill }[place](page);
    await redis.start();
    await { overview: isWell, queues: goesOn }[place](page);
    assert.deepEqual(unexpected(page), []);
    await page.context().close();
  });

const hasNumbers = async (page) => {
  await becomes(() => figure(page, "Jobs waiting"), "3");
  await becomes(() => textOf(page, ".status"), (text) => !/no answer/.test(text), "nobody is without an answer");
};
const saysWhatIsWrong = async (page) => {
  await becomes(() => textOf(page, ".status.bad .causes"), /queue: no answer/, "the cause of the red state");
  await becomes(() => textOf(page, ".concern"), /the queue does not answer: nothing came of redis/, "what needs attention");
  for (const label of ["Jobs waiting", "Oldest job", "Failed"]) await becomes(() => figure(page, label), "–", `${label}, which nobody knows`);
};
const isWell = async (page) => {
  await hasNumbers(page);
  await becomes(() => textOf(page, ".concern"), (text) => !/does not answer: nothing/.test(text), "nothing of Redis needs attention");
};

const row = "main table tbody tr:has-text('exports')";
const hasRows = (page) => becomes(() => textOf(page, row), /No workers/, "the queue that nobody takes from");
const standsStill = async (page) => {
  await becomes(() => textOf(page, "main .notice"), /stands still since .*the queue does not answer: nothing came of redis/s, "why nothing changes");
  await becomes(() => textOf(page, ".connection .link"), "Still", "the state of the connection");
  // Asked for anew, there are no numbers at all.
  await page.reload();
  await page.waitForSelector("main .problem");
  assert.equal(await page.locator(row).count(), 0);
};
const goesOn = async (page) => {
  await hasRows(page);
  await becomes(() => page.locator("main :is(.notice, .problem)").count(), 0, "nothing is wrong any more");
  // And what happens now is seen.
  const status = await page.evaluate(() =>
    fetch("api/queues/exports/jobs", { method: "POST", headers: { "X-Infra-Dashboard": "1", "Content-Type": "application/json" }, body: '{"name":"export","data":{}}' }).then((r) => r.status),
  );
  assert.ok(status < 300, String(status));
  await becomes(() => page.locator(row).getByRole("link", { name: "4", exact: true }).count(), 1, "the job that was added");
};
