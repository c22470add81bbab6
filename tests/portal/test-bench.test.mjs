// The page Test bench: rules, time, snapshots, what was sent, what was reached.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { after, before, test } from 'node:test'

import { assertNoTrouble, button, eventually, hasCount, hasFocus, hasValue, until } from './steps.mjs'
import { openBrowser, openPage, openWorld, shootAll } from './world.mjs'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const world = openWorld()
let browser, url

before(async () => {
    ;({ url } = await world.start())
    await world.provision({ name: 'old' })
    await world.provision({ name: 'new' })
    browser = await openBrowser()
})
after(async () => {
    await browser?.close()
    await world.end()
})

const SQL = 'CREATE TABLE t (a int PRIMARY KEY); INSERT INTO t SELECT generate_series(1, 100)'
const put = async (database) => {
    await world.create_database({ server: 'old', name: database, sql: SQL })
    return world.put_migration({ source: 'old', target: 'new', name: `m-${database}`, databases: [database] })
}

test('a rule by the form holds a migration until Release, then it succeeds', async () => {
    const page = await openPage(browser, url)
    await page.goto('/portal/test-bench')
    await page.locator('input[name=name]').fill('stop here')
    await button(page, 'Save rule').click()
    await page.getByText('Enter up to 100 letters').waitFor()
    await page.locator('input[name=name]').fill('stop-here')
    await page.locator('select[name=at]').selectOption('table.begin')
    await page.locator('[name="match.table"]').fill('public.')
    await button(page, 'Save rule').click()
    await hasFocus(page.locator('[name="match.table"]'))
    await page.locator('[name="match.table"]').fill('public.t')
    await page.locator('[name="match.database"]').fill('held')
    await page.locator('select[name=do]').selectOption('hold')
    await button(page, 'Save rule').click()
    await page.getByRole('row', { name: /stop-here table.begin .*table public\.t.* hold 0 0 Nothing/ }).waitFor()
    await eventually('Release is disabled', () => button(page, 'Release stop-here').isDisabled(), true)
    const path = await put('held')
    await page.getByRole('row', { name: /stop-here .*hold 1 1 m-held \/ held \/ public\.t/ }).waitFor()
    await shootAll(page, 'bench-held')
    await button(page, 'Release stop-here').click()
    await page.getByText('Rule released').waitFor()
    await world.wait({ path, until: 'Succeeded' })
    await page.getByRole('row', { name: /stop-here .* Nothing/ }).waitFor()
    await button(page, 'Delete stop-here').click()
    await page.getByText('Rule deleted').waitFor()
    await hasCount(page.getByRole('row', { name: /stop-here/ }), 0)
    assertNoTrouble(page)
})

test('with the keyboard alone: a rule that fails with an SQLSTATE of its own', async () => {
    const page = await openPage(browser, url)
    const keys = page.keyboard
    const tabTo = async (role, name) => {
        const wanted = page.getByRole(role, { name, exact: true })
        await wanted.waitFor()
        for (let count = 0; count < 80; count++) {
            if (await wanted.evaluate((element) => element === document.activeElement)) return
            await keys.press('Tab')
        }
        assert.fail(`Tab does not reach ${role} ${name}`)
    }
    await page.goto('/')
    await tabTo('link', 'Test bench')
    await keys.press('Enter')
    await tabTo('textbox', 'Rule name')
    await keys.type('full')
    await tabTo('combobox', 'Point')
    await keys.type('c') // the first of that letter
    await hasValue(page.locator('select[name=at]'), 'copy.rows')
    await tabTo('textbox', 'Database')
    await keys.type('failing')
    await tabTo('textbox', 'Skip')
    await keys.type('50')
    await tabTo('combobox', 'Action')
    await keys.type('F')
    await hasValue(page.locator('select[name=do]'), 'fail')
    await tabTo('textbox', 'SQLSTATE')
    await keys.type('no')
    await keys.press('Enter')
    await page.getByText('is not an SQLSTATE').first().waitFor()
    await hasFocus(page.getByRole('textbox', { name: 'SQLSTATE' }))
    await keys.press('Control+A')
    await keys.type('53100')
    await tabTo('textbox', 'Message')
    await keys.type('no room today')
    await keys.press('Enter')
    await page.getByRole('row', { name: /full copy\.rows .*fail: .*53100/ }).waitFor()
    const path = await put('failing')
    await world.wait({ path, until: 'Failed' })
    await page.getByRole('row', { name: /full copy\.rows .* 1 Nothing/ }).waitFor()
    await tabTo('button', 'Delete full')
    await keys.press('Enter')
    await page.getByText('Rule deleted').waitFor()
    await hasCount(page.getByRole('row', { name: /full copy/ }), 0)
    assertNoTrouble(page)
})

const advanced = (page) => page.locator('[data-advanced]').getAttribute('data-advanced')
const secondsOf = async () => (await (await fetch(`${url}/_malachite/clock`)).json()).advancedSeconds

test('the clock: a step, a duration, and one that Malachite refuses', async () => {
    const page = await openPage(browser, url)
    await page.goto('/')
    await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Test bench' }).click()
    await page.getByRole('navigation', { name: 'Test bench' }).getByRole('link', { name: 'Clock' }).click()
    await button(page, '+72 h').waitFor()
    const start = await secondsOf()
    await button(page, '+72 h').click()
    await eventually('the clock', secondsOf, start + 72 * 3600)
    await eventually('the page', async () => (await page.locator('[data-advanced]').innerText()).includes('('), true)
    await page.locator('input[name=advance]').fill('soon')
    await button(page, 'Advance').click()
    await page.getByRole('alert').getByText('it must be an ISO 8601 duration').waitFor()
    const earlier = await advanced(page)
    await page.locator('input[name=advance]').fill('PT90M')
    await page.keyboard.press('Enter')
    await eventually('the clock', secondsOf, start + 73.5 * 3600)
    await until(
        'the page to follow',
        () => advanced(page),
        (text) => text !== earlier,
    )
    await page.getByRole('alert').waitFor({ state: 'detached' })
    assertNoTrouble(page)
})

test('snapshots: taken, restored and deleted, and refused with attached servers', async () => {
    const page = await openPage(browser, url)
    await page.goto('/portal/test-bench/snapshots')
    await page.locator('input[name=snapshot]').fill('bad name')
    await button(page, 'Take snapshot').click()
    await page.getByRole('alert').getByText('bad name').waitFor()
    await page.locator('input[name=snapshot]').fill('first')
    await button(page, 'Take snapshot').click()
    await page.getByRole('row', { name: /first .*(old, new|new, old)/ }).waitFor()
    await button(page, 'Restore first').click()
    await page.getByRole('dialog').getByText('All later changes are lost.').waitFor()
    await button(page, 'Yes').click()
    await page.getByText('Snapshot restored').waitFor()
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await button(page, 'Delete first').click()
    await button(page, 'Yes').click()
    await page.getByText('No snapshots yet.').waitFor()

    await world.attach({ name: 'outside' })
    await page.locator('input[name=snapshot]').fill('second')
    await button(page, 'Take snapshot').click()
    await page
        .getByRole('alert')
        .getByText(/attached servers.*outside/)
        .waitFor()
    assertNoTrouble(page)
})

test('the journal: an unknown call and an ignored property, apart from what was understood', async () => {
    const page = await openPage(browser, url)
    await page.goto('/portal/test-bench/requests')
    await page.getByRole('columnheader', { name: 'Not understood' }).waitFor()
    await fetch(`${url}/_malachite/no-such-call`)
    await page.getByRole('row', { name: /GET \/_malachite\/no-such-call .*404.*Unknown call/ }).waitFor()
    await world.put({ path: '/resourceGroups/noted', body: { location: 'eastus', colour: 'green' } })
    const noted = page.getByRole('row', { name: /PUT .*noted ResourceGroups_CreateOrUpdate .*colour \(unknown\)/ })
    await noted.waitFor()
    await page.locator('select[name=filter]').selectOption('misunderstood')
    await noted.waitFor()
    await page.getByRole('row', { name: /no-such-call/ }).waitFor()
    await hasCount(page.getByRole('row', { name: /Subscriptions_List/ }), 0)
    await button(page, 'Clear').click()
    await page.getByText('No request matches the filter.').waitFor()
    assertNoTrouble(page)
})

test('coverage: seen of all, and the names that are missing', async () => {
    const page = await openPage(browser, url)
    await page.goto('/portal/test-bench/coverage')
    const operations = page.locator('section').filter({ has: page.getByRole('heading', { name: /^Operations / }) })
    await operations.getByText('Missing:').click()
    await operations.getByText('Deployments_WhatIf', { exact: true }).waitFor()
    await hasCount(operations.getByText('Providers_Register', { exact: true }), 0)
    assertNoTrouble(page)
})

test('a Malachite without a call: the section says so in one line', async () => {
    const page = await openPage(browser, url)
    await page.route('**/_malachite/{rules,points,coverage}*', (route) =>
        route.fulfill({ status: 404, json: { error: { code: 'NotFound', message: 'There is nothing at this path.' } } }),
    )
    await page.goto('/portal/test-bench')
    await page.getByText('This Malachite has no rules.').waitFor()
    await page.goto('/portal/test-bench/coverage')
    await page.getByText('This Malachite has no coverage.').waitFor()
    assertNoTrouble(page)
})

async function violationsOf(page, options) {
    const { violations } = await page.evaluate((given) => window.axe.run(document, given), options)
    return violations.map((one) => [one.id, one.nodes.map((node) => `${node.html} ${node.failureSummary ?? ''}`)])
}

const READY = {
    '': (page) => page.getByRole('heading', { name: 'New rule' }).waitFor(),
    '/clock': (page) => button(page, '+168 h').waitFor(),
    '/snapshots': (page) => button(page, 'Take snapshot').waitFor(),
    '/requests': (page) => page.getByRole('columnheader', { name: 'Path' }).waitFor(),
    '/coverage': async (page) => {
        await page.getByText('Missing:').first().waitFor()
        await page.locator('summary').first().click()
    },
}

for (const [path, ready] of Object.entries(READY)) {
    test(`the test bench${path}: axe finds nothing in either theme, and it fits from a phone to 2560 pixels`, async () => {
        const page = await openPage(browser, url, { colorScheme: 'light' })
        await page.goto(`/portal/test-bench${path}`)
        await ready(page)
        await page.evaluate(axe)
        const runOnly = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
        assert.deepEqual(await violationsOf(page, { runOnly }), [])
        await shootAll(page, `light-bench${path.replace('/', '-')}`)
        await page.emulateMedia({ colorScheme: 'dark' })
        await eventually('the theme', () => page.evaluate(() => document.documentElement.dataset.theme), 'dark')
        assert.deepEqual(await violationsOf(page, { runOnly: { type: 'rule', values: ['color-contrast'] } }), [])
        for (const [width, height] of [
            [360, 740],
            [390, 844],
            [1024, 768],
            [2560, 1440],
        ]) {
            await page.setViewportSize({ width, height })
            await until(
                `a page at most as wide as a screen of ${width} pixels`,
                () => page.evaluate(() => document.documentElement.scrollWidth),
                (wide) => wide <= width,
            )
            if (width === 390) await shootAll(page, `390-bench${path.replace('/', '-')}`)
        }
        assertNoTrouble(page)
    })
}
