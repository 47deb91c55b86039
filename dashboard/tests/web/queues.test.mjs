// What is done on the pages of queues is done: asked of the service, not of the page.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { becomes, Browser, goTo, Service, settled, skip } from "./support.mjs";

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
// One that still does what it was pressed for before takes no other press.
const press = (name) => page.getByRole("button", { name, exact: true }).and(page.locator(":not([aria-busy=true])")).first().click();
const confirm = (name) => page.locator("dialog[open]").getByRole("button", { name, exact: true }).click();

// Until the service says so.
const until = (path, holds) => becomes(() => ask(path), holds, path);
const first = async (queue, query) => (await until(`queues/${queue}/jobs?${query}`, (all) => all.items.length > 0)).items[0];
const rows = () => page.locator("main table tbody tr").count();

test("lists queues, and says which have no workers", { skip }, async () => {
  await goTo(page, "queues");
  const list = () => page.locator("table tbody tr").allTextContents();
  await becomes(list, (all) => all.some((r) => r.includes("mail")) && all.some((r) => r.includes("exports") && r.includes("No workers")), "the list of queues");
});

test("every number leads to the jobs behind it", { skip }, async () => {
  await goTo(page, "queues");
  await page.locator("tr", { hasText: "exports" }).getByRole("link", { name: "3", exact: true }).click();
  await page.waitForFunction(() => location.hash === "#/queues/exports?state=waiting");
  await settled(page);
  await becomes(rows, 3, "waiting jobs of exports");
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
  await becomes(rows, 1, "jobs with 8805 in the payload");
  await box.fill('error:"no answer" name:send-invoice');
  await becomes(rows, 12, "jobs of that name and error");
  await box.fill("name:nobody");
  await page.getByText("No job fits.").waitFor();
});

test("puts equal errors together and retries all of them", { skip }, async () => {
  await goTo(page, "queues/mail?state=failed");
  const row = page.locator("section", { hasText: "Equal errors" }).locator("tbody tr");
  await becomes(async () => (await row.allTextContents()).join("\n"), /^[^\n]*no answer of # within # ms[^\n]*12[^\n]*$/, "the one kind of twelve failures");
  const before = await first("mail", "q=8805");
  await row.getByRole("button", { name: /^Retry 12 jobs/ }).click();
  assert.match(await page.locator("dialog[open]").textContent(), /Retry 12 jobs/);
  await confirm("Retry");
  await page.getByText("12 jobs wait again.").waitFor();
  // They run again, and fail again later than before.
  await until(`queues/mail/jobs/${before.id}`, (j) => j.state === "failed" && j.finished_at > before.finished_at);
});

test("retries a failed job from its page", { skip }, async () => {
  await until("queues/mail", (q) => q.failed === 12 && q.waiting + q.active === 0); // what was retried before is over
  const job = await first("mail", "state=failed");
  await goTo(page, `queues/mail/${job.id}`);
  await page.locator("main", { hasText: "TimeoutError" }).waitFor();
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
  await becomes(() => yes.isDisabled(), true, "nothing is drained before the name is there");
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
  await becomes(() => page.evaluate(() => location.hash), (hash) => hash.startsWith("#/queues/mail/") && !hash.endsWith(`/${job.id}`), "the new job's page");
  const made = await first("mail", "q=9001");
  await until(`queues/mail/jobs/${made.id}`, (j) => j.state === "completed");
});

test("runs a schedule now", { skip }, async () => {
  await until("cron", (all) => all.items.some((s) => s.name === "nightly-report" && s.stored));
  await goTo(page, "queues?view=cron");
  await page.locator("tr", { hasText: "nightly-report" }).locator("summary").click();
  await becomes(() => page.locator("tr", { hasText: "nightly-report" }).locator("details[open] tbody tr").count(), 5, "its next runs");
  await press("Run nightly-report now");
  await until("queues/nightly-report/jobs?state=completed", (all) => all.items.length >= 1); // its own may be due just now
});

test("pauses a schedule and has it run again", { skip }, async () => {
  const nightly = (holds) => until("cron", (all) => holds(all.items.find((s) => s.name === "nightly-report")));
  await nightly((s) => s?.stored);
  await goTo(page, "queues?view=cron");
  await press("Pause nightly-report");
  await nightly((s) => s.paused && s.next === null && !s.queue_paused);
  await until("queues/nightly-report", (q) => q.delayed === 0 && !q.paused); // its run is withdrawn
  await page.locator("tr", { hasText: "nightly-report" }).getByText("Paused").waitFor();
  await press("Resume nightly-report");
  await nightly((s) => !s.paused && s.next > Date.now());
  await until("queues/nightly-report", (q) => q.delayed === 1);
});

test("changes limits", { skip }, async () => {
  await goTo(page, "queues/photos");
  await press("Limits …");
  await page.getByLabel("Jobs that run at once").fill("4");
  await confirm("Save");
  await until("queues/photos", (q) => q.settings.concurrency === 4);
});

test("nothing went wrong on the way", { skip }, () => assert.deepEqual(page.troubles, []));
