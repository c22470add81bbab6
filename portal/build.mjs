// Bundles the portal and writes it as one C source: build.mjs OUTPUT.c (see server/portal/portal.h). Needs no network.
// Each file is there plain, with gzip and with brotli, so that the program never has to compress.
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import zlib from 'node:zlib'

import * as esbuild from 'esbuild'

const COMPRESSED_LIMIT = 150_000
const here = path.dirname(fileURLToPath(import.meta.url))
const output = process.argv[2]
if (!output) {
    console.error('usage: build.mjs OUTPUT.c')
    process.exit(2)
}

async function bundle() {
    const result = await esbuild.build({
        entryPoints: { portal: path.join(here, 'src/main.jsx'), style: path.join(here, 'src/style.css') },
        bundle: true,
        minify: true,
        write: false,
        outdir: here,
        format: 'esm',
        target: 'es2020',
        jsx: 'automatic',
        jsxImportSource: 'preact',
        legalComments: 'none',
        charset: 'utf8',
        logLevel: 'warning',
    })
    return result.outputFiles.map((file) => [path.basename(file.path), Buffer.from(file.contents)])
}

const hashOf = (data) => createHash('sha256').update(data).digest('hex').slice(0, 16)

const TYPES = {
    '.html': 'text/html; charset=utf-8',
    '.js': 'text/javascript; charset=utf-8',
    '.css': 'text/css; charset=utf-8',
    '.svg': 'image/svg+xml',
    '.json': 'application/json; charset=utf-8',
    '.http': 'text/plain; charset=utf-8',
}

// A C string literal. Octal escapes have three digits at most, so that a digit after one is no part of it.
function literal(data) {
    const lines = []
    for (let at = 0; at < data.length; at += 100) {
        let line = ''
        for (const byte of data.subarray(at, at + 100)) {
            const plain = byte >= 0x20 && byte < 0x7f && byte !== 0x22 && byte !== 0x5c && byte !== 0x3f
            line += plain ? String.fromCharCode(byte) : '\\' + byte.toString(8).padStart(3, '0')
        }
        lines.push(`"${line}"`)
    }
    return lines.join('\n        ')
}

function compress(data) {
    const gzip = zlib.gzipSync(data, { level: 9 })
    const brotli = zlib.brotliCompressSync(data, {
        params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 11, [zlib.constants.BROTLI_PARAM_SIZE_HINT]: data.length },
    })
    return [data, gzip, brotli]
}

function writeFile([name, data]) {
    const bodies = compress(data).map((body) => `{${literal(body)},\n         ${body.length}}`)
    return `    {"${name}", "${TYPES[path.extname(name)]}", "${hashOf(data)}",\n     {${bodies.join(',\n      ')}}},\n`
}

// Files that the portal only hands on.
const handedOn = [
    'portal/src/icon.svg',
    'openapi/malachite.postman_collection.json',
    'openapi/malachite.postman_environment.json',
    'openapi/malachite.http',
].map((name) => [path.basename(name), readFileSync(path.join(here, '..', name))])
const assets = [...(await bundle()), ...handedOn].map(([name, data]) => {
    const { name: stem, ext } = path.parse(name)
    return { plain: name, name: `${stem}-${hashOf(data)}${ext}`, data }
})
let page = readFileSync(path.join(here, 'src/index.html'), 'utf8')
for (const asset of assets) {
    page = page.replaceAll(`/portal/assets/${asset.plain}`, `/portal/assets/${asset.name}`)
}
const files = [['index.html', Buffer.from(page)], ...assets.map((asset) => [asset.name, asset.data])]

const size = files.reduce((sum, [, data]) => sum + compress(data)[1].length, 0)
if (size > COMPRESSED_LIMIT) {
    console.error(`portal: ${size} bytes with gzip, more than the ${COMPRESSED_LIMIT} that the portal may have`)
    process.exit(1)
}
mkdirSync(path.dirname(output), { recursive: true })
writeFileSync(
    output,
    `/* Made by portal/build.mjs. */
#include "server/portal/portal.h"

const struct portal_file portal_files[] = {
${files.map(writeFile).join('')}};
const size_t portal_file_count = ${files.length};
`,
)
console.log(`portal: ${files.length} files, ${(size / 1000).toFixed(1)} kB with gzip`)
