// node look.mjs LOGIN measure ROUNDS    {"screens":[{"name","ms":[…]}…],"bytes","again"}: how long until each can be used
// node look.mjs URL first ROUNDS WORD   {"ms":[…]}: of another page, until it shows that word
// node look.mjs LOGIN watch             says {} once the page is open, and looks at it until it is ended
//
// LOGIN is the link that is good once, or what `again` said: a page and the cookies for it.

import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { chromium } from 'playwright-core';

const [login, how, rounds, word] = process.argv.slice(2);
const executablePath = process.env.PATH.split(':').map((folder) => join(folder, 'chromium')).find(existsSync);
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'] });

// Shown with what it is about, and every handler in its place: Preact puts both there in one go.
const whenUsable = () => {
    const usable = () => document.querySelector('main h1') && !document.querySelector('main .skeleton') && document.querySelector('main')?.innerText.length > 40;
    const look = () => {
        if (window.usableAt === undefined && usable()) window.usableAt = performance.now();
    };
    new MutationObserver(look).observe(document, { childList: true, subtree: true, attributes: true });
};

async function contextFor(url) {
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
    await context.addInitScript(whenUsable);
    if (!url.startsWith('{')) return { context, url };
    const again = JSON.parse(url);
    await context.addCookies(again.cookies);
    return { context, url: again.url };
}

const usable = async (page) => (await page.waitForFunction(() => window.usableAt, undefined, { timeout: 30_000 })).jsonValue();

// Nothing is fetched from elsewhere: a font that does not come would count against whoever wants it.
async function first() {
    const ms = [];
    for (let i = 0; i < Number(rounds); ++i) {
        const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
        await context.route((url) => url.hostname !== '127.0.0.1', (route) => route.abort());
        await context.addInitScript((wanted) => {
            const look = () => {
                if (window.usableAt === undefined && document.body?.innerText.includes(wanted)) window.usableAt = performance.now();
            };
            new MutationObserver(look).observe(document, { childList: true, subtree: true, attributes: true });
        }, word);
        const page = await context.newPage();
        await page.goto(login);
        ms.push(await usable(page));
        await context.close();
    }
    console.log(JSON.stringify({ ms }));
    await browser.close();
}

// Each time as somebody comes who has never been here.
async function firstScreen(again) {
    const { context, url } = await contextFor(again);
    const page = await context.newPage();
    await page.goto(url);
    const ms = await usable(page);
    const bytes = await page.evaluate(() => [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')].reduce((sum, e) => sum + e.transferSize, 0));
    await context.close();
    return { ms, bytes };
}

async function pageAt(page, name) {
    await page.evaluate((hash) => {
        window.usableAt = undefined;
        window.wentAt = performance.now();
        location.hash = hash;
    }, `#/${name}`);
    const at = await usable(page);
    return at - (await page.evaluate(() => window.wentAt));
}

async function measure() {
    const { context, url } = await contextFor(login);
    const page = await context.newPage();
    await page.goto(url);
    await usable(page);
    const again = JSON.stringify({ url: page.url().replace(/#.*/, ''), cookies: await context.cookies() });
    const first = [];
    for (let i = 0; i < Number(rounds); ++i) first.push(await firstScreen(again));
    const screens = [{ name: 'first_screen', ms: first.map((f) => f.ms) }];
    for (const name of ['queues', 'queues/backlog?state=waiting', 'metrics', 'logs', 'traces']) {
        const ms = [];
        for (let i = 0; i < Number(rounds); ++i) {
            await pageAt(page, 'settings');
            ms.push(await pageAt(page, name));
        }
        screens.push({ name: `page.${name.replace(/[/?].*/, (rest) => (rest ? '.jobs' : ''))}`, ms });
    }
    console.log(JSON.stringify({ screens, bytes: first[0].bytes, again }));
    await browser.close();
}

async function watch() {
    const { context, url } = await contextFor(login);
    const page = await context.newPage();
    await page.goto(url);
    await usable(page);
    console.log('{}');
}

await { watch, measure, first }[how]();
