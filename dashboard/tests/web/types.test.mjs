// The pages' types, in TypeScript's strictest terms.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const modules = join(process.env.DASHBOARD_WEB ?? "", "node_modules"); // beside what is built: the sources' folder has none
const tsc = fileURLToPath(new URL("../../../peers/dashboard/node_modules/typescript/bin/tsc", import.meta.url));
const web = fileURLToPath(new URL("../../web", import.meta.url));
const skip = !existsSync(tsc) ? "typescript is not installed (npm ci in peers/dashboard; ./test does it)" : existsSync(modules) ? false : "the pages are not built";

test("has types that hold", { skip }, () => {
  const folder = mkdtempSync(join(tmpdir(), "infra-types-"));
  try {
    const config = { extends: join(web, "tsconfig.json"), compilerOptions: { paths: { "*": [join(modules, "*")] }, types: [], typeRoots: [] }, include: [join(web, "src")] };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
    const { stdout } = spawnSync(process.execPath, [tsc, "-p", folder], { encoding: "utf8" });
    assert.equal(stdout, "");
  } finally {
    rmSync(folder, { recursive: true });
  }
});
