// A service in a process of its own, and a browser; both end with the test.

import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const require = createRequire(new URL("../../../peers/realtime/package.json", import.meta.url));
const programs = process.env.PATH.split(":");
const find = (name) => programs.map((folder) => join(folder, name)).find(existsSync);

export let WebSocket;
export let missing = "";
try {
  WebSocket = require("ws");
} catch {
  missing = "ws is not installed (npm ci in peers/realtime; ./test does it)";
}
export const noBrowser = missing || (find("chromium") ? "" : "chromium is not installed (apt-get install chromium)");

export const firstLine = async (stream, pattern) => {
  for await (const line of createInterface({ input: stream })) {
    const found = line.match(pattern);
    if (found) return found[1];
  }
  throw new Error("a program has ended without saying that it is ready");
};

export class Service {
  static async start(port = 0) {
    const made = new Service();
    made.process = spawn(process.env.REALTIME_SERVICE, [port], { stdio: ["pipe", "pipe", "inherit"] });
    made.port = Number(await firstLine(made.process.stdout, /^(\d+)$/));
    made.url = `http://127.0.0.1:${made.port}`;
    return made;
  }
  // What an operator does.
  async post(path, body = {}) {
    const answer = await fetch(this.url + path, { method: "POST", body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer.status === 204 ? undefined : answer.json();
  }
  publish(channel, type, data) {
    return this.post("/infra/realtime/publish", { channel, type, data });
  }
  disconnect(user, code) {
    return this.post("/infra/realtime/disconnect", { user, code });
  }
  end(signal) {
    const ended = new Promise((resolve) => this.process.once("exit", resolve));
    signal ? this.process.kill(signal) : this.process.stdin.end();
    return ended;
  }
}

// Chromium, spoken to in its DevTools protocol.
export class Browser {
  static async start() {
    const made = new Browser();
    made.folder = mkdtempSync(join(tmpdir(), "infra-chromium-"));
    const words = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--remote-debugging-port=0"];
    made.process = spawn(find("chromium"), [...words, `--user-data-dir=${made.folder}`, "about:blank"], { stdio: ["ignore", "ignore", "pipe"] });
    const url = await firstLine(made.process.stderr, /^DevTools listening on (ws:.*)$/);
    made.process.stderr.resume();
    made.socket = new WebSocket(url, { perMessageDeflate: false });
    await new Promise((resolve, reject) => made.socket.once("open", resolve).once("error", reject));
    made.socket.on("message", (text) => made.#hear(JSON.parse(text)));
    return made;
  }
  #asked = new Map();
  #number = 0;
  events = [];

  #hear({ id, result, error, method, params, sessionId }) {
    if (method) this.events.push({ method, params, sessionId });
    const ask = this.#asked.get(id);
    this.#asked.delete(id);
    error ? ask?.reject(new Error(error.message)) : ask?.resolve(result);
  }
  ask(method, params, sessionId) {
    const id = ++this.#number;
    this.socket.send(JSON.stringify({ id, method, params, sessionId }));
    return new Promise((resolve, reject) => this.#asked.set(id, { resolve, reject }));
  }
  async open(url) {
    const { targetId } = await this.ask("Target.createTarget", { url: "about:blank" });
    const { sessionId } = await this.ask("Target.attachToTarget", { targetId, flatten: true });
    const page = new Page(this, sessionId);
    await page.ask("Network.enable");
    await page.ask("Page.enable");
    await page.ask("Page.navigate", { url });
    await page.until(() => document.readyState === "complete");
    return page;
  }
  async end() {
    const ended = new Promise((resolve) => this.process.once("exit", resolve));
    this.socket.send(JSON.stringify({ id: 0, method: "Browser.close" }));
    await ended;
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

class Page {
  constructor(browser, session) {
    Object.assign(this, { browser, session });
  }
  ask(method, params) {
    return this.browser.ask(method, params, this.session);
  }
  // What a function gives, or its promise, that is run in the page.
  async run(work, ...given) {
    const expression = `(${work})(...${JSON.stringify(given)})`;
    const { result, exceptionDetails } = await this.ask("Runtime.evaluate", { expression, awaitPromise: true, returnByValue: true });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  }
  async until(condition, ...given) {
    for (const end = Date.now() + 20_000; Date.now() < end; ) {
      const value = await this.run(condition, ...given).catch(() => false); // while it navigates there is nothing to ask
      if (value) return value;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    throw new Error(`never: ${condition}; ${JSON.stringify(await this.run(() => window.told))}`);
  }
  async picture(width, height) {
    await this.ask("Emulation.setDeviceMetricsOverride", { width, height, deviceScaleFactor: 2, mobile: false });
    const { data } = await this.ask("Page.captureScreenshot");
    return Buffer.from(data, "base64");
  }
  handshake() {
    const found = this.browser.events.findLast((e) => e.sessionId === this.session && e.method === "Network.webSocketHandshakeResponseReceived");
    return found.params.response.headers;
  }
}
