// What the tests of the portal share: the servers behind it, and a browser before it.
import { spawn } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import path from 'node:path'
import readline from 'node:readline'
import { fileURLToPath } from 'node:url'

import { chromium } from 'playwright-core'

const here = process.env.MALACHITE_PORTAL_TESTS ?? path.dirname(fileURLToPath(import.meta.url))
export const SCREENS = process.env.MALACHITE_PORTAL_SCREENS ?? '/tmp/malachite-portal-screens'

/** The servers: each method of world.py's class World as a function of named arguments. */
export function openWorld() {
    const child = spawn('/usr/bin/python3', [path.join(here, 'world.py')], { stdio: ['pipe', 'pipe', 'inherit'] })
    const waiting = []
    readline.createInterface({ input: child.stdout }).on('line', (line) => {
        const { resolve, reject } = waiting.shift()
        const answer = JSON.parse(line)
        if ('error' in answer) reject(new Error(answer.error))
        else resolve(answer.ok)
    })
    child.on('exit', () => waiting.splice(0).forEach(({ reject }) => reject(new Error('world.py has ended'))))
    const ended = new Promise((resolve) => child.on('exit', resolve))
    return new Proxy(
        {},
        {
            get: (_, name) => {
                if (name === 'then') return undefined
                if (name === 'end')
                    return () => {
                        child.stdin.end()
                        return ended
                    }
                return (args = {}) =>
                    new Promise((resolve, reject) => {
                        waiting.push({ resolve, reject })
                        child.stdin.write(JSON.stringify({ do: name, with: args }) + '\n')
                    })
            },
        },
    )
}

export const openBrowser = () =>
    chromium.launch({
        executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
        args: [
            '--no-sandbox',
            '--disable-gpu',
            '--disable-quic',
            '--no-first-run',
            '--disable-background-networking',
            '--disable-component-update',
            '--disable-sync',
        ],
    })

/**
 * A page in a context of its own. What must never happen is noted in page.troubles: errors of scripts, requests that
 * leave the machine, and refusals by the content security policy.
 */
export async function openPage(browser, url, options = {}) {
    const context = await browser.newContext({ baseURL: url, viewport: { width: 1280, height: 900 }, ...options })
    const page = await context.newPage()
    page.setDefaultTimeout(30_000)
    page.troubles = []
    page.on('pageerror', (error) => page.troubles.push(`error: ${error.stack}`))
    page.on('console', (message) => {
        if (/Content.Security.Policy/i.test(message.text())) page.troubles.push(`policy: ${message.text()}`)
    })
    page.on('request', (request) => {
        if (!request.url().startsWith(url) && !request.url().startsWith('data:'))
            page.troubles.push(`request to ${request.url()}`)
    })
    return page
}

export async function shoot(page, name) {
    mkdirSync(SCREENS, { recursive: true })
    await page.screenshot({ path: path.join(SCREENS, `${name}.png`) })
}

/** Whole pages, for looking at long ones. */
export async function shootAll(page, name) {
    mkdirSync(SCREENS, { recursive: true })
    await page.screenshot({ path: path.join(SCREENS, `${name}.png`), fullPage: true })
}
