// Servers are operated from their pages: what the buttons do is asked of PostgreSQL and of the REST calls.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { after, before, test } from 'node:test'

import {
    assertNoTrouble,
    button,
    detailsPath,
    eventually,
    hasCount,
    hasText,
    hasTexts,
    hasValue,
    next,
    wizardPath,
} from './steps.mjs'
import { openBrowser, openPage, openWorld, shoot, shootAll } from './world.mjs'

const world = openWorld()
let browser, url, flexible, source

before(async () => {
    ;({ url } = await world.start())
    await world.provision({ name: 'op-old', kind: 'servers' })
    flexible = await world.provision({ name: 'op-new' })
    source = await world.attach({ name: 'op-mine' })
    browser = await openBrowser()
})
after(async () => {
    await browser?.close()
    await world.end()
})

const dialog = (page) => page.getByRole('dialog')
const answer = (page, name) => dialog(page).getByRole('button', { name, exact: true }).click()
const closed = (page) => hasCount(dialog(page), 0)
const part = async (page, name) => {
    await page.getByRole('navigation', { name: 'Server' }).getByRole('link', { name }).click()
    await page.getByRole('heading', { level: 1, name: new RegExp(name.replace(/[()]/g, '.')) }).waitFor()
}
const state = (page, text) => page.locator('.state').getByText(text, { exact: true }).waitFor()

test('a flexible server is stopped, started and restarted, gets a new password, and is deleted by its name', async () => {
    const page = await openPage(browser, url)
    await page.goto('/portal/flexible/rg/op-new')
    await state(page, 'Ready')
    await eventually('Start waits for a stop', () => button(page, 'Start').isDisabled(), true)
    await button(page, 'Stop').click()
    await dialog(page).getByText('View as JSON, curl or az').click()
    await hasText(dialog(page).locator('pre'), /curl -sS -X POST 'http:.*\/op-new\/stop\?api-version=/)
    await dialog(page).getByRole('tab', { name: 'curl' }).press('ArrowRight')
    await hasText(dialog(page).locator('pre'), 'az postgres flexible-server stop --resource-group rg --name op-new')
    await shoot(page, 'server-stop')
    await answer(page, 'Stop')
    await closed(page)
    await state(page, 'Stopped')
    await eventually('Stop is disabled', () => button(page, 'Stop').isDisabled(), true)
    await part(page, 'Databases')
    await page.getByRole('alert').getByText('Stopped').waitFor()
    await page.getByRole('navigation', { name: 'Server' }).getByRole('link', { name: 'Overview' }).click()
    await button(page, 'Start').click()
    await answer(page, 'Start')
    await closed(page)
    await state(page, 'Ready')
    await button(page, 'Restart').click()
    await answer(page, 'Restart')
    await closed(page)

    await button(page, 'Reset password').click()
    await page.locator('input[name=password]').fill('weak')
    await page.locator('input[name=again]').fill('other')
    await dialog(page).getByText('The passwords differ.').waitFor()
    await page.locator('input[name=again]').fill('weak')
    await answer(page, 'Save')
    await dialog(page).getByRole('alert').getByText(/8/).waitFor() // refused by the service, and shown where it was asked
    await page.locator('input[name=password]').fill('Fresh-Pass-9')
    await page.locator('input[name=again]').fill('Fresh-Pass-9')
    await dialog(page).getByText('View as JSON, curl or az').click()
    await hasText(dialog(page).locator('pre'), /<administratorLoginPassword>/)
    await answer(page, 'Save')
    await closed(page)
    await eventually(
        'a sign-in with the new password',
        async () =>
            (
                await page.request.post('/_malachite/connection', { data: { server: flexible.id, password: 'Fresh-Pass-9' } })
            ).status(),
        200,
    )

    await button(page, 'Delete').press('Enter')
    await eventually('Delete waits for the name', () => dialog(page).getByRole('button', { name: 'Delete' }).isDisabled(), true)
    await page.locator('input[name=confirm]').fill('op-new')
    await shoot(page, 'server-delete')
    await answer(page, 'Delete')
    await page.getByText('Server deleted').waitFor()
    await eventually('the dashboard', () => new URL(page.url()).pathname, '/')
    await eventually(
        'the server is gone',
        async () => (await page.request.get(`${flexible.id}?api-version=2025-08-01`)).status(),
        404,
    )
    assertNoTrouble(page)
})

test('databases, parameters, networking, connection strings and JSON of a server', async () => {
    await world.provision({ name: 'op-parts' })
    await world.create_database({ server: 'op-parts', name: "it's $HOME", sql: 'CREATE TABLE t AS SELECT 1 AS a' })
    const page = await openPage(browser, url)
    await page.goto('/portal/flexible/rg/op-parts/databases')
    const row = (name) => page.getByRole('row').filter({ has: page.getByRole('cell', { name, exact: true }) })
    await hasText(row("it's $HOME"), /\d MB/)
    await button(page, 'Create').click()
    await dialog(page).getByText('View as JSON, curl or az').click()
    await dialog(page).getByRole('tab', { name: 'az' }).click()
    await hasText(dialog(page).locator('pre'), /--method put --url '.*\/databases\/<name>\?api-version=[^]*--body '\{/)
    await page.locator('input[name=database]').fill('made')
    await page.locator('input[name=collation]').fill('no_SUCH')
    await answer(page, 'Create')
    await dialog(page)
        .getByRole('alert')
        .getByText(/no_SUCH/)
        .waitFor()
    await page.locator('input[name=collation]').fill('C')
    await answer(page, 'Create')
    await hasText(row('made'), /UTF8\s+C\s/)
    await shootAll(page, 'server-databases')
    await button(page, 'Delete made').click()
    await answer(page, 'Delete')
    await closed(page)
    await hasCount(row('made'), 0)

    await part(page, 'Server parameters')
    await page.getByText(/\d+ parameters, the first 60 are shown/).waitFor()
    await page.getByRole('searchbox', { name: 'Search' }).fill('max_connections')
    await button(page, 'max_connections').click()
    await page.locator('input[name=value]').fill('many')
    await answer(page, 'Save')
    await dialog(page).getByRole('alert').getByText(/many/).waitFor()
    await page.locator('input[name=value]').fill('77')
    await answer(page, 'Save')
    await page.getByText('1 parameter will change with the next restart').waitFor()
    await page.getByLabel('Show').selectOption('Pending restart')
    await shootAll(page, 'server-parameters')
    await page.getByRole('status').getByRole('button', { name: 'Restart' }).click()
    await answer(page, 'Restart')
    await closed(page)
    await page.getByText('0 parameters').waitFor()
    await eventually('the setting', () => world.sql({ server: 'op-parts', database: 'postgres', sql: 'SHOW max_connections' }), [
        ['77'],
    ])

    await page.getByLabel('Show').selectOption('All')
    await page.getByRole('searchbox', { name: 'Search' }).fill('work_mem')
    for (const [value, origin] of [
        ['8192', 'Modified'],
        [null, 'Default'],
    ]) {
        await button(page, 'work_mem').click()
        if (value) await page.locator('input[name=value]').fill(value)
        else await answer(page, 'Use the default')
        await answer(page, 'Save')
        await closed(page)
        await hasText(row('work_mem'), new RegExp(origin))
    }

    await part(page, 'Networking')
    await button(page, 'Add firewall rule').click()
    await page.locator('input[name=rule-name]').fill('office')
    await page.locator('input[name=rule-start]').fill('203.0.113.300')
    await answer(page, 'Add')
    await dialog(page).getByRole('alert').getByText(/IPv4/).waitFor()
    await page.locator('input[name=rule-start]').fill('203.0.113.7')
    await answer(page, 'Add')
    await row('office').getByText('203.0.113.7').first().waitFor()
    await button(page, 'Disable public access').click()
    await answer(page, 'Save')
    await button(page, 'Enable public access').waitFor()
    await shootAll(page, 'server-networking')
    await button(page, 'Delete office').click()
    await answer(page, 'Delete')
    await hasCount(row('office'), 0)

    await part(page, 'Connection strings')
    await page.locator('input[name=database]').fill("it's $HOME")
    await page.getByText(`dbname='it\\\\'s \\$HOME'`).waitFor()
    await shootAll(page, 'server-connect')

    await part(page, 'JSON view')
    await hasText(page.locator('pre'), /"type": "Microsoft.DBforPostgreSQL\/flexibleServers"/)
    await shootAll(page, 'server-json')
    assertNoTrouble(page)
})

test('a single server is set up for logical replication; an attached one refuses what is not for Malachite to do', async () => {
    const page = await openPage(browser, url)
    await page.goto('/portal/single/rg/op-old/replication')
    const chosen = () => page.locator('input[name=replication]:checked').getAttribute('value')
    const level = () => world.sql({ server: 'op-old', database: 'postgres', sql: 'SHOW wal_level' })
    await page.getByRole('radio', { name: /^REPLICA/ }).check()
    await button(page, 'Discard').click()
    for (const [value, wal] of [
        ['REPLICA', 'replica'],
        ['LOGICAL', 'logical'],
    ]) {
        await page.getByRole('radio', { name: new RegExp(`^${value}`) }).check()
        if ((await level())[0][0] === wal) continue
        await button(page, 'Save').click()
        await page.getByText('The change takes effect with the next restart').waitFor()
        await shootAll(page, 'server-replication')
        await page.getByRole('status').getByRole('button', { name: 'Restart' }).click()
        await answer(page, 'Restart')
        await closed(page)
        await eventually('the choice', chosen, value)
        await eventually('the level', level, [[wal]])
    }
    await page.goto('/portal/single/rg/op-mine')
    await button(page, 'Restart').click()
    await answer(page, 'Restart')
    await dialog(page)
        .getByRole('alert')
        .getByText(/attached/)
        .waitFor()
    await answer(page, 'Cancel')
    await closed(page)
    assertNoTrouble(page)
})

test('the API page: versions, calls as curl that runs, and the files of other clients', async () => {
    const page = await openPage(browser, url)
    await page.goto('/')
    await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'API' }).click()
    await page.getByText(/\d+ calls, the first 40 are shown/).waitFor()
    await page.getByRole('searchbox', { name: 'Search' }).fill('Migrations_Create')
    await page.getByText('Migrations_Create').click()
    await hasText(page.locator('.calls pre'), /-X PUT '.*\?api-version=2025-08-01' [^]*"dbsToMigrate"/)
    await page.locator('select[name=version]').selectOption('2021-06-15-privatepreview')
    await page.getByText('Migrations_Create').click()
    await hasText(page.locator('.calls pre'), /privatepreview' [^]*"dBsToMigrate"/)
    await page.getByRole('searchbox', { name: 'Search' }).fill('GET Subscriptions_List')
    await page.locator('.calls summary', { hasText: /Subscriptions_List\b/ }).click()
    const command = await page.locator('.calls pre').first().innerText()
    const answered = JSON.parse(execFileSync('bash', ['-c', command], { encoding: 'utf8' }))
    assert.equal(answered.value.length, 1, command)
    await shootAll(page, 'api')
    for (const name of ['malachite.postman_collection.json', 'malachite.http']) {
        const saved = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name, exact: true }).click()])
        assert.equal(saved[0].suggestedFilename(), name)
    }
    const document = await page.getByRole('link', { name: /^OpenAPI document/ }).getAttribute('href')
    assert.equal((await (await page.request.get(document)).json()).openapi.slice(0, 2), '3.')
    assertNoTrouble(page)
})

test("the newer portal's tabs: the same values, the newest api-version, a validation and a migration", async () => {
    const target = await world.provision({ name: 'newer' })
    await world.create_database({ server: 'op-mine', name: 'db5', sql: 'CREATE TABLE t AS SELECT 1 AS a' })
    const page = await openPage(browser, url)
    await page.goto(wizardPath('newer'))
    await page.locator('input[name=name]').fill('newer-one')
    await button(page, "Use the newer portal's tabs").click()
    await hasTexts(page.getByRole('tab'), ['Setup', 'Runtime server', 'Source', 'Target', 'Databases', 'Summary'])
    await hasValue(page.locator('input[name=name]'), 'newer-one')
    await page.getByRole('button', { name: 'Next : Runtime server >' }).click()
    await page.getByText('Select a migration mode.').waitFor()
    await page.locator('select[name=mode]').selectOption('Offline')
    await page.locator('select[name=sourceType]').selectOption('AWS_RDS')
    await shootAll(page, 'newer-1-setup')
    await next(page, 'Runtime server')
    await page.locator('select[name=useRuntime]').selectOption('Yes')
    await page.getByRole('button', { name: 'Next : Source >' }).click()
    await page.getByText('Select a server.').waitFor()
    await page.locator('select[name=useRuntime]').selectOption('No')
    await next(page, 'Source')
    await page.locator('input[name=host]').fill(source.host)
    await page.locator('input[name=port]').fill(String(source.port))
    await page.locator('input[name=login]').fill(source.login)
    await page.locator('input[name=sourcePassword]').fill(source.password)
    await page.locator('select[name=sslMode]').selectOption('Require') // which the source does not have
    await button(page, 'Connect to source').click()
    await page.locator('.note-error').getByText(/SSL/).waitFor()
    await page.locator('select[name=sslMode]').selectOption('Prefer')
    await button(page, 'Connect to source').click()
    await page.getByText('Connected. PostgreSQL').waitFor()
    await shootAll(page, 'newer-3-source')
    await next(page, 'Target')
    await page.locator('input[name=targetPassword]').fill(target.password)
    await page.locator('select[name=overwrite]').selectOption('Yes')
    await next(page, 'Databases')
    await page.locator('input[name=database][value=db5]').check()
    await shootAll(page, 'newer-5-databases')
    await next(page, 'Summary')
    await page.getByText('View as JSON, curl or az').click()
    await hasText(page.locator('.view-as pre'), /"migrationOption": "ValidateAndMigrate",\s+"sourceType": "AWS_RDS"/)
    await shootAll(page, 'newer-6-summary')
    await button(page, 'Start validation and migration').click()
    await page.getByText('Migration created').waitFor()
    const made = await world.wait({ path: `${target.id}/migrations/newer-one`, until: 'Succeeded' })
    assert.equal(made.properties.sourceType, 'AWS_RDS')
    assert.equal(made.properties.migrationOption, 'ValidateAndMigrate')
    assert.deepEqual(made.properties.dbsToMigrate, ['db5'])

    await page.goto(detailsPath('newer', 'newer-one'))
    await page.getByText('View as JSON, curl or az').click()
    await hasText(page.locator('.view-as pre'), /"name": "newer-one"/)
    await page.getByRole('tab', { name: 'az', exact: true }).click()
    await hasText(page.locator('.view-as pre'), /^az postgres flexible-server migration show .* --migration-name newer-one$/)
    assertNoTrouble(page)
})
