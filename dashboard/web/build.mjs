// node build.mjs OUT [--namespace infra::dashboard]: bundles src/ with esbuild, packs each file with gzip and writes them as C++ into OUT/assets.cpp.
// Says what each weighs, and ends with 1 where the first screen or all of it weigh more than they may.

import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, extname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const here = fileURLToPath(new URL('.', import.meta.url));
const out = resolve(process.argv[2] ?? 'dist');
// The modules stand beside what is made, not in the sources' folder.
const esbuild = createRequire(join(out, 'package.json'))('esbuild');

const mayWeigh = { first: 45 * 1024, all: 120 * 1024 };
const types = { '.js': 'text/javascript; charset=utf-8', '.css': 'text/css; charset=utf-8', '.html': 'text/html; charset=utf-8', '.svg': 'image/svg+xml' };

async function bundle() {
    const result = await esbuild.build({
        entryPoints: [join(here, 'src/main.tsx')],
        outdir: join(out, 'bundle'),
        bundle: true,
        splitting: true,
        format: 'esm',
        target: 'es2022',
        jsx: 'automatic',
        jsxImportSource: 'preact',
        minify: true,
        legalComments: 'none',
        entryNames: '[name]-[hash]',
        chunkNames: '[name]-[hash]',
        assetNames: '[name]-[hash]',
        nodePaths: [join(out, 'node_modules')],
        metafile: true,
        write: false,
    });
    return { files: result.outputFiles.map((f) => ({ name: basename(f.path), bytes: Buffer.from(f.contents) })), meta: result.metafile };
}

// The entry, its style, what it imports at once, and the overview, which most people see first.
function firstOf(meta) {
    const entry = Object.entries(meta.outputs).find(([, o]) => o.entryPoint?.endsWith('src/main.tsx'));
    const found = new Set();
    const visit = (path) => {
        if (found.has(path)) return;
        found.add(path);
        for (const each of meta.outputs[path].imports) if (each.kind === 'import-statement') visit(each.path);
    };
    visit(entry[0]);
    visit(Object.entries(meta.outputs).find(([, o]) => o.entryPoint?.endsWith('src/pages/overview.tsx'))[0]);
    const names = new Set([...found].map((p) => basename(p)));
    const style = entry[1].cssBundle ? basename(entry[1].cssBundle) : '';
    if (style) names.add(style);
    return { script: basename(entry[0]), style, names };
}

function page(first) {
    // Relative addresses: the page is served under whatever path the service has mounted it. The server adds the <base>.
    // All of the first screen is asked for at once, not each piece when the one before it names it.
    const others = [...first.names].filter((n) => n.endsWith('.js') && n !== first.script).map((n) => `<link rel="modulepreload" href="assets/${n}">\n`);
    return readFileSync(join(here, 'src/index.html'), 'utf8')
        .replace('{{script}}', `assets/${first.script}`)
        .replace('{{style}}', `assets/${first.style}`)
        .replace('{{others}}', others.join(''));
}

function literal(bytes) {
    const lines = [];
    for (let at = 0; at < bytes.length; at += 64) {
        const line = [...bytes.subarray(at, at + 64)].map((b) => '\\' + b.toString(8).padStart(3, '0')).join('');
        lines.push(`    "${line}"`);
    }
    return lines.join('\n');
}

function source(files) {
    const entries = files.map(
        (f) => `    {"${f.name}", "${f.type}", "${f.tag}", ${f.size}, std::string_view(\n${literal(f.packed)}, ${f.packed.length})},`,
    );
    return `#include "assets.hpp"\n\nnamespace infra::dashboard {\nnamespace {\n\nconstexpr asset files[] = {\n${entries.join('\n')}\n};\n\n} // namespace\n\n` +
        `std::span<const asset> assets() noexcept { return files; }\n\n} // namespace infra::dashboard\n`;
}

rmSync(join(out, 'bundle'), { recursive: true, force: true });
mkdirSync(out, { recursive: true });
const { files, meta } = await bundle();
const first = firstOf(meta);
files.push({ name: 'index.html', bytes: Buffer.from(page(first)) });
const packed = files
    .map((f) => ({
        name: f.name,
        type: types[extname(f.name)] ?? 'application/octet-stream',
        tag: createHash('sha256').update(f.bytes).digest('hex').slice(0, 16),
        size: f.bytes.length,
        packed: gzipSync(f.bytes, { level: 9 }),
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));

const weight = (some) => some.reduce((sum, f) => sum + f.packed.length, 0);
const weighs = { first: weight(packed.filter((f) => first.names.has(f.name) || f.name === 'index.html')), all: weight(packed) };
writeFileSync(join(out, 'assets.cpp'), source(packed));
writeFileSync(join(out, 'weights.json'), JSON.stringify({ ...weighs, files: Object.fromEntries(packed.map((f) => [f.name, f.packed.length])) }, null, 2) + '\n');
console.log(`dashboard: first screen ${weighs.first} bytes, all ${weighs.all}, packed`);
for (const [what, most] of Object.entries(mayWeigh))
    if (weighs[what] > most) {
        console.error(`dashboard: ${what} weighs ${weighs[what]} bytes packed, and may weigh ${most}; weights.json has each file`);
        process.exitCode = 1;
    }
