// Drives a local Malachite from any test runner: waits, rules, time, snapshots, the journal. Needs node 20 only.
//
//     const malachite = new Malachite(await start())    // a subscription of its own
//     await malachite.wait('m1', { state: 'Failed' })
//     await malachite.remove()
import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { chmodSync, closeSync, existsSync, mkdtempSync, openSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const START_MS = 60000

export class CallFailed extends Error {
    constructor(status, body, call) {
        super(`${call} -> ${status}: ${JSON.stringify(body).slice(0, 2000)}`)
        Object.assign(this, { status, body })
    }
}

/** A rule of Malachite: wait until it fired, release what it holds, delete it. */
export class Rule {
    constructor(malachite, name, subscription) {
        // Others may have a rule of this name.
        Object.assign(this, { malachite, path: `/_malachite/rules/${name}`, of: { subscription } })
    }

    wait({ fired = 1, timeout = 30 } = {}) {
        return this.malachite.call('GET', `${this.path}/wait`, undefined, { fired, timeout, ...this.of })
    }

    get() {
        return this.malachite.call('GET', this.path, undefined, this.of)
    }

    release(what = {}) {
        return this.malachite.call('POST', `${this.path}/release`, what, this.of)
    }

    delete() {
        return this.malachite.call('DELETE', this.path, undefined, this.of)
    }
}

/** One subscription of a running Malachite. */
export class Malachite {
    constructor(endpoint, subscription = randomUUID()) {
        Object.assign(this, { endpoint: endpoint.replace(/\/$/, ''), subscription, rules: [] })
    }

    /** The JSON of a 2xx; CallFailed for all others. */
    async call(method, path, body, query = {}) {
        const given = Object.entries(query).filter(([, value]) => value !== undefined)
        const url = `${this.endpoint}${path}${given.length ? '?' + new URLSearchParams(given) : ''}`
        const headers = body === undefined ? {} : { 'Content-Type': 'application/json' }
        const answer = await fetch(url, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) })
        const text = await answer.text()
        const value = text === '' ? undefined : JSON.parse(text)
        if (!answer.ok) {
            throw new CallFailed(answer.status, value, `${method} ${url}`)
        }
        return value
    }

    /** A call of Resource Manager, by its path below the subscription. */
    arm(method, path, body, version = '2025-08-01') {
        return this.call(method, `/subscriptions/${this.subscription}${path}`, body, { 'api-version': version })
    }

    /** rule({ at: 'copy.rows', match: {...}, skip: 1000, do: {...} }): of this subscription only. */
    async rule({ match = {}, ...rest }, name = `r${randomUUID().slice(0, 8)}`) {
        const body = { ...rest, match: { subscription: this.subscription, ...match } }
        const rule = new Rule(this, name, body.match.subscription)
        rule.body = await this.call('PUT', rule.path, body)
        this.rules.push(rule)
        return rule
    }

    /** wait('m1', { state: 'Failed' }), wait('m1', { database: 'shop', incomingChanges: 0 }) */
    wait(migration, until, timeout = 30) {
        const query = { ...until, timeout, subscription: this.subscription }
        return this.call('GET', `/_malachite/migrations/${encodeURIComponent(migration)}/wait`, undefined, query)
    }

    /** clock('PT72H'): as if that much time had passed for this subscription. */
    clock(advance) {
        return this.call('POST', '/_malachite/clock', { advance, subscription: this.subscription })
    }

    snapshot(name) {
        return this.call('PUT', `/_malachite/snapshots/${name}`, undefined, { subscription: this.subscription })
    }

    restore(name) {
        return this.call('POST', `/_malachite/snapshots/${name}/restore`, undefined, { subscription: this.subscription })
    }

    /** The journal of this subscription, newest first: requests({ operation: 'Migrations_Get', status: '4xx' }) */
    async requests(filters = {}) {
        const query = { ...filters, subscription: this.subscription }
        return (await this.call('GET', '/_malachite/requests', undefined, query)).value
    }

    async remove() {
        for (const rule of this.rules) {
            await rule.delete().catch((error) => {
                if (error.status !== 404) throw error
            })
        }
        await this.call('DELETE', `/_malachite/subscriptions/${this.subscription}`)
    }
}

/** Starts the program and returns its endpoint; it ends with this process. MALACHITE_ENDPOINT: uses a running one. */
export async function start(program = process.env.MALACHITE_BINARY ?? 'malachite') {
    if (process.env.MALACHITE_ENDPOINT) {
        return process.env.MALACHITE_ENDPOINT
    }
    const home = mkdtempSync(join(tmpdir(), 'malachite-'))
    chmodSync(home, 0o711) // the user who runs the PostgreSQL servers has to get there
    const ready = join(home, 'endpoints.json')
    const log = openSync(join(home, 'log'), 'w')
    const words = ['serve', '--http-port', '0', '--https-port', '0', '--subscriptions', 'any']
    words.push('--data-dir', join(home, 'data'), '--endpoints-file', ready)
    const child = spawn(program, words, { stdio: ['ignore', log, log] })
    closeSync(log)
    child.unref()
    process.on('exit', () => child.kill())
    for (const end = Date.now() + START_MS; !existsSync(ready); await sleep(20)) {
        if (child.exitCode !== null || Date.now() > end) {
            throw new Error(readFileSync(join(home, 'log'), 'utf8'))
        }
    }
    return JSON.parse(readFileSync(ready, 'utf8')).http
}
