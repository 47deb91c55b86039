// The parts that pages are made of, in a browser and under the policy of the pages, without a service.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { extname, join } from "node:path";
import { after, before, beforeEach, test } from "node:test";
import { fileURLToPath } from "node:url";

import { becomes, Browser, broken, opened, skip as noBrowser } from "./support.mjs";

const made = process.env.DASHBOARD_WEB ?? ""; // where the pages are built, with esbuild and Preact
const skip = noBrowser || (existsSync(join(made, "node_modules/esbuild")) ? false : "the pages are not built");

const types = { ".js": "text/javascript", ".css": "text/css" };
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; base-uri 'self'";
const html = '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Parts</title><link rel="icon" href="data:,"><link rel="stylesheet" href="page.css"></head><body><script type="module" src="page.js"></script></body></html>';

async function serve() {
  const { build } = createRequire(join(made, "package.json"))("esbuild");
  const entry = fileURLToPath(new URL("parts/page.tsx", import.meta.url));
  const { outputFiles } = await build({ entryPoints: [entry], outdir: "/", bundle: true, format: "esm", jsx: "automatic", jsxImportSource: "preact", write: false, nodePaths: [join(made, "node_modules")] });
  const files = new Map(outputFiles.map((f) => [f.path, f.contents]));
  const acts = [];
  const server = createServer((request, response) => {
    if (request.method !== "GET") {
      acts.push(`${request.method} ${request.url}`);
      return response.writeHead(204).end();
    }
    const file = files.get(request.url);
    response.writeHead(200, { "content-type": file ? types[extname(request.url)] : "text/html", "content-security-policy": policy });
    response.end(file ?? html);
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  return { server, acts, url: `http://127.0.0.1:${server.address().port}/` };
}

let browser, site, page;
before(async () => {
  if (!skip) [browser, site] = await Promise.all([Browser.start(), serve()]);
});
after(async () => {
  await browser?.end();
  site?.server.close();
});
beforeEach(async () => {
  if (skip) return;
  await page?.context().close();
  const context = await browser.chromium.newContext({ viewport: { width: 1200, height: 900 }, reducedMotion: "reduce" });
  page = await opened(context);
  await page.goto(site.url);
  await page.waitForSelector("h1");
});

const text = (selector) => page.textContent(selector);
const focused = () => page.evaluate(() => document.activeElement.textContent || document.activeElement.ariaLabel);

test("breaks no rule and no policy", { skip }, async () => {
  assert.deepEqual(await broken(page), []);
  assert.deepEqual(page.troubles, []);
});

test("makes only the lines in sight of ten thousand", { skip }, async () => {
  const list = page.locator(".virtual");
  await becomes(() => list.locator(".line").count(), (n) => n > 0 && n < 80, "lines that are made");
  await list.focus();
  await page.keyboard.press("End");
  await page.waitForSelector(".line.at:has-text('line 9999')");
  await becomes(() => list.locator(".line").count(), (n) => n > 0 && n < 80, "lines that are made at the end");
  await becomes(() => page.getAttribute(".line.at", "aria-posinset"), "10000", "where the last line stands");
});

test("opens a line, and comes back to it", { skip }, async () => {
  await page.focus(".virtual");
  for (const key of ["j", "j", "j", "k", "Enter"]) await page.keyboard.press(key);
  await becomes(() => text("dialog h2"), "Line 1");
  await page.keyboard.press("Escape");
  await page.waitForSelector("dialog", { state: "detached" });
  await becomes(() => page.evaluate(() => document.activeElement.className.trim()), "virtual");
});

test("follows the end until somebody scrolls away from it", { skip }, async () => {
  const rest = () => page.$eval(".virtual", (v) => v.scrollHeight - v.scrollTop - v.clientHeight);
  await page.evaluate(() => follow(true));
  await page.waitForFunction(() => document.querySelector("#follow").value === "true");
  for (let i = 0; i < 3; ++i) await page.evaluate(() => grow(100));
  await page.waitForSelector(".line:has-text('line 10299')");
  await becomes(rest, (px) => px < 2, "what is below the lines in sight");
  await page.$eval(".virtual", (v) => (v.scrollTop -= 600));
  await page.waitForFunction(() => document.querySelector("#follow").value === "false");
  await page.evaluate(() => grow(100));
  await becomes(rest, (px) => px > 2000, "what is below, and grows");
});

test("chooses rows by click, from one to another, and by keys", { skip }, async () => {
  const boxes = page.locator("tbody input");
  await boxes.nth(1).click();
  await boxes.nth(3).click({ modifiers: ["Shift"] });
  await page.waitForFunction(() => document.querySelector("#selected").value === "job-1 job-2 job-3");
  await becomes(() => boxes.evaluateAll((all) => all.map((b) => b.checked)), [false, true, true, true, false, false]);
  await page.keyboard.press("k");
  await page.keyboard.press("x");
  await page.waitForFunction(() => document.querySelector("#selected").value === "job-1 job-3");
  await page.locator("thead input").click();
  await page.waitForFunction(() => document.querySelector("#selected").value.split(" ").length === 6);
  await page.focus("h1 ~ .table");
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  await becomes(() => new URL(page.url()).hash, "#/jobs/job-0");
});

test("asks for the name before what cannot be taken back", { skip }, async () => {
  await page.click("text=Drain");
  await becomes(() => page.isDisabled("dialog footer button:last-child"), true);
  await page.keyboard.type("mai");
  await page.keyboard.press("Enter");
  assert.deepEqual(site.acts, []);
  await page.keyboard.type("l");
  await page.keyboard.press("Enter");
  await page.waitForSelector(".toast.good:has-text('Drained.')");
  assert.deepEqual(site.acts, ["DELETE /api/queue"]);
  await becomes(() => text(".toast"), /infra queue drain mail/);
  await becomes(focused, "Drain");
});

test("shows eight kilobytes of a long payload until it is asked for all", { skip }, async () => {
  const length = async () => (await text(".json pre")).length;
  await becomes(length, 8192);
  await page.click("text=Show all 20 KiB");
  await becomes(length, 20_000);
});

test("begins a term by its hint, and tells what was typed a moment later", { skip }, async () => {
  await page.click("text=error:");
  await page.keyboard.type("timeout");
  await page.waitForFunction(() => document.querySelector("#typed").value === "error:timeout");
});
