// Everything that users can write holds scripts here (--hostile). All of it is text: none runs, and none becomes an element.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { below, Browser, goTo, pagesOf, Service, skip } from "./support.mjs";

let browser;
let service;
before(async () => {
  if (!skip) [browser, service] = await Promise.all([Browser.start(), Service.start(["--hostile"])]);
});
after(() => Promise.all([browser?.end(), service?.end()]));

// What the pages are made of never has these; only data could have brought them.
const strange = (page) =>
  page.evaluate(() => {
    const made = [...document.querySelectorAll("body script, iframe:not([sandbox]), object, embed, base ~ base, meta[http-equiv], marquee, form[action^='http'], a[href^='javascript' i], img[onerror], [src^='http']")];
    const handlers = [...document.querySelectorAll("body *")].filter((e) => [...e.attributes].some((a) => a.name.startsWith("on")));
    return [...made, ...handlers].map((e) => e.outerHTML.slice(0, 160));
  });

test("runs nothing of what users wrote, on no page and in no detail", { skip }, async () => {
  for (const width of [1440, 390]) {
    const page = await browser.logIn(service, { width });
    const seen = [];
    let shown = 0;
    for (const name of await pagesOf(page)) {
      await goTo(page, name);
      for (const place of [name, ...(await below(page, name, 6))]) {
        await goTo(page, place);
        await page.waitForTimeout(100); // what would run needs a moment to
        seen.push(...(await strange(page)).map((e) => `${place}: ${e}`));
        if (await page.evaluate(() => "pwned" in globalThis)) seen.push(`${place}: a script ran`);
        if (/<(script|img|svg|iframe)/i.test(await page.innerText("main"))) ++shown;
      }
    }
    assert.equal(seen.join("\n"), "");
    assert.deepEqual(page.troubles, []);
    assert.ok(shown >= 5, `hostile text is shown as text on ${shown} pages alone: what is it tested with?`);
    await page.context().close();
  }
});
