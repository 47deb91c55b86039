// Every page, on a phone and on a desk, in the light and in the dark: nothing beside the window, nothing on the console, nothing that keeps
// anybody out.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { becomes, below, broken, Browser, goTo, pagesOf, Service, skip } from "./support.mjs";

let browser;
let service;
before(async () => {
  if (!skip) [browser, service] = await Promise.all([Browser.start(), Service.start()]);
});
after(() => Promise.all([browser?.end(), service?.end()]));

// What stands out of the window at its right: the page would scroll sideways.
const outside = (page) =>
  page.evaluate(() => {
    if (document.documentElement.scrollWidth <= innerWidth) return [];
    const wide = [...document.querySelectorAll("main *")].filter((e) => e.getBoundingClientRect().right > innerWidth + 1);
    return [`${document.documentElement.scrollWidth} px wide`, ...wide.slice(0, 3).map((e) => e.outerHTML.slice(0, 120))];
  });

// Smaller than a finger: links within sentences may be.
const small = (page) =>
  page.$$eval("button, select, input:not([type=hidden])", (all) =>
    all
      .filter((e) => e.checkVisibility() && !e.closest(".unseen, .segmented"))
      .map((e) => [e.type === "checkbox" ? (e.closest("label, td, th") ?? e) : e, e.getBoundingClientRect()])
      .filter(([e, r]) => r.height < 23.5 && r.width && e.tagName !== "TD" && e.tagName !== "TH" && e.tagName !== "LABEL")
      .map(([e]) => e.outerHTML.slice(0, 100)),
  );

async function look(page, place) {
  await goTo(page, place);
  const found = { outside: await outside(page), small: await small(page), rules: await broken(page), troubles: page.troubles.splice(0) };
  return Object.entries(found).flatMap(([what, all]) => all.map((each) => `${place}: ${what}: ${each}`));
}

for (const width of [390, 1440])
  for (const theme of ["light", "dark"])
    test(`is in order at ${width} px in the ${theme}`, { skip }, async () => {
      const page = await browser.logIn(service, { width, theme });
      const found = [];
      for (const name of await pagesOf(page)) {
        found.push(...(await look(page, name)));
        for (const place of await below(page, name)) found.push(...(await look(page, place)));
      }
      assert.equal(found.join("\n"), "");
      await page.context().close();
    });

test("breaks no short name of a job, and cuts off no number's on a phone", { skip }, async () => {
  const page = await browser.logIn(service);
  await goTo(page, "queues/mail?state=failed");
  const lines = await page.$$eval("td.first:not(.fill) > a, td > .brief", (all) => all.map((e) => Math.round(e.clientHeight / parseFloat(getComputedStyle(e).lineHeight))));
  assert.ok(lines.length > 1);
  assert.deepEqual(lines.filter((n) => n !== 1), []);
  await page.setViewportSize({ width: 390, height: 844 });
  await goTo(page, "overview");
  assert.deepEqual(await page.$$eval(".figures .clip", (all) => all.filter((e) => e.scrollWidth > e.clientWidth).map((e) => e.textContent)), []);
  await page.context().close();
});

test("is as wide as the widest screen without a line across it", { skip }, async () => {
  const page = await browser.logIn(service, { width: 2560, height: 1440 });
  for (const name of await pagesOf(page)) {
    await goTo(page, name);
    assert.deepEqual(await outside(page), [], name);
    assert.ok(await page.evaluate(() => document.querySelector("main").getBoundingClientRect().width <= 1800), name);
  }
  await page.context().close();
});

test("keeps the theme somebody chose, against the system's", { skip }, async () => {
  const page = await browser.logIn(service, { theme: "light" });
  const background = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  const light = await background();
  await page.keyboard.press("t");
  const dark = await becomes(background, (colour) => colour !== light, "the background");
  await page.reload();
  await page.waitForSelector("main h1");
  await becomes(background, dark, "the background when it is loaded again");
  await page.context().close();
});
