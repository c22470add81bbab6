// An online migration from the wizard to the cutover.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import { assertNoTrouble, button, createMigration, detailsPath, eventually, hasCount, hasText, hasTexts } from './steps.mjs'
import { openBrowser, openPage, openWorld, shoot, shootAll } from './world.mjs'

const world = openWorld()
let browser, url, source, target

before(async () => {
    ;({ url } = await world.start({}))
    source = await world.attach({ name: 'src' })
    target = await world.provision({ name: 'dst' })
    browser = await openBrowser()
    for (const name of ['shop', 'stock', 'north', 'south']) {
        await world.create_database({
            server: 'src',
            name,
            sql: "CREATE TABLE t (a int PRIMARY KEY, b text); INSERT INTO t SELECT i, repeat('x', 50) FROM generate_series(1, 2000) i",
        })
    }
})
after(async () => {
    await browser?.close()
    await world.end()
})

const count = async (server, database) => Number((await world.sql({ server, database, sql: 'SELECT count(*) FROM t' }))[0][0])

test('the wizard, the changes that arrive, the cutover with its steps, the end', async () => {
    const page = await openPage(browser, url)
    await createMigration(page, { source, target, name: 'live', databases: ['shop', 'stock'], mode: 'Online' })
    await page.getByRole('row', { name: /live WaitingForUserAction.*WaitingForCutoverTrigger/s }).waitFor({ timeout: 60_000 })
    await page.getByRole('link', { name: 'live' }).click()
    await page.getByText('Ready for the cutover').waitFor()

    await world.sql({
        server: 'src',
        database: 'shop',
        sql: "INSERT INTO t SELECT i FROM generate_series(10001, 10300) i; UPDATE t SET b = 'y' WHERE a <= 20; DELETE FROM t WHERE a BETWEEN 21 AND 25",
    })
    await button(page, 'shop').click()
    const panel = page.getByRole('dialog', { name: 'shop' })
    const figure = (label) => panel.locator('.figures div').filter({ hasText: label }).locator('dd')
    await hasText(figure('Incremental inserts'), '300')
    await hasText(figure('Incremental updates'), '20')
    await hasText(figure('Incremental deletes'), '5')
    await hasText(figure('Pending changes (Bytes)'), '0')
    await button(panel, 'Cut over this database').waitFor()
    await shoot(page, 'panel-online')
    await page.keyboard.press('Escape')
    await page.getByRole('img', { name: /Applied changes over the last [1-9]\d* seconds/ }).waitFor()
    await shootAll(page, 'details-online')
    // Malachite keeps the charts: a reload begins them at the same moment, and the 325 changes are in them.
    await page.reload()
    await page.getByRole('img', { name: /Applied changes .* at most [1-9]\d*(\.\d)?\/s/ }).waitFor()
    await page.getByRole('img', { name: /^Lag over the last/ }).waitFor()

    await page.getByRole('group', { name: 'Commands' }).getByRole('button', { name: 'Cutover' }).click()
    const dialog = page.getByRole('dialog', { name: 'Please perform the following steps manually before doing the cutover' })
    await hasTexts(dialog.locator('li'), [
        'Stop writes to source server.',
        'Validate the data in the target server.',
        'Copy the server parameters and connection security details from source to target.',
    ])
    // What speaks for the cutover: live figures, and who is connected to the source.
    await dialog.getByText('Nothing is pending, and no client is connected').waitFor()
    await hasTexts(dialog.getByRole('row', { name: /^stock/ }).locator('td'), [
        'stock',
        '0',
        'None since replication started',
        '0',
    ])
    await hasText(dialog.getByRole('row', { name: /^shop/ }).locator('td').nth(2), /^00:0\d:\d\d ago$/)
    await shoot(page, 'cutover-dialog')
    await button(page, 'No').click()
    await page.getByText('Ready for the cutover').waitFor()
    await world.sql({ server: 'src', database: 'stock', sql: 'INSERT INTO t VALUES (99999)' })
    await page.getByRole('group', { name: 'Commands' }).getByRole('button', { name: 'Cutover' }).click()
    await button(page, 'Yes').click()
    await page.getByText('Cutover started').waitFor()
    await page.getByRole('heading', { name: 'Post-migration steps' }).waitFor({ timeout: 60_000 })
    for (const name of ['shop', 'stock']) assert.equal(await count('dst', name), await count('src', name))
    // What the cutover found, as far as this Malachite tells it.
    const evidence = page.getByRole('heading', { name: 'Evidence of the cutover' })
    await evidence.waitFor()
    await page.locator('summary').filter({ hasText: 'stock:' }).click()
    await hasTexts(page.getByRole('table', { name: 'Rows of stock' }).locator('tbody td'), ['public.t', '2,001', '2,001'])
    await shootAll(page, 'details-online-succeeded')
    assertNoTrouble(page)
})

test('one database is cut over while the other goes on; then the rest is canceled', async () => {
    const path = await world.put_migration({
        source: 'src',
        target: 'dst',
        name: 'parts',
        databases: ['north', 'south'],
        migrationMode: 'Online',
    })
    await world.wait({ path, until: 'WaitingForCutoverTrigger' })
    const page = await openPage(browser, url)
    await page.goto(`${detailsPath('dst', 'parts')}?database=north`)
    await button(page, 'Cut over this database').click()
    await page.getByRole('dialog').getByText('Replication of the other databases continues.').waitFor()
    await button(page, 'Yes').click()
    await page.getByRole('dialog', { name: 'north' }).locator('.figures').getByText('Succeeded').waitFor({ timeout: 60_000 })
    await page.keyboard.press('Escape')
    await button(page, 'Cancel migration').click()
    await button(page, 'Yes').click()
    await page.getByText('Databases to delete').waitFor()
    assertNoTrouble(page)
})

test('a source without logical replication: set it up after a question', async () => {
    await world.provision({ name: 'plain', kind: 'servers' })
    await world.set_parameter({ name: 'plain', parameter: 'wal_level', value: 'replica' })
    await world.create_database({
        server: 'plain',
        name: 'quiet',
        sql: 'CREATE TABLE t (a int PRIMARY KEY); INSERT INTO t VALUES (1)',
    })
    const path = await world.put_migration({
        source: 'plain',
        target: 'dst',
        name: 'setup',
        databases: ['quiet'],
        migrationMode: 'Online',
    })
    const page = await openPage(browser, url)
    await page.goto(detailsPath('dst', 'setup'))
    await page.getByText('The source is not ready for logical replication').waitFor()
    await shootAll(page, 'details-replication')
    await button(page, 'Set up logical replication').click()
    await page.getByRole('dialog').getByText('A restart interrupts all connections').waitFor()
    await button(page, 'Yes').click()
    await page.getByText('Ready for the cutover').waitFor({ timeout: 60_000 })
    await world.patch({ path, triggerCutover: 'True' })
    await page.getByRole('heading', { name: 'Post-migration steps' }).waitFor({ timeout: 60_000 })
    assertNoTrouble(page)
})

test('a source of somebody else: its owner is told to restart it, and the migration goes on then', async () => {
    await world.attach({ name: 'theirs', conf: { wal_level: 'replica' } })
    await world.create_database({ server: 'theirs', name: 'loud', sql: 'CREATE TABLE t (a int PRIMARY KEY)' })
    await world.put_migration({ source: 'theirs', target: 'dst', name: 'restart', databases: ['loud'], migrationMode: 'Online' })
    const page = await openPage(browser, url)
    await page.goto(detailsPath('dst', 'restart'))
    await button(page, 'Set up logical replication').click()
    await button(page, 'Yes').click()
    await page.getByText('Restart the source server').waitFor()
    await shootAll(page, 'details-restart')
    // It is not over: nothing says that it has failed or has to be made anew.
    await hasCount(button(page, 'Set up logical replication'), 0)
    await hasCount(page.getByText(/cannot be retried|What to do/), 0)
    await world.restart({ name: 'theirs' })
    await page.getByText('Ready for the cutover').waitFor({ timeout: 60_000 })
    await hasCount(page.getByText('Restart the source server'), 0)

    // It still follows: the database has no end yet.
    await hasText(page.getByRole('region', { name: 'Databases' }).locator('tbody td').last(), '--')

    // What a report needs, and where nothing is sent.
    await button(page, 'Feedback').click()
    const facts = page.getByRole('region', { name: 'the facts' })
    await facts.getByText('WaitingForUserAction / WaitingForCutoverTrigger').waitFor()
    await button(page.getByRole('dialog').locator('.dialog-foot'), 'Close').click()

    // The button goes away with the wait; the reader stays on the page.
    await page.getByRole('button', { name: 'Cancel migration', exact: true }).focus()
    await page.keyboard.press('Enter')
    await button(page, 'Yes').press('Enter')
    await page.getByText('Databases to delete').waitFor()
    await eventually('the focus', () => page.evaluate(() => document.activeElement.id), 'main')
    assertNoTrouble(page)
})

test('a browser whose clock is an hour ahead; news of a migration whose page was open', async () => {
    const page = await openPage(browser, url)
    await page.addInitScript(() => {
        const real = Date.now
        Date.now = () => real() + 3_600_000
    })
    await world.create_database({ server: 'src', name: 'west' })
    const path = await world.put_migration({
        source: 'src',
        target: 'dst',
        name: 'news',
        databases: ['west'],
        migrationMode: 'Online',
    })
    await page.goto(detailsPath('dst', 'news'))
    await page.getByText('Ready for the cutover').waitFor({ timeout: 60_000 })
    await hasText(page.getByRole('row', { name: /^west/ }), /00:0\d:\d\d/)
    await page.getByRole('link', { name: 'Test bench' }).click()
    await page.getByRole('heading', { level: 1 }).waitFor()
    await world.patch({ path, triggerCutover: 'True' })
    const news = page.getByRole('region', { name: 'New notifications' }).getByText('Migration news succeeded')
    await news.waitFor()
    await news.hover()
    await page.getByRole('button', { name: /^Notifications, \d new$/ }).click()
    await page
        .getByRole('region', { name: 'Notifications', exact: true })
        .getByRole('link', { name: 'Migration news succeeded' })
        .click()
    await page.getByRole('heading', { level: 1, name: 'news' }).waitFor()
    await page.keyboard.press('Escape')
    await shoot(page, 'notifications')
    assertNoTrouble(page)
})
