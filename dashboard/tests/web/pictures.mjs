// node pictures.mjs [SERVICE]: takes the pictures of the README, docs/pictures/dashboard-{light,dark}.png, of the service with everything in it.

import { mkdirSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { Browser, goTo, Service, skip } from "./support.mjs";

if (skip) throw new Error(skip);
if (process.argv[2]) process.env.DASHBOARD_SERVICE = process.argv[2];

const folder = fileURLToPath(new URL("../../../docs/pictures/", import.meta.url));
const most = 150 * 1024;
mkdirSync(folder, { recursive: true });

const [browser, service] = await Promise.all([Browser.start(), Service.start(["--jobs", "1204"])]);

// As where it matters: the badge of production.
const inProduction = (page) =>
  page.route("**/api/session", async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, json: { ...(await response.json()), environment: "production" } });
  });

try {
  for (const theme of ["light", "dark"]) {
    const page = await browser.logIn(service, { width: 1280, height: 640, theme });
    await inProduction(page);
    do { // until the numbers have lines: a point each ten seconds
      await page.waitForTimeout(5000);
      await page.reload();
      await goTo(page, "overview");
      await page.waitForSelector(".link.open");
    } while (!(await page.evaluate(() => document.querySelector(".figures .spark path")?.getAttribute("d").match(/L/g)?.length > 4)));
    await page.evaluate(() => document.activeElement.blur());
    const path = `${folder}dashboard-${theme}.png`;
    await page.screenshot({ path });
    if (statSync(path).size > most) throw new Error(`${path} is larger than ${most} bytes`);
    await page.context().close();
  }
} finally {
  await Promise.all([browser.end(), service.end()]);
}
