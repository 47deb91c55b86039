// What the pages decide without a browser: words, addresses, filters, choices, lines of small charts.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { before, test } from "node:test";
import { fileURLToPath } from "node:url";

const made = process.env.DASHBOARD_WEB ?? ""; // where the pages are built, with esbuild and Preact
const skip = existsSync(join(made, "node_modules/esbuild")) ? false : "the pages are not built";
const src = fileURLToPath(new URL("../../web/src/", import.meta.url));

async function module(path) {
  const { build } = createRequire(join(made, "package.json"))("esbuild");
  const { outputFiles } = await build({ entryPoints: [join(src, path)], bundle: true, format: "esm", write: false, nodePaths: [join(made, "node_modules")] });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString("base64")}`);
}

let words, route, filter, choice, shape, overview, traces;
before(async () => {
  if (skip) return;
  globalThis.window = { addEventListener: () => {} };
  globalThis.location = { hash: "" };
  [words, route, filter, choice, shape, overview, traces] = await Promise.all(
    ["lib/words", "lib/route", "lib/filter", "lib/choice", "lib/shape", "lib/overview", "pages/traces/model"].map((name) => module(`${name}.ts`)),
  );
});

const table = (of, rows) => rows.forEach(([expected, ...given]) => assert.deepEqual(of(...given), expected, JSON.stringify(given)));

test("writes numbers as people read them, and a dash for what is not known", { skip }, () => {
  table((n) => words.count(n), [["–", null], ["–", undefined], ["0", 0], ["1\u202f204", 1204], ["1\u202f000\u202f000", 1e6]]);
  table((n) => words.bytes(n), [["–", null], ["0 B", 0], ["1023 B", 1023], ["1.0 KiB", 1024], ["64 KiB", 65536], ["1.5 MiB", 1.5 * 1048576]]);
  table((n) => words.percent(n), [["–", null], ["93 %", 0.932], ["99.9 %", 0.999], ["0.5 %", 0.005], ["100.0 %", 1]]);
});

test("writes spans in their two largest units", { skip }, () => {
  table(
    (ms) => words.span(ms),
    [["–", null], ["0.42 ms", 0.42], ["12 ms", 12], ["3.4 s", 3400], ["59 s", 59_000], ["2 m 10 s", 130_000], ["4 h 5 m", 14_700_000], ["3 d 2 h", 266_400_000]],
  );
  table(words.ago, [["–", null, 0], ["now", 1000, 1900], ["2 s ago", 1000, 3400], ["in 3 s", 5000, 2000], ["2 m 0 s ago", 0, 120_000]]);
});

test("takes addresses apart and puts them together again, whatever stands in them", { skip }, () => {
  table((hash) => route.placeOf(hash).path, [[[], ""], [[], "#/"], [["queues", "mail"], "#/queues/mail?state=failed"], [["cache", "a/b c"], "#/cache/a%2Fb%20c"], [["cache", "%zz"], "#/cache/%zz"]]);
  assert.equal(route.placeOf("#/queues?q=a%3Db&q2=%26").query.get("q"), "a=b");
  for (const name of ["a/b", "<img>", "ü ?#&", "%41"]) assert.deepEqual(route.placeOf(route.to(["queues", name], { q: name })).path, ["queues", name]);
  assert.equal(route.to(["logs"], { q: "", level: undefined }), "#/logs");
});

test("reads terms and words out of what is typed into a filter", { skip }, () => {
  table(
    (typed) => filter.filtered(typed, ["name", "error"]),
    [
      [{ text: "", terms: {} }, "  "],
      [{ text: "8812", terms: { name: "send-invoice" } }, "name:send-invoice 8812"],
      [{ text: "now", terms: { error: 'timed "out" here' } }, 'error:"timed \\"out\\" here" now'],
      [{ text: "http://x foo:bar", terms: {} }, "http://x foo:bar"],
      [{ text: "two words", terms: {} }, '"two words"'],
    ],
  );
  for (const value of ["plain", "two words", 'a "quoted" \\ one'])
    assert.equal(filter.filtered(filter.term("name", value), ["name"]).terms.name, value);
  table(filter.begun, [["name:", "", "name"], ["a name:", "a ", "name"], ["name:x", "name:x", "name"]]);
});

test("chooses rows one by one and from one to another", { skip }, () => {
  const keys = ["a", "b", "c", "d"];
  assert.deepEqual([...choice.toggled(new Set(["a"]), "a")], []);
  assert.deepEqual([...choice.ranged(keys, "d", "b", new Set(["a"]))], ["a", "b", "c", "d"]);
  assert.deepEqual([...choice.ranged(keys, "gone", "b", new Set())], ["b"]);
  table(choice.step, [[0, "j", -1, 4], [3, "j", 3, 4], [0, "k", 0, 4], [3, "End", 1, 4], [undefined, "q", 1, 4], [2, "PageDown", 0, 4, 2]]);
});

test("draws gaps where nothing is known", { skip }, () => {
  assert.deepEqual(shape.shapeOf([0, null, 10]).line, "M0.0 23.0M100.0 1.0");
  assert.equal(shape.shapeOf([0, null, 10]).dots, "M0.0 23.0h0M100.0 1.0h0", "no line leads to these");
  assert.equal(shape.shapeOf([7]).dots, "M100.0 1.0h0", "the first figure of all");
  assert.equal(shape.shapeOf([null, 1, 2]).dots, "");
  assert.equal(shape.shapeOf([1, 2], 50).limit, undefined);
  assert.equal(shape.shapeOf([0, 10], 5).limit, 12);
});

test("writes the overview's numbers with their unit apart", { skip }, () => {
  table(overview.written, [[["–", ""], null, "s"], [["2 m 10 s", ""], 130, "s"], [["3.4", "s"], 3.4, "s"], [["93", "%"], 0.932, "ratio"], [["3.2", "/ min"], 3.2, "per_minute"], [["1\u202f204", ""], 1204, ""]]);
});

test("joins the feed newest first and says nothing twice", { skip }, () => {
  const line = (id) => ({ id, at: id, kind: "job", severity: "info", text: "" });
  assert.deepEqual(overview.joined([line(2), line(1)], [line(2), line(3)], 2).map((n) => n.id), [3, 2]);
});

test("tells which spans go on after the end of what began them", { skip }, () => {
  const request = { id: "a", start: 0, us: 10 };
  table(
    (...spans) => [...traces.beyond(spans)],
    [
      [[], request],
      [[], request, { id: "b", parent: "a", start: 2, us: 8 }],
      [[["b", 50]], request, { id: "b", parent: "a", start: 5, us: 55 }],
      [[["c", 54]], request, { id: "b", parent: "a", start: 5, us: 1 }, { id: "c", parent: "b", start: 20, us: 40 }],
      [[], request, { id: "b", parent: "not kept", start: 20, us: 40 }],
    ],
  );
});
