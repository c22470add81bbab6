// The grid of migrations.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import { assertNoTrouble, button, detailsPath, eventually, gridPath, hasValue } from './steps.mjs'
import { openBrowser, openPage, openWorld, shoot } from './world.mjs'

const LATER = { startDataMigration: 'False' } // waits for its start, and so can be canceled
const world = openWorld()
let browser, url

before(async () => {
    ;({ url } = await world.start({}))
    await world.attach({ name: 'src' })
    await world.attach({ name: 'dst', kind: 'flexibleServers' })
    await world.attach({ name: 'other', kind: 'flexibleServers' })
    browser = await openBrowser()
    for (const name of ['one', 'two', 'three', 'four', 'five', 'six'])
        await world.create_database({ server: 'src', name, sql: 'CREATE TABLE t (a int PRIMARY KEY)' })
    // The migrations that several tests look at.
    await world.wait({ path: await world.put_migration({ source: 'src', target: 'dst', name: 'first', databases: ['one'] }) })
    await world.put_migration({ source: 'src', target: 'dst', name: 'second', databases: ['two', 'three'], ...LATER })
    await world.put_migration({ source: 'src', target: 'other', name: 'elsewhere', databases: ['one'] })
})
after(async () => {
    await browser?.close()
    await world.end()
})

const patchesOf = (name) => world.requests({ method: 'PATCH', path: `/migrations/${name}` })
const names = (page) => page.locator('.grid tbody tr td:nth-child(2)').allInnerTexts()
const cells = async (page) => (await page.locator('.grid thead th').allInnerTexts()).map((text) => text.trim()).filter(Boolean)

test('the columns, newest first, each server its own, filters', async () => {
    const page = await openPage(browser, url)
    await page.goto(gridPath('dst'))
    await page.getByRole('row', { name: /second.*WaitingForUserAction/ }).waitFor()
    await eventually('the columns', () => cells(page), [
        'Name',
        'Status',
        'Source server name',
        'Region',
        'Version',
        'Database names',
        'Migration start time',
        'Migration mode',
        'Migration type',
        'Source server type',
        'Duration',
    ])
    await eventually('the names', () => names(page), ['second', 'first'])
    const row = () => page.getByRole('row', { name: /first/ }).locator('td').allInnerTexts()
    // Region and version come from the source server, after the list.
    await eventually('the row', async () => (await row()).slice(1, 7), ['first', 'Succeeded', 'src', 'eastus', '15', 'one'])
    assert.match((await row())[7], /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC$/)
    assert.deepEqual((await row()).slice(8, 11), ['Offline', 'Migrate', 'PostgreSQLSingleServer'])
    const { properties } = await world.get({ path: `${(await world.address({ name: 'dst' })).id}/migrations/first` })
    const [start, end] = [properties.migrationWindowStartTimeInUtc, properties.migrationWindowEndTimeInUtc].map(Date.parse)
    assert.equal((await row())[11], new Date(end - start).toISOString().slice(11, 19))
    await shoot(page, 'grid')
    await page.getByPlaceholder('Filter by name').fill('SEC')
    await eventually('the names', () => names(page), ['second'])
    await page.getByPlaceholder('Filter by name').fill('')
    await page.getByLabel('Status').selectOption('Succeeded')
    await eventually('the names', () => names(page), ['first'])
    await page.getByLabel('Status').selectOption('Failed')
    await page.getByText('No migration matches the filter.').waitFor()
    assertNoTrouble(page)
})

test('news arrive by themselves, and touch neither ticks nor focus nor scroll nor filter', async () => {
    const path = await world.put_migration({ source: 'src', target: 'dst', name: 'live', databases: ['four'], ...LATER })
    const page = await openPage(browser, url, { viewport: { width: 1280, height: 420 } })
    await page.goto(gridPath('dst'))
    await page.getByRole('row', { name: /live.*WaitingForUserAction/ }).waitFor()
    await page.getByLabel('Select second').check()
    await page.getByPlaceholder('Filter by name').fill('e')
    await page.evaluate(() => scrollTo(0, 60))
    await page.getByLabel('Select live').focus({ preventScroll: true })
    const node = await page.getByLabel('Select live').elementHandle()
    const scroll = await page.evaluate(() => scrollY)
    await world.sql({ server: 'src', database: 'four', sql: 'INSERT INTO t VALUES (1)' })
    await world.patch({ path, startDataMigration: 'True' })
    await page.getByRole('row', { name: /live.*Succeeded/ }).waitFor()
    assert.ok(await page.getByLabel('Select second').isChecked(), 'the tick is gone')
    assert.ok(await node.evaluate((element) => element === document.activeElement), 'the focus is gone')
    assert.equal(await page.evaluate(() => scrollY), scroll)
    await hasValue(page.getByPlaceholder('Filter by name'), 'e')
    assertNoTrouble(page)
})

test('several are canceled at once; what is refused is told in its row', async () => {
    for (const [name, database] of [
        ['cancel-a', 'five'],
        ['cancel-b', 'six'],
        ['cancel-c', 'postgres'],
    ]) {
        await world.put_migration({ source: 'src', target: 'dst', name, databases: [database], ...LATER })
    }
    const page = await openPage(browser, url)
    await page.goto(gridPath('dst'))
    const cancelButton = button(page, 'Cancel')
    const canCancel = (answer) => eventually('Cancel is enabled', () => cancelButton.isEnabled(), answer)
    await canCancel(false)
    for (const name of ['cancel-a', 'cancel-b', 'cancel-c']) await page.getByLabel(`Select ${name}`).check()
    await canCancel(true)
    await page.getByLabel('Select first').check() // it has ended, and stays out of it
    await page.getByText('Cancel concerns 3 of those selected').waitFor()
    await cancelButton.click()
    await page.getByRole('dialog', { name: 'Cancel 3 migrations?' }).waitFor()
    await shoot(page, 'grid-cancel-dialog')
    await button(page, 'No').click()
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    for (const name of ['cancel-a', 'cancel-b', 'cancel-c']) assert.deepEqual(await patchesOf(name), [], 'No has canceled')
    await cancelButton.click()
    // One of them is refused.
    await page.route('**/migrations/cancel-b?**', (route) =>
        route.request().method() === 'PATCH'
            ? route.fulfill({
                  status: 409,
                  contentType: 'application/json',
                  body: JSON.stringify({ error: { code: 'Conflict', message: 'Not this one.' } }),
              })
            : route.continue(),
    )
    await button(page, 'Yes').click()
    await page.getByRole('row', { name: /cancel-b.*Not this one\./ }).waitFor()
    for (const name of ['cancel-a', 'cancel-c']) await page.getByRole('row', { name: new RegExp(`${name} Canceled`) }).waitFor()
    await eventually('what was refused stays ticked', () => page.getByLabel('Select cancel-b').isChecked(), true)
    await shoot(page, 'grid-canceled')
    await page.goto(detailsPath('dst', 'cancel-a'))
    await page.getByText('DROP DATABASE IF EXISTS "five";').waitFor()
    await shoot(page, 'details-canceled')
    assertNoTrouble(page)
})

test('500 migrations: shown, filtered and ticked without delay', async () => {
    const page = await openPage(browser, url)
    const pattern = await world.get({ path: `${(await world.address({ name: 'dst' })).id}/migrations?migrationListFilter=All` })
    const [template] = pattern.value
    const value = Array.from({ length: 500 }, (_, index) => {
        const one = structuredClone(template)
        one.name = `many-${String(index).padStart(3, '0')}`
        one.properties.currentStatus = {
            state: index % 2 ? 'InProgress' : 'Succeeded',
            currentSubStateDetails: { currentSubState: 'MigratingData' },
        }
        one.properties.migrationWindowStartTimeInUtc = new Date(Date.UTC(2026, 0, 1, 0, index)).toISOString()
        return one
    })
    await page.route('**/migrations?migrationListFilter=All*', (route) => route.fulfill({ json: { value } }))
    await page.goto(gridPath('dst'))
    await page.getByText('500 migrations').waitFor()
    await eventually('the first row', async () => (await names(page))[0], 'many-499')
    // As long as one task of the page, so that the machine's other work does not count.
    const longest = await page.evaluate(async () => {
        const durations = []
        const observer = new PerformanceObserver((list) => durations.push(...list.getEntries().map((entry) => entry.duration)))
        observer.observe({ type: 'longtask' })
        await new Promise((resolve) => setTimeout(resolve, 4500)) // two rounds of news
        observer.disconnect()
        return Math.max(0, ...durations)
    })
    console.log(`news of 500 migrations: no task of the page longer than ${Math.max(50, longest)} ms`)
    assert.ok(longest < 1000, `news of 500 migrations block the page for ${longest} ms`)
    await page.getByPlaceholder('Filter by name').fill('many-123')
    await eventually('one row', () => names(page), ['many-123'])
    await page.getByPlaceholder('Filter by name').fill('')
    await button(page, 'Name').click()
    await eventually('the first by name', async () => (await names(page))[0], 'many-000')
    await page.getByRole('columnheader', { name: 'Name', exact: true }).and(page.locator('[aria-sort=ascending]')).waitFor()
    await eventually('all rows', async () => (await names(page)).length, 500)
    await page.getByLabel('Select all migrations').check()
    await page.getByText('500 selected.').waitFor()
    await shoot(page, 'grid-500')
    assertNoTrouble(page)
})
