// The page of one migration: what it waits for, how far it is, what is left to do.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import { assertNoTrouble, button, createMigration, detailsPath, eventually, gridPath, hasTexts } from './steps.mjs'
import { openBrowser, openPage, openWorld, shoot, shootAll } from './world.mjs'

const world = openWorld()
let browser, url, source, target

before(async () => {
    ;({ url } = await world.start({}))
    source = await world.attach({ name: 'src' })
    target = await world.provision({ name: 'dst' })
    browser = await openBrowser()
    // A database for each test: one that failed may still be writing its own.
    for (const name of ['shop', 'kept', 'started', 'chosen', 'checked', 'moving']) {
        await world.create_database({
            server: 'src',
            name,
            sql: 'CREATE TABLE fresh (a int PRIMARY KEY); INSERT INTO fresh SELECT generate_series(1, 100)',
        })
    }
    for (const name of ['shop', 'kept']) await world.create_database({ server: 'dst', name, sql: 'CREATE TABLE marker (a int)' })
})
after(async () => {
    await browser?.close()
    await world.end()
})

const has = async (database, table) =>
    (await world.sql({ server: 'dst', database, sql: `SELECT to_regclass('${table}')::text` }))[0][0] !== null
const put = (name, databases, properties) => world.put_migration({ source: 'src', target: 'dst', name, databases, ...properties })

test('a database that is on the target: overwrite after a question', async () => {
    const page = await openPage(browser, url)
    await createMigration(page, { source, target, name: 'clash', databases: ['shop'] })
    await page.getByRole('row', { name: /clash WaitingForUserAction/ }).waitFor()
    await page.getByRole('link', { name: 'clash' }).click()
    await page.getByText('Databases with these names already exist on the target').waitFor()
    await shootAll(page, 'details-overwrite')
    assert.ok(await has('shop', 'marker'), 'the target was touched during the wait')
    await button(page, 'Overwrite').click()
    await page.getByRole('dialog').getByText('This cannot be undone.').waitFor()
    await button(page, 'No').click()
    await button(page, 'Overwrite').click()
    await button(page, 'Yes').click()
    await page.getByRole('heading', { name: 'Post-migration steps' }).waitFor()
    assert.ok(!(await has('shop', 'marker')) && (await has('shop', 'fresh')))
    assertNoTrouble(page)
})

test('or cancel: the target stays as it is', async () => {
    await put('no-clash', ['kept'])
    const page = await openPage(browser, url)
    await page.goto(detailsPath('dst', 'no-clash'))
    await page.getByText('Databases with these names already exist on the target').waitFor()
    await button(page, 'Cancel migration').click()
    await page.getByRole('dialog').getByText('It does not roll back or drop anything').waitFor()
    await shoot(page, 'details-cancel-dialog')
    await button(page, 'Yes').click()
    await page.getByText('Databases to delete').waitFor()
    await hasTexts(page.getByRole('group', { name: 'Commands' }).getByRole('button'), ['Refresh', 'Feedback'])
    assert.ok((await has('kept', 'marker')) && !(await has('kept', 'fresh')))
    assertNoTrouble(page)
})

test('the wait for the start: start now', async () => {
    await put('waits', ['started'], { startDataMigration: 'False' })
    const page = await openPage(browser, url)
    await page.goto(detailsPath('dst', 'waits'))
    await page.getByText('Ready to start the data migration').waitFor()
    await shootAll(page, 'details-schedule')
    await page.locator('input[name=window]').fill('2099-01-01T10:00')
    await button(page, 'Schedule').click()
    await page.getByText('The data migration starts at').waitFor()
    await button(page, 'Start now').click()
    await page.getByRole('heading', { name: 'Post-migration steps' }).waitFor()
    assertNoTrouble(page)
})

test('the wait for databases: choose them', async () => {
    const page = await openPage(browser, url)
    await world.put_migration({ source: 'src', target: 'dst', name: 'unnamed', databases: null, overwriteDbsInTarget: 'True' })
    await page.goto(detailsPath('dst', 'unnamed'))
    await page.getByText('Choose the databases to migrate').waitFor()
    await page.getByLabel('chosen', { exact: true }).check()
    await button(page, 'Migrate selected databases').click()
    await page.getByRole('heading', { name: 'Post-migration steps' }).waitFor()
    assertNoTrouble(page)
})

test('validation: every rule with its result', async () => {
    await put('validated', ['checked'], { migrationOption: 'Validate' })
    const page = await openPage(browser, url)
    await page.goto(detailsPath('dst', 'validated'))
    await page.getByRole('heading', { name: 'Validation details for instance' }).waitFor()
    for (const rule of [
        'AuthenticationAndConnectivityValidation',
        'SchemaValidation',
        'ExtensionsValidation',
        'CollationsValidation',
    ])
        await page.getByText(rule).first().waitFor()
    await page.getByText('Roles are missing on the target server').first().waitFor()
    // Nothing was copied, so nobody is told to delete the source.
    await page.getByRole('heading', { name: 'No data was migrated' }).waitFor()
    assert.equal(await page.getByRole('heading', { name: 'Post-migration steps' }).count(), 0)
    await shootAll(page, 'details-validation')
    assertNoTrouble(page)
})

test('while data move: progress, rows per second, speed and time left', async () => {
    await put('moving', ['moving'], { startDataMigration: 'False', overwriteDbsInTarget: 'True' })
    const page = await openPage(browser, url)
    // The answers are Malachite's own, as they would be in the middle of a long copy.
    let seconds = 0
    const copied = () => ({
        rowsCopied: ++seconds * 50_000,
        bytesCopied: seconds * 5_000_000,
        bytesTotal: 1_000_000_000,
        startedAt: new Date(Date.now() - seconds * 1000).toISOString(),
    })
    await page.route('**/_malachite/migrations/*', async (route) => {
        const json = await (await route.fetch()).json()
        const figures = copied()
        json.databases = [
            {
                ...json.databases[0],
                name: 'moving',
                state: 'InProgress',
                tablesQueued: 1,
                tablesLoading: 1,
                tablesCompleted: 0,
                tablesErrored: 0,
                ...figures,
                sizes: {
                    copied: figures.bytesCopied,
                    copying: figures.bytesTotal - figures.bytesCopied,
                    queued: 1000,
                    failed: 0,
                },
            },
        ]
        json.tables = [
            { schema: 'public', name: 'long', state: 'Loading', ...figures },
            { schema: 'public', name: 'later', state: 'Queued', rowsCopied: 0, bytesCopied: 0, bytesTotal: 1000 },
        ]
        await route.fulfill({ json })
    })
    await page.goto(`${detailsPath('dst', 'moving')}?database=moving`)
    const row = page.getByRole('row', { name: /public\.long/ })
    const cell = (index) => row.locator('td').nth(index).innerText()
    await eventually('rows per second', () => cell(4), /^\d{1,2},\d{3}$/)
    await eventually('speed', () => cell(5), /^\d(\.\d)? MB\/s$/)
    await eventually('time left', () => cell(6), /^\d+ (s|min)$/)
    await eventually('progress', () => cell(2), /^\s*\d{1,2} %\s*$/)
    await page.getByRole('img', { name: '2 tables by size; the largest is public.long' }).waitFor()
    const names = page.getByRole('region', { name: 'Tables' }).locator('tbody td:first-child')
    await hasTexts(names, ['public.long', 'public.later'])
    await button(page, 'Table').click()
    await hasTexts(names, ['public.later', 'public.long'])
    await page.getByRole('columnheader', { name: 'Table' }).and(page.locator('[aria-sort=ascending]')).waitFor()
    await shoot(page, 'panel-moving')
    await page.keyboard.press('Escape')
    await page.getByText(/[\d,]+ rows\/s, [\d.]+ MB\/s, \d+ (s|min) left/).waitFor()
    await page.getByText(/^[\d.]+ MB of 1\.0 GB copied/).waitFor()
    await page
        .getByRole('img', { name: /^Progress of moving: [\d.]+ MB copied, [\d.]+ MB being copied, 1\.0 kB queued$/ })
        .waitFor()
    await shootAll(page, 'details-moving')
    // One request a second is enough.
    const [asked, begun] = [seconds, Date.now()]
    await eventually('some more requests', async () => seconds >= asked + 3, true)
    assert.ok(Date.now() - begun > 2500, `3 requests in ${Date.now() - begun} ms`)
    await page.getByRole('listitem').filter({ hasText: 'Waiting' }).and(page.locator('[aria-current=step]')).waitFor()
    assertNoTrouble(page)
})

test('the panel has the figures that the service has, and the states that were passed are all there', async () => {
    await world.create_database({
        server: 'src',
        name: 'big',
        sql: `
    CREATE TABLE rows (a int PRIMARY KEY, b text); INSERT INTO rows SELECT i, repeat('x', 150) FROM generate_series(1, 300000) i;
    CREATE TABLE small (a int PRIMARY KEY); INSERT INTO small SELECT generate_series(1, 1000)`,
    })
    const page = await openPage(browser, url)
    const path = await put('moves', ['big'])
    await page.goto(`${detailsPath('dst', 'moves')}?database=big`)
    const panel = page.getByRole('dialog', { name: 'big' })
    await panel.locator('.figures').getByText('Succeeded').waitFor({ timeout: 60_000 })
    const row = panel.getByRole('row', { name: /public\.rows/ })
    await eventually('the table', async () => (await row.locator('td').allInnerTexts()).slice(0, 4).map((text) => text.trim()), [
        'public.rows',
        'Completed',
        '100 %',
        '300,000',
    ])
    await eventually('rows per second', () => row.locator('td').nth(4).innerText(), /^[\d,]{4,}$/)
    await shoot(page, 'panel')
    const { properties } = await world.get({ path })
    const details = properties.currentStatus.currentSubStateDetails.dbDetails.big
    assert.equal(details.fullLoadCompletedTables, 2)
    await hasTexts(panel.locator('.figures dd'), ['big', 'big', 'Succeeded', '2', '0', '0', '0'])
    await page.keyboard.press('Escape')
    await panel.waitFor({ state: 'detached' })
    await eventually('the address', () => new URL(page.url()).search, '')
    for (const substate of ['PerformingPreRequisiteSteps', 'MigratingData', 'Completed']) {
        await page.getByRole('region', { name: 'History' }).getByText(substate, { exact: true }).first().waitFor()
    }
    assertNoTrouble(page)
})

test('a migration, a server and a page that are not there say so', async () => {
    const page = await openPage(browser, url)
    await page.goto(detailsPath('dst', 'nowhere'))
    await page.getByText('Cannot show the migration').waitFor()
    await page.goto(gridPath('nowhere'))
    await page.getByText('Cannot show the server').waitFor()
    await page.goto('/portal/no/such/page')
    await page.getByText('Page not found').waitFor()
})
