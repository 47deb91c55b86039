// What is done on the pages of queues is done: asked of the service, not of the page.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { Browser, goTo, Service, settled, skip } from "./support.mjs";

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
const press = (name) => page.getByRole("button", { name, exact: true }).first().click();
const confirm = (name) => page.locator("dialog[open]").getByRole("button", { name, exact: true }).click();

// Until the service says so.
async function until(path, holds) {
  for (let n = 0; n < 100; ++n) {
    const answer = await ask(path);
    if (holds(answer)) return answer;
    await page.waitForTimeout(50);
  }
  assert.fail(`${path} never came to be as it should: ${JSON.stringify(await ask(path)).slice(0, 500)}`);
}
const first = async (queue, query) => (await ask(`queues/${queue}/jobs?${query}`)).items[0];

test("lists queues, and says which have no workers", { skip }, async () => {
  await goTo(page, "queues");
  const rows = await page.locator("table tbody tr").allTextContents();
  assert.ok(rows.some((r) => r.includes("mail")));
  assert.ok(rows.some((r) => r.includes("exports") && r.includes("No workers")), rows.join("\n"));
});

test("every number leads to the jobs behind it", { skip }, async () => {
  await goTo(page, "queues");
  await page.locator("tr", { hasText: "exports" }).getByRole("link", { name: "3", exact: true }).click();
  await page.waitForFunction(() => location.hash === "#/queues/exports?state=waiting");
  await settled(page);
  await page.waitForFunction(() => document.querySelectorAll("table tbody tr").length === 3);
});

test("pauses a queue and lets it go on", { skip }, async () => {
  await goTo(page, "queues/photos");
  await press("Pause photos");
  await until("queues/photos", (q) => q.paused);
  await press("Resume photos");
  await until("queues/photos", (q) => !q.paused);
});

test("looks for jobs by name, payload and error", { skip }, async () => {
  await goTo(page, "queues/mail");
  const box = page.getByRole("searchbox", { name: "Search jobs of mail" });
  await box.fill("8805");
  await page.waitForFunction(() => document.querySelectorAll("main table tbody tr").length === 1);
  await box.fill('error:"no answer" name:send-invoice');
  await page.waitForFunction(() => document.querySelectorAll("main table tbody tr").length === 12);
  await box.fill("name:nobody");
  await page.getByText("No job fits.").waitFor();
});

test("puts equal errors together and retries all of them", { skip }, async () => {
  await goTo(page, "queues/mail?state=failed");
  const row = page.locator("section", { hasText: "Equal errors" }).locator("tbody tr");
  assert.equal(await row.count(), 1, "twelve jobs failed alike");
  assert.match(await row.textContent(), /no answer of # within # ms.*12/);
  const before = await first("mail", "q=8805");
  await row.getByRole("button", { name: /^Retry 12 jobs/ }).click();
  assert.match(await page.locator("dialog[open]").textContent(), /Retry 12 jobs/);
  await confirm("Retry");
  await page.getByText("12 jobs wait again.").waitFor();
  // They run again, and fail again later than before.
  await until(`queues/mail/jobs/${before.id}`, (j) => j.state === "failed" && j.finished_at > before.finished_at);
});

test("retries a failed job from its page", { skip }, async () => {
  const job = await first("mail", "state=failed");
  await goTo(page, `queues/mail/${job.id}`);
  assert.match(await page.textContent("main"), /TimeoutError/);
  await press("Retry");
  await page.getByText(`Job ${job.id} waits again.`).waitFor();
  await until(`queues/mail/jobs/${job.id}`, (j) => j.state === "failed" && j.finished_at > job.finished_at);
});

test("promotes a delayed job, which then runs", { skip }, async () => {
  const job = await first("mail", "state=delayed&q=8813");
  await goTo(page, `queues/mail/${job.id}`);
  await press("Promote");
  await until(`queues/mail/jobs/${job.id}`, (j) => j.state === "completed");
  await page.locator("main .badge", { hasText: "Completed" }).first().waitFor(); // the page heals by itself
});

test("cancels a delayed job and removes it", { skip }, async () => {
  const job = await first("mail", "state=delayed");
  await goTo(page, `queues/mail/${job.id}`);
  await press("Cancel");
  await confirm("Cancel it");
  await until(`queues/mail/jobs/${job.id}`, (j) => j.state === "failed" && j.failed_reason === "cancelled");
  await page.getByRole("button", { name: "Remove", exact: true }).click();
  await confirm("Remove");
  await until(`queues/mail/jobs?q=&state=failed&limit=200`, (all) => all.items.every((j) => j.id !== job.id));
  await page.waitForFunction(() => location.hash === "#/queues/mail");
});

test("removes what was chosen with the keyboard", { skip }, async () => {
  await goTo(page, "queues/exports?state=waiting");
  await page.waitForSelector("main table tbody tr");
  await page.locator("main .table[aria-label='Jobs of exports']").focus();
  for (const key of ["j", "x", "j", "x"]) await page.keyboard.press(key);
  await page.getByText("2 selected").waitFor();
  await page.locator(".chosen").getByRole("button", { name: "Remove" }).click();
  await confirm("Remove");
  await until("queues/exports", (q) => q.waiting === 1);
});

test("drains only when the name is typed", { skip }, async () => {
  await goTo(page, "queues/exports");
  await press("Drain …");
  const yes = page.locator("dialog[open]").getByRole("button", { name: "Drain", exact: true });
  assert.ok(await yes.isDisabled());
  await page.locator("dialog[open] input").fill("exports");
  await yes.click();
  await until("queues/exports", (q) => q.waiting === 0);
});

test("adds a job like another with other data", { skip }, async () => {
  const job = await first("mail", "state=failed");
  await goTo(page, `queues/mail/${job.id}`);
  await press("Edit as a new job …");
  await page.locator("dialog[open] textarea").fill('{"order": 9001, "mended": true}');
  await confirm("Add");
  await page.waitForFunction((old) => location.hash.startsWith("#/queues/mail/") && !location.hash.endsWith(`/${old}`), job.id);
  const made = await first("mail", "q=9001");
  await until(`queues/mail/jobs/${made.id}`, (j) => j.state === "completed");
});

test("runs a schedule now and pauses it", { skip }, async () => {
  await until("cron", (all) => all.items.some((s) => s.name === "nightly-report" && s.stored));
  await goTo(page, "queues?view=cron");
  await page.locator("tr", { hasText: "nightly-report" }).locator("summary").click();
  assert.equal(await page.locator("tr", { hasText: "nightly-report" }).locator("details[open] tbody tr").count(), 5);
  await press("Run nightly-report now");
  await until("queues/nightly-report/jobs?state=completed", (all) => all.items.length === 1);
  await press("Pause nightly-report");
  await until("cron", (all) => all.items.find((s) => s.name === "nightly-report").paused);
});

test("changes limits", { skip }, async () => {
  await goTo(page, "queues/photos");
  await press("Limits …");
  await page.getByLabel("Jobs that run at once").fill("4");
  await confirm("Save");
  await until("queues/photos", (q) => q.settings.concurrency === 4);
});

test("nothing went wrong on the way", { skip }, () => assert.deepEqual(page.troubles, []));
