// Runs the tests of this directory, or those of the files named, and ends with the line that scripts/test.sh counts.
import { readdirSync } from 'node:fs'
import path from 'node:path'
import { run } from 'node:test'
import { fileURLToPath } from 'node:url'

const here = path.dirname(fileURLToPath(import.meta.url))
const wanted = process.argv.slice(2)
const files = (
    wanted.length > 0
        ? wanted
        : readdirSync(here)
              .filter((name) => name.endsWith('.test.mjs'))
              .sort()
).map((name) => path.resolve(here, name))
const counts = { passed: 0, failed: 0, skipped: 0 }

const describe = (error) => (error?.cause?.stack ?? error?.stack ?? String(error)).replace(/\x1b\[\d+m/g, '')

const stream = run({ files, concurrency: 2, timeout: 600_000 })
stream.on('test:pass', ({ name, details, skip }) => {
    if (details.type === 'suite' || name.endsWith('.test.mjs')) return
    counts[skip === undefined ? 'passed' : 'skipped']++
    console.log(`ok      ${name} (${(details.duration_ms / 1000).toFixed(1)} s)${skip ? ` skipped: ${skip}` : ''}`)
})
stream.on('test:fail', ({ name, details }) => {
    if (details.type === 'suite' || details.error?.failureType === 'subtestsFailed') return
    counts.failed++
    console.log(`FAILED  ${name}\n${describe(details.error)}`)
})
stream.on('test:stdout', ({ message }) => process.stdout.write(message))
stream.on('test:stderr', ({ message }) => process.stderr.write(message))
stream.on('end', () => {
    console.log(`portal: ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`)
    process.exit(counts.failed > 0 || counts.passed === 0 ? 1 : 0)
})
stream.resume()
