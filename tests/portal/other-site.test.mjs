// Pages of other sites in the same browser: they change nothing in Malachite, and read nothing of it.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { pathToFileURL } from 'node:url'

import { eventually } from './steps.mjs'
import { openBrowser, openWorld } from './world.mjs'

const world = openWorld()
const PAGE = '<!doctype html><title>other</title><p>other</p>'
const folder = mkdtempSync(path.join(tmpdir(), 'malachite-other-'))
const site = http.createServer((request, response) => {
    const sandbox = request.url === '/sandbox' ? { 'Content-Security-Policy': 'sandbox allow-scripts allow-forms' } : {}
    response.writeHead(200, { 'Content-Type': 'text/html', ...sandbox }).end(PAGE)
})
let browser, url, subscription, group, port

before(async () => {
    ;({ url, subscription } = await world.start({ register: false }))
    group = `/subscriptions/${subscription}/resourcegroups/mine?api-version=2022-09-01`
    await new Promise((resolve) => site.listen(0, '127.0.0.1', resolve))
    port = site.address().port
    writeFileSync(path.join(folder, 'page.html'), PAGE)
    assert.equal((await send('PUT', group, { location: 'eastus' })).status, 201)
    assert.equal((await send('PUT', '/_malachite/rules/mine', { at: 'connect', do: { fail: { message: 'mine' } } })).ok, true)
    browser = await openBrowser()
})
after(async () => {
    await browser?.close()
    site.close()
    rmSync(folder, { recursive: true })
    await world.end()
})

/** As a program: without the headers of a browser. */
const send = (method, where, body) =>
    fetch(url + where, {
        method,
        body: body && JSON.stringify(body),
        headers: body && { 'Content-Type': 'application/json' },
    })

/** What the attacks below would change. */
async function state() {
    const parts = [
        '/_malachite/rules',
        `/subscriptions/${subscription}/resourcegroups?api-version=2022-09-01`,
        '/_malachite/snapshots',
    ]
    const texts = await Promise.all(parts.map(async (part) => (await send('GET', part)).text()))
    const { advancedSeconds } = await (await send('GET', '/_malachite/clock')).json()
    return JSON.stringify([texts, advancedSeconds])
}

const countRefused = async () => {
    const { value } = await (await send('GET', '/_malachite/requests?status=403&limit=1000')).json()
    return value.length
}

/** Runs in the page: everything that it can send. Answers with what it could read, which is to be nothing. */
async function attack([target, resource]) {
    const read = []
    const json = JSON.stringify({ location: 'eastus', at: 'connect', advance: 'P1D', do: { fail: { message: 'theirs' } } })
    const writes = [
        ['PUT', '/_malachite/rules/theirs'],
        ['DELETE', '/_malachite/rules'],
        ['POST', '/_malachite/reset'],
        ['POST', '/_malachite/clock'],
        ['PUT', '/_malachite/snapshots/theirs'],
        ['DELETE', '/_malachite/requests'],
        ['DELETE', resource],
        ['PUT', resource.replace('mine', 'theirs')],
        ['POST', '/common/oauth2/v2.0/token'],
        ['POST', '/_malachite/connection'],
    ]
    const reads = ['/_malachite/health', '/_malachite/requests', '/_malachite/rules', '/metrics', '/', resource]
    const kinds = ['application/json', 'text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x']
    const tryFetch = async (what, options) => {
        try {
            const answer = await fetch(target + what, options)
            const text = await answer.text()
            if (answer.type !== 'opaque' || text !== '') read.push(`${options.method} ${what}: ${answer.status} ${text}`)
        } catch {
            // unreadable
        }
    }
    await Promise.all(
        writes.flatMap(([method, what]) =>
            ['cors', 'no-cors'].flatMap((mode) =>
                kinds.map((kind) =>
                    tryFetch(what, { method, mode, body: json, headers: { 'Content-Type': kind }, credentials: 'include' }),
                ),
            ),
        ),
    )
    for (const what of reads) {
        await tryFetch(what, { method: 'GET' })
        await tryFetch(what, { method: 'GET', mode: 'no-cors' })
        await tryFetch(what, { method: 'GET', headers: { Authorization: 'Bearer x' } })
    }
    for (const [, what] of writes) navigator.sendBeacon(target + what, new Blob([json], { type: 'text/plain' }))
    const element = (name, settings) =>
        new Promise((resolve) => {
            const made = Object.assign(document.createElement(name), settings)
            made.onload = () => resolve(['loaded', made])
            made.onerror = () => resolve(['refused', made])
            document.body.append(made)
        })
    for (const what of reads) {
        if ((await element('img', { src: target + what }))[0] === 'loaded') read.push(`img ${what}`)
        const [, frame] = await element('iframe', { src: target + what })
        try {
            if (frame.contentDocument !== null) read.push(`iframe ${what}: ${frame.contentDocument.body.innerText}`)
        } catch {
            // unreadable
        }
    }
    await new Promise((resolve) => {
        const source = new EventSource(target + '/_malachite/events')
        source.onmessage = source.onopen = () => resolve(read.push('an event'))
        source.onerror = () => resolve(source.close())
    })
    const submit = (enctype, action) => {
        const frame = document.createElement('iframe')
        frame.name = 'answer' + Math.random()
        document.body.append(frame)
        const form = Object.assign(document.createElement('form'), { method: 'post', enctype, action, target: frame.name })
        // As text/plain, this is JSON.
        form.append(Object.assign(document.createElement('input'), { name: json.slice(0, -1) + ',"x":"', value: '"}' }))
        document.body.append(form)
        const loaded = new Promise((resolve) => (frame.onload = resolve))
        form.submit()
        return loaded
    }
    for (const enctype of ['application/x-www-form-urlencoded', 'text/plain', 'multipart/form-data'])
        await Promise.all(writes.map(([, what]) => submit(enctype, target + what)))
    return read
}

const PAGES = {
    'of another site': () => `http://evil.localhost:${port}/`,
    'of another port': () => `http://127.0.0.1:${port}/`,
    'in a sandbox': () => `http://127.0.0.1:${port}/sandbox`,
    'in a file': () => pathToFileURL(path.join(folder, 'page.html')).href,
}

for (const [name, address] of Object.entries(PAGES)) {
    test(`a page ${name} changes nothing and reads nothing`, async () => {
        const context = await browser.newContext()
        const page = await context.newPage()
        await send('DELETE', '/_malachite/requests') // it keeps the newest 1,000
        const stateBefore = await state()
        await page.goto(address())
        assert.deepEqual(await page.evaluate(attack, [url, group]), [])
        // It did reach Malachite: simple requests, beacons and forms need no preflight.
        await eventually('the refusals of what needed no preflight', async () => (await countRefused()) >= 30, true)
        assert.equal(await state(), stateBefore)
        await context.close()
    })
}

test("Malachite's own page and programs may do the same", async () => {
    const context = await browser.newContext()
    const page = await context.newPage()
    await page.goto(url)
    const status = await page.evaluate(async () => {
        const body = JSON.stringify({ at: 'connect', do: { fail: { message: 'ours' } } })
        const headers = { 'Content-Type': 'application/json' }
        return [
            (await fetch('/_malachite/rules/ours', { method: 'PUT', body, headers })).ok,
            (await fetch('/_malachite/health')).ok,
        ]
    })
    assert.deepEqual(status, [true, true])
    const changed = await state()
    assert.ok(changed.includes('ours') && !changed.includes('theirs'))
    assert.ok((await send('DELETE', '/_malachite/rules')).ok)
    assert.notEqual(await state(), changed)
    await context.close()
})
