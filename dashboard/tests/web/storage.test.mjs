// The pages of storage: what is uploaded is listed, seen, linked to and removed.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
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

const dialog = () => page.locator("dialog[open]");
const objects = () => page.getByRole("table", { name: "Objects" });

async function upload(name, text, key) {
  await page.getByRole("button", { name: "Upload …" }).click();
  await dialog().getByLabel(/^File/).setInputFiles({ name, mimeType: "text/plain", buffer: Buffer.from(text) });
  if (key) await dialog().getByLabel("Key", { exact: true }).fill(key);
  await dialog().getByRole("button", { name: "Upload", exact: true }).click();
}

test("goes down into folders and up again", { skip }, async () => {
  await goTo(page, "storage");
  await objects().getByRole("link", { name: "docs/" }).click();
  await objects().getByRole("link", { name: "0.txt" }).waitFor();
  await page.getByRole("link", { name: "All", exact: true }).click();
  await objects().getByRole("link", { name: "readme.txt" }).waitFor();
});

test("shows a picture", { skip }, async () => {
  await goTo(page, "storage/img%2Fdot.png");
  await page.waitForFunction(() => document.querySelector("img.preview")?.naturalWidth === 1);
});

test("stores a file, shows it, links to it and removes it", { skip }, async () => {
  await goTo(page, "storage?prefix=in%2F");
  await upload("notes.txt", "written in a browser");
  await page.getByText("in/notes.txt is stored.").waitFor();
  await objects().getByRole("link", { name: "notes.txt" }).click();
  await page.getByText("written in a browser").waitFor();
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "Download" }).click()]);
  assert.equal(await readFile(await download.path(), "utf8"), "written in a browser");
  await page.getByRole("button", { name: "Make a link" }).click();
  const link = await page.getByRole("link", { name: "Open it" }).getAttribute("href");
  assert.equal(await (await fetch(link)).text(), "written in a browser");
  await page.getByRole("button", { name: "Remove …" }).click();
  await dialog().getByRole("button", { name: "Remove", exact: true }).click();
  await page.getByText("It is removed.").waitFor();
  await becomes(async () => (await fetch(link)).status, 404, "the answer for what is removed");
});

test("replaces nothing unless it is told to", { skip }, async () => {
  await goTo(page, "storage");
  await upload("any.txt", "other", "readme.txt");
  await dialog().getByText("There is an object under this key already").waitFor();
  await dialog().getByLabel("Replace what is under this key").check();
  await dialog().getByRole("button", { name: "Upload", exact: true }).click();
  await page.getByText("readme.txt is stored.").waitFor();
});

test("shows uploads that nobody completed, and aborts none that is young", { skip }, async () => {
  await goTo(page, "storage?view=leftovers");
  await page.getByText("video.mp4").waitFor();
  await becomes(() => page.getByRole("button", { name: "Abort 0 …" }).isDisabled(), true, "none is old enough");
});

test("was in no trouble", { skip }, () => assert.deepEqual(page.troubles, []));
