import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import * as module from "../../client/infra-realtime.js";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const compiler = here("../../../peers/realtime/node_modules/typescript/bin/tsc");
const skip = !existsSync(compiler) && "TypeScript is not installed (npm ci in peers/realtime; ./test does it)";
const compile = (...words) => {
  try {
    execFileSync(process.execPath, [compiler, "--noEmit", "--strict", "--target", "es2022", "--module", "nodenext", ...words], { encoding: "utf8" });
    return "";
  } catch ({ stdout }) {
    return stdout;
  }
};

test("the types say what a page may write", { skip }, () => {
  assert.equal(compile("--lib", "es2022,dom", here("use.ts")), "");
});

test("the types name what there is", { skip }, () => {
  class WebSocket {}
  const client = module.connect("ws://shop.example", { WebSocket });
  const names = (of) => Object.keys(of).map((name) => JSON.stringify(name)).join("|");
  const room = client.subscribe("room:1");
  client.close();
  const source = `import * as module from "${here("../../client/infra-realtime.js")}";
    type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : never) : never;
    const all: Same<keyof typeof module, ${names(module)}> = true;
    const client: Same<Exclude<keyof module.Client, "id" | "user">, ${names(client)}> = true;
    const room: Same<keyof module.Subscription, ${names(room)}> = true;`;
  const file = join(mkdtempSync(join(tmpdir(), "infra-types-")), "names.ts");
  writeFileSync(file, source);
  assert.equal(compile("--lib", "es2022,dom", file), "");
  rmSync(dirname(file), { recursive: true });
});
