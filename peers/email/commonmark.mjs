// node commonmark.mjs: the examples of CommonMark's specification, in the version that cmark-gfm implements, as JSON:
// [{"number", "section", "markdown", "html"}].
import { createRequire } from "node:module";

const { tests } = createRequire(import.meta.url)("commonmark-spec");
const tabs = (text) => text.replaceAll("→", "\t");
console.log(JSON.stringify(tests.map((t) => ({ ...t, markdown: tabs(t.markdown), html: tabs(t.html) }))));
