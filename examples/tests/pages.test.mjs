// The pages of the examples in a real browser.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { Browser, firstLine, noBrowser } from "../../realtime/tests/client/service.mjs";

const { CHAT, IMAGES, PATH } = process.env;
const skip = noBrowser || false;
let browser;
const [folders, services] = [[], []];

before(async () => (browser = skip || (await Browser.start())));
after(async () => {
  for (const service of services) service.kill("SIGKILL"); // what a failed test has left
  await Promise.all(services.map(({ ended }) => ended));
  if (!skip) await browser.end();
  for (const folder of folders) rmSync(folder, { recursive: true });
});

const freePort = () =>
  new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(String(port)));
    });
  });
const newFolder = () => folders[folders.push(mkdtempSync(join(tmpdir(), "infra-example-"))) - 1];

const start = async (program, cwd, port) => {
  const service = spawn(program, { cwd, env: { PATH, PORT: port }, stdio: ["ignore", "pipe", "ignore"] });
  services.push(service);
  service.ended = new Promise((resolve) => service.once("exit", resolve));
  service.url = await firstLine(service.stdout, /"message":"listening".*"url":"([^"]+)"/);
  service.stdout.resume();
  return service;
};
const stop = async (service) => {
  service.kill("SIGTERM");
  assert.equal(await service.ended, 0);
};
const say = (page, text) =>
  page.run((words) => {
    const form = document.querySelector("#form");
    form.text.value = words;
    form.requestSubmit();
  }, text);
const hears = (page, text) => page.until((words) => document.querySelector("#said").lastChild?.textContent.endsWith(words), text);

test("guests see each other, and come back by themselves when the service does", { skip }, async () => {
  const [folder, port] = [newFolder(), await freePort()];
  let chat = await start(CHAT, folder, port);
  const [one, other] = [await browser.open(chat.url), await browser.open(chat.url)];
  for (const page of [one, other]) await page.until(() => document.querySelector("#state").value === "open");
  await one.until(() => document.querySelector("#there").textContent.split(",").length === 2);
  const evil = '<img src=x onerror="document.title=1">';
  await say(one, evil);
  await hears(other, evil);
  await stop(chat);
  await other.until(() => document.querySelector("#state").value === "waiting");
  chat = await start(CHAT, folder, port);
  for (const page of [one, other]) await page.until(() => document.querySelector("#state").value === "open");
  await say(other, "back again");
  await hears(one, "back again");
  assert.equal(await other.run(() => document.title), "Chat", "what guests say is text");
  await stop(chat);
});

test("an image that is chosen appears", { skip }, async () => {
  const images = await start(IMAGES, newFolder(), "0");
  const page = await browser.open(images.url);
  await page.run(async () => {
    const canvas = Object.assign(document.createElement("canvas"), { width: 8, height: 8 });
    const drawn = await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
    const chosen = new DataTransfer();
    chosen.items.add(new File([drawn], "square.png", { type: "image/png" }));
    const input = document.querySelector("#file");
    input.files = chosen.files;
    input.dispatchEvent(new Event("change"));
  });
  await page.until(() => document.querySelector("#said").value === "It is there.");
  await page.until(() => document.querySelector("#images img")?.naturalWidth === 8);
  await stop(images);
});
