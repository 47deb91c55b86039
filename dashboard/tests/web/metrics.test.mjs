// Metrics: charts are drawn, read by keys, looked at as tables, pinned and taken home.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
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
after(async () => {
  assert.deepEqual(page?.troubles ?? [], []);
  await Promise.all([browser?.end(), service?.end()]);
});

test("finds a metric and leads to it", { skip }, async () => {
  await goTo(page, "metrics");
  await page.getByRole("row", { name: /http_server_requests_total/ }).waitFor();
  await page.fill("[data-filter]", "purchases");
  await page.getByRole("link", { name: "purchases_total" }).waitFor();
  await becomes(() => page.locator("main tbody tr").count(), 1, "metrics that are called so");
  await page.getByRole("link", { name: "purchases_total" }).click();
  await page.getByRole("heading", { name: "purchases_total" }).waitFor();
  await page.locator(".plot canvas").waitFor();
});

test("draws a chart that keys can read", { skip }, async () => {
  await goTo(page, "metrics/stock_query_seconds?show=quantiles");
  const slider = page.getByRole("slider");
  await slider.waitFor();
  await becomes(() => page.locator(".plot canvas").boundingBox(), (size) => size?.width > 200 && size.height > 100, "the drawing's size");
  await slider.focus();
  const read = () => slider.getAttribute("aria-valuetext");
  const before = await becomes(read, /median/, "what is read of the last point");
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("ArrowLeft");
  await becomes(read, (text) => text !== before, "what is read of another point");
});

test("draws the first point after a start, and says since when there are figures", { skip }, async () => {
  const end = Date.UTC(2026, 0, 1, 12);
  const times = Array.from({ length: 90 }, (_, i) => end - (89 - i) * 10_000);
  await page.route("**/api/metrics/data*", async (route) => {
    const answer = await (await route.fetch()).json();
    await route.fulfill({ json: { ...answer, times, lines: [{ labels: {}, values: times.map((at) => (at === end ? 7 : null)) }], more: 0 } });
  });
  await goTo(page, "metrics/process_open_fds");
  const coloured = () =>
    page.evaluate(() => {
      const canvas = document.querySelector(".plot canvas");
      const [r, g, b] = getComputedStyle(document.querySelector(".plot .swatch")).color.match(/\d+/g).map(Number);
      const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      let found = 0;
      for (let i = 0; i < data.length; i += 4) found += data[i] === r && data[i + 1] === g && data[i + 2] === b && data[i + 3] === 255;
      return found;
    });
  await becomes(coloured, (pixels) => pixels > 0, "pixels of the line's colour");
  await becomes(() => page.locator(".chart .since").textContent(), /^since \d\d:\d\d:\d\d$/, "since when");
  await page.unroute("**/api/metrics/data*");
});

test("shows the same as a table", { skip }, async () => {
  await goTo(page, "metrics/process_resident_memory_bytes");
  await page.getByRole("button", { name: "Table" }).click();
  await page.locator(".chart td.numeric", { hasText: /MiB|GiB/ }).first().waitFor();
});

test("makes a line for each value of a label, and none but those asked for", { skip }, async () => {
  await goTo(page, "metrics/log_lines_total");
  await page.getByLabel("A line for each").selectOption("level");
  await page.locator(".legend li", { hasText: "error" }).waitFor();
  await page.getByLabel("Only level").selectOption("error");
  await becomes(() => page.locator(".legend .swatch").count(), 1, "lines of that level alone");
});

test("keeps what is pinned at the top", { skip }, async () => {
  await goTo(page, "metrics/purchases_total");
  await page.getByRole("button", { name: "Pin", exact: true }).click();
  await goTo(page, "metrics");
  await page.getByRole("button", { name: "Unpin purchases_total" }).waitFor();
  await page.reload();
  await page.waitForSelector("main h1");
  await settled(page);
  await becomes(() => page.locator(".columns section").first().textContent(), /purchases_total/, "what is at the top");
  await page.getByRole("button", { name: "Unpin purchases_total" }).click();
  await page.getByRole("button", { name: "Unpin purchases_total" }).waitFor({ state: "detached" });
});

test("leads from an example to its trace", { skip }, async () => {
  await goTo(page, "metrics/stock_query_seconds");
  const link = page.getByRole("table", { name: "Examples" }).getByRole("link").first();
  await link.waitFor();
  await link.click();
  await page.getByRole("treeitem", { name: /select stock/ }).waitFor();
});

test("gives the numbers as a table for others", { skip }, async () => {
  await goTo(page, "metrics/process_resident_memory_bytes");
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "Export CSV" }).click()]);
  const text = await readFile(await download.path(), "utf8");
  assert.match(text, /^time,"process_resident_memory_bytes value"\r\n/);
});
