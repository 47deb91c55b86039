// The pages of storage: what is uploaded is listed, seen, linked to and removed.

import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:net";
import { after, before, test } from "node:test";

import { Browser, goTo, Service, skip } from "./support.mjs";

let browser;
let service;
let page;
before(async () => {
  if (skip) return;
  // Links lead to the port that the service was told, so it has to be told one.
  [browser, service] = await Promise.all([Browser.start(), Service.start(["--port", String(await freePort())])]);
  page = await browser.logIn(service);
});
after(() => Promise.all([browser?.end(), service?.end()]));

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  await new Promise((done) => server.close(done));
  return port;
}

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
  assert.equal((await fetch(link)).status, 404);
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
  assert.equal(await page.getByRole("button", { name: "Abort 0 …" }).isDisabled(), true);
});

test("was in no trouble", { skip }, () => assert.deepEqual(page.troubles, []));
