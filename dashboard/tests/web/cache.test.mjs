// The pages of the cache: a key is found, its secrets are not, and what is removed is gone.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { becomes, Browser, goTo, Service, skip } from "./support.mjs";

let browser;
let service;
let page;
before(async () => {
  if (skip) return;
  [browser, service] = await Promise.all([Browser.start(), Service.start()]);
  page = await browser.logIn(service);
});
after(() => Promise.all([browser?.end(), service?.end()]));

const statusOf = (path) => page.evaluate((p) => fetch(`api/${p}`).then((r) => r.status), path);
const keys = () => page.evaluate(() => fetch("api/cache/keys").then((r) => r.json())).then(({ items }) => items.map((k) => k.key));
const dialog = () => page.locator("dialog[open]");

test("shows hits by namespace", { skip }, async () => {
  await goTo(page, "cache");
  await page.getByRole("table", { name: "Namespaces" }).getByText("prices").waitFor();
});

test("shows a value and hides what is secret in it", { skip }, async () => {
  await goTo(page, "cache/user%3A0");
  const text = await becomes(() => page.textContent("main"), (all) => all.includes("Ann") && all.includes("[masked]"), "the value");
  assert.doesNotMatch(text, /hunter2/);
  await goTo(page, "cache/nobody");
  await page.getByText("There is nothing under this key").waitFor();
});

test("removes a key", { skip }, async () => {
  await goTo(page, "cache/user%3A0");
  await page.getByRole("button", { name: "Remove …" }).click();
  await dialog().getByRole("button", { name: "Remove", exact: true }).click();
  await page.getByText("It is removed").waitFor();
  await becomes(() => statusOf("cache/keys/user%3A0"), 404, "the answer for what is removed");
});

test("removes all that begins so once its name is typed", { skip }, async () => {
  assert.ok((await keys()).includes("user:1"));
  await goTo(page, "cache?prefix=user%3A");
  await page.getByRole("button", { name: "Remove all of them …" }).click();
  const yes = dialog().getByRole("button", { name: "Remove all", exact: true });
  await becomes(() => yes.isDisabled(), true, "nothing is removed before the name is there");
  await dialog().getByRole("textbox").fill("user:");
  await yes.click();
  await page.getByText("2 removed.").waitFor();
  assert.deepEqual((await keys()).filter((k) => k.startsWith("user:")), []);
});

test("flushes once its name is typed", { skip }, async () => {
  assert.notDeepEqual(await keys(), []);
  await goTo(page, "cache");
  await page.getByRole("button", { name: "Flush …" }).click();
  await dialog().getByRole("textbox").fill("everything");
  await dialog().getByRole("button", { name: "Flush", exact: true }).click();
  await page.getByText("Everything is void").waitFor();
  assert.deepEqual(await keys(), []);
});

test("was in no trouble", { skip }, () => assert.deepEqual(page.troubles.filter((t) => !/404/.test(t)), []));
