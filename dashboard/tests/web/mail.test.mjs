// The pages of mail: what a mail looks like, and what it cannot do.

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

const ask = (path) => page.evaluate((p) => fetch(`api/${p}`).then((r) => r.json()), path);
const invoice = async () => (await ask("mail/outbox")).items.find((m) => m.template === "invoice");

test("lists the outbox without whole addresses", { skip }, async () => {
  await goTo(page, "mail");
  const text = await becomes(() => page.textContent("main table"), /a\*\*\*@example\.org/, "the outbox");
  assert.doesNotMatch(text, /ann@example\.org/);
});

test("shows a mail in a frame without scripts and at the width of a phone", { skip }, async () => {
  const { id } = await invoice();
  await goTo(page, `mail/${id}`);
  const frame = page.locator("iframe.mail");
  await becomes(() => frame.getAttribute("sandbox"), "", "what the frame may");
  await page.frameLocator("iframe.mail").getByText("Invoice").first().waitFor();
  await page.getByText("Phone", { exact: true }).click();
  await becomes(() => frame.boundingBox(), (box) => box?.width > 300 && box.width <= 392, "the frame's size");
});

test("shows text, headers, source and attachments", { skip }, async () => {
  const { id } = await invoice();
  for (const [part, words] of [["text", /For Ann/], ["headers", /autumn/], ["source", /Subject: Your invoice/], ["attachments", /invoice\.txt/]]) {
    await goTo(page, `mail/${id}?part=${part}`);
    await becomes(() => page.textContent("main"), words, `the mail's ${part}`);
  }
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "Download invoice.txt" }).click()]);
  assert.equal(download.suggestedFilename(), "invoice.txt");
});

test("sends a mail again", { skip }, async () => {
  const { id } = await invoice();
  const stored = async () => (await ask("mail/outbox")).items.length;
  const before = await stored();
  await goTo(page, `mail/${id}`);
  await page.getByRole("button", { name: "Send again …" }).click();
  await page.locator("dialog[open]").getByRole("button", { name: "Send", exact: true }).click();
  await page.getByText("It is sent again").waitFor();
  await becomes(stored, before + 1, "mails in the outbox");
});

test("tells what was not sent, and why", { skip }, async () => {
  await goTo(page, "mail?view=sent&state=failed");
  const rows = () => page.locator("main table tbody tr").allTextContents();
  await becomes(rows, (all) => all.length === 1 && /Failed.*c\*\*\*@example\.org/.test(all[0]), "mails that failed");
});

test("shows a template with its sample, what is missing, and with other data", { skip }, async () => {
  await goTo(page, "mail?view=templates&name=invoice");
  await page.getByText("Not all places have a value").waitFor();
  await goTo(page, "mail?view=templates&name=welcome");
  await page.frameLocator("iframe.mail").getByText("Ann").first().waitFor();
  await page.getByRole("textbox", { name: /welcome\.json/ }).fill('{"name": "<b>Bea</b>"}');
  await page.getByRole("button", { name: "Try", exact: true }).click();
  await page.frameLocator("iframe.mail").getByText("<b>Bea</b>").first().waitFor();
  await becomes(() => page.textContent("main"), /Welcome, <b>Bea<\/b>/, "the template's text");
});

test("nothing went wrong on the way", { skip }, () => assert.deepEqual(page.troubles, []));
