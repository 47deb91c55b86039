// The log: what is said appears, what is looked for is found, and levels change for a while.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { becomes, Browser, goTo, look, Service, settled, skip } from "./support.mjs";

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

const root = () => new URL(service.url).origin;
const say = (text) => fetch(`${root()}/seed/say?text=${encodeURIComponent(text)}`).then((r) => r.text());
const lines = () => page.$$eval(".logline", (all) => all.map((l) => l.textContent));
const line = (text) => page.locator(".logline", { hasText: text });

test("shows what is said while somebody looks, once", { skip }, async () => {
  await goTo(page, "logs");
  await page.locator(".logline").first().waitFor();
  await page.waitForSelector(".link.open");
  await say("the kettle boils");
  await line("the kettle boils").waitFor();
  assert.equal(await line("the kettle boils").count(), 1);
});

test("finds by words, module, field and level", { skip }, async () => {
  for (const [typed, expected, not] of [
    ["was not sent", "was not sent", "connection checked"],
    ["module:db", "slow", "order taken"],
    ["order:7", "order taken", "was not sent"],
  ]) {
    await goTo(page, "logs");
    await look(page, typed);
    await becomes(lines, (all) => all.some((l) => l.includes(expected)) && !all.some((l) => l.includes(not)), `lines found by ${typed}`);
  }
  await goTo(page, "logs?level=error");
  await line("was not sent").first().waitFor();
  await becomes(lines, (all) => all.every((l) => l.includes("error")), "lines of level error");
});

test("groups errors that differ in ids, and leads to their lines", { skip }, async () => {
  await goTo(page, "logs");
  const row = page.getByRole("row", { name: /was not sent/ });
  await becomes(() => row.allTextContents(), (all) => all.length === 1 && all[0].includes("4"), "one kind of error, four times");
  await row.getByRole("link").first().click();
  await page.waitForFunction(() => location.hash.includes("level=error"));
  await line("was not sent").first().waitFor();
});

test("opens a line with its fields, what was around it and its trace", { skip }, async () => {
  await goTo(page, "logs?q=order:7");
  await line("order taken").first().click();
  const drawer = page.getByRole("dialog");
  await drawer.getByText("customer").waitFor();
  await drawer.getByRole("button", { name: "20 lines around it" }).click();
  await drawer.locator(".around [aria-current]").waitFor();
  await becomes(() => drawer.locator(".around li").count(), (n) => n > 5, "lines around it");
  await drawer.getByRole("link", { name: "Its trace" }).click();
  await page.waitForFunction(() => location.hash.startsWith("#/traces/"));
  await settled(page);
  await page.getByRole("treeitem", { name: /select stock/ }).waitFor();
});

test("shows a long line whole when it is asked for", { skip }, async () => {
  await goTo(page, "logs?q=statement:" + "&level=warn");
  await goTo(page, "logs?level=warn&q=slow");
  await line("slow").first().click();
  await page.getByRole("dialog").getByText("xxxxxxxx").first().waitFor();
  await page.waitForFunction(() => (document.querySelector("dialog .json")?.textContent?.length ?? 0) > 0);
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
});

test("changes a level for a while, which is written down", { skip }, async () => {
  const quiet = () => fetch(`${root()}/seed/debug`);
  await quiet();
  await goTo(page, "logs");
  assert.equal(await line("said quietly").count(), 0);
  await page.getByRole("button", { name: "Levels" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel(/Module/).fill("seed");
  await dialog.getByRole("button", { name: "Change", exact: true }).click();
  await dialog.getByRole("row", { name: /seed/ }).waitFor();
  await page.getByText("infra levels debug --module seed --for 10m").waitFor(); // the same for a terminal
  await page.keyboard.press("Escape");
  await quiet();
  await line("said quietly").waitFor();
  await page.getByRole("button", { name: "Levels" }).click();
  await page.getByRole("button", { name: "Undo all changes" }).click();
  await page.getByRole("dialog").getByText("Undo all changes").waitFor({ state: "detached" });
  await page.keyboard.press("Escape");
  const actions = () => page.evaluate(() => fetch("api/actions").then((r) => r.json())).then(({ items }) => items.map((a) => a.what));
  await becomes(actions, (all) => all.includes("change a log level"), "the record of actions");
});

test("gives what was found as a file", { skip }, async () => {
  await goTo(page, "logs?q=order:7");
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "Export" }).click()]);
  const { readFile } = await import("node:fs/promises");
  const text = await readFile(await download.path(), "utf8");
  const all = text.trim().split("\n").map((l) => JSON.parse(l));
  assert.equal(all.length, 1);
  assert.equal(all[0].order, 7);
  assert.equal(all[0].module, "shop");
});

test("goes through lines by keys alone", { skip }, async () => {
  await goTo(page, "logs?level=error");
  await line("was not sent").first().waitFor();
  await page.locator(".virtual.log").focus();
  await page.keyboard.press("Home");
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  await page.getByRole("dialog").waitFor();
  await page.keyboard.press("Escape");
  await becomes(() => page.evaluate(() => document.activeElement.classList.contains("virtual")), true, "the list has the focus again");
});
