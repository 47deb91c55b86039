// The page of the starter in a real browser. With PICTURES=FOLDER it leaves there how it looks.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { Browser, firstLine, noBrowser } from "../../../realtime/tests/client/service.mjs";

const skip = noBrowser || false;
const { PATH, PICTURES, STARTER } = process.env;
let browser, ended, folder, starter, url;

before(async () => {
  if (skip) return;
  folder = mkdtempSync(join(tmpdir(), "infra-starter-page-"));
  starter = spawn(STARTER, { cwd: folder, env: { PATH, PORT: "0" }, stdio: ["ignore", "pipe", "ignore"] });
  ended = new Promise((resolve) => starter.once("exit", resolve));
  [browser, url] = await Promise.all([Browser.start(), firstLine(starter.stdout, /"message":"listening".*"url":"([^"]+)"/)]);
  starter.stdout.resume();
});
after(async () => {
  if (skip) return;
  starter.kill("SIGTERM");
  await Promise.all([browser.end(), ended]);
  rmSync(folder, { recursive: true });
});

const opened = async () => {
  const page = await browser.open(url);
  await page.until(() => document.querySelector("#state").value === "open");
  return page;
};
const names = (page) => page.run(() => [...document.querySelectorAll("#list span")].map((each) => each.textContent));
const signUp = (name) => fetch(url + "/signup", { method: "POST", body: JSON.stringify({ name, email: "a@example.com" }) });

test("sign-ups appear on every open page as they happen, and after a reload", { skip }, async () => {
  const [one, other] = [await opened(), await opened()];
  await one.run(() => {
    const [name, email] = document.querySelectorAll("input");
    [name.value, email.value] = ["Ada Lovelace", "ada@example.com"];
    document.querySelector("form").requestSubmit();
  });
  for (const page of [one, other]) await page.until(() => document.querySelector("#list span")?.textContent === "Ada Lovelace");
  await one.until(() => document.querySelector("#said").value.startsWith("Welcome!"));
  const evil = '<img src=x onerror="document.title=1">';
  await signUp(evil);
  await other.until(() => document.querySelectorAll("#list li").length === 2);
  assert.deepEqual(await names(other), [evil, "Ada Lovelace"], "the newest first, as text");
  for (const name of ["Grace Hopper", "Edsger Dijkstra", "Barbara Liskov"]) await signUp(name);
  const late = await opened();
  await late.until(() => document.querySelectorAll("#list li").length === 5);
  assert.deepEqual(await names(late), ["Barbara Liskov", "Edsger Dijkstra", "Grace Hopper", evil, "Ada Lovelace"]);
  assert.equal(await late.run(() => getComputedStyle(document.querySelector("#none")).display), "none");
  assert.notEqual(await late.run(() => document.title), "1");
  if (PICTURES) {
    writeFileSync(join(PICTURES, "page.png"), await late.picture(900, 640));
    await late.ask("Emulation.setEmulatedMedia", { features: [{ name: "prefers-color-scheme", value: "dark" }] });
    writeFileSync(join(PICTURES, "page-dark-narrow.png"), await late.picture(390, 640));
  }
});

test("says what is wrong with a sign-up", { skip }, async () => {
  const page = await opened();
  await page.run(() => {
    const [name, email] = document.querySelectorAll("input");
    [name.value, email.value] = ["B", "b@localhost.-"];
    email.type = "text";
    document.querySelector("form").requestSubmit();
  });
  await page.until(() => document.querySelector("#said").value.includes("/email"));
});

test("shows that the service has gone", { skip }, async () => {
  const page = await opened();
  await page.until(() => document.querySelector("#list li"));
  starter.kill("SIGTERM");
  await page.until(() => document.querySelector("#state").dataset.state !== "open");
  assert.equal((await names(page)).length > 0, true, "and keeps what it has");
});
