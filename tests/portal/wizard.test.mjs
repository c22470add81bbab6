// The wizard: five tabs, as the guide tells.
import assert from 'node:assert/strict'
import { after, afterEach, before, test } from 'node:test'

import {
    assertNoTrouble,
    button,
    chooseSource,
    detailsPath,
    eventually,
    fillSetup,
    gridPath,
    hasCount,
    hasText,
    hasTexts,
    hasValue,
    next,
    until,
    wizardPath,
} from './steps.mjs'
import { openBrowser, openPage, openWorld, shoot, shootAll } from './world.mjs'

const HOSTILE = [`<img src=x onerror=alert(1)>`, `it's "quoted" & <b>bold</b>`, 'ü'.repeat(31) + 'x'] // the last has 63 bytes
const world = openWorld()
let browser, url, source, target

before(async () => {
    ;({ url } = await world.start({ register: false }))
    source = await world.attach({ name: 'src' })
    target = await world.provision({ name: 'dst' })
    browser = await openBrowser()
    for (const name of ['shop', ...HOSTILE, ...Array.from({ length: 6 }, (_, index) => `db${index}`)]) {
        await world.create_database({
            server: 'src',
            name,
            sql: 'CREATE TABLE t (a int PRIMARY KEY); INSERT INTO t SELECT generate_series(1, 500)',
        })
    }
})
afterEach(() => world.register()) // the first test begins without it, and may have failed before it registered
after(async () => {
    await browser?.close()
    await world.end()
})

test('from the dashboard through all five tabs to a migration that succeeds', async () => {
    const page = await openPage(browser, url)
    await page.goto('/')
    await page.getByRole('link', { name: 'dst' }).click()
    await page.getByRole('heading', { name: 'Essentials' }).waitFor()
    await shoot(page, 'overview')
    await page.getByRole('navigation', { name: 'Server' }).getByRole('link', { name: 'Migration (preview)' }).click()
    await page.getByText('No migration configured or in progress.').waitFor()
    await shoot(page, 'grid-empty')
    await page.getByRole('link', { name: 'Migrate from Single Server' }).click()

    // Setup: not registered yet, and nothing filled in.
    await page.getByRole('heading', { name: 'Migrate from single server into this PostgreSQL flexible server' }).waitFor()
    await hasTexts(page.getByRole('tab'), ['Setup', 'Source', 'Target', 'Networking', 'Review + create'])
    await shootAll(page, 'wizard-1-setup')
    await button(page, 'Register').click()
    await page.getByText('Resource provider registered').waitFor()
    await page.getByRole('button', { name: 'Next : Source >' }).click()
    await page.getByRole('tab', { name: 'Setup (has errors)', selected: true }).waitFor()
    await hasCount(page.getByText('The value should not be empty.'), 1)
    await hasCount(page.locator('input[name=secret]'), 0) // not before an application was chosen
    await shootAll(page, 'wizard-1-setup-errors')
    await fillSetup(page, 'first-try', 'some-client-secret')
    await hasValue(page.locator('select[name=migrationGroup]'), 'rg')
    await next(page, 'Source')

    // Nothing is said about a password before there is one, and an empty list says what to do.
    const prompt = (name) => page.locator(`select[name=${name}]`).evaluate((select) => select.selectedOptions[0]?.text)
    await eventually('the prompt', () => prompt('sourceGroup'), 'Select a resource group')
    await eventually('the prompt', () => prompt('sourceId'), 'Select a server')
    await hasCount(page.getByText('Connected. PostgreSQL'), 0)
    await hasCount(page.locator('input[name=sourcePassword] + .mark'), 0)

    // Source: what the server tells is filled in.
    await page.locator('select[name=sourceGroup]').selectOption('rg')
    await page.locator('select[name=sourceId]').selectOption(source.id)
    await page.getByText('postgres@src', { exact: true }).waitFor()
    await page.locator('input[name=sourcePassword]').fill('wrong')
    await page.locator('input[name=sourcePassword]').blur()
    await page.getByText('password authentication failed').waitFor()
    await page.getByRole('button', { name: 'Next : Target >' }).click()
    await page.getByRole('tab', { name: 'Source (has errors)', selected: true }).waitFor()
    await shootAll(page, 'wizard-2-source-errors')
    await chooseSource(page, source, ['shop'], 'Online')
    await page.getByText('All logical replication').waitFor()
    await page.locator('select[name=mode]').selectOption('Offline')
    await page.getByText('Keep your applications stopped').waitFor()
    await hasCount(page.getByText('All logical replication'), 0)
    await page.getByText('Connected. PostgreSQL').waitFor()
    await shootAll(page, 'wizard-2-source')
    await next(page, 'Target')

    await page.locator('input[name=targetPassword]').waitFor()
    await hasCount(page.getByText('Connected. PostgreSQL'), 0)
    await page.locator('input[name=targetPassword]').fill(target.password)
    await page.locator('select[name=overwrite]').selectOption('Yes')
    await page.getByText('will overwrite data in these DBs').waitFor()
    await page.locator('select[name=overwrite]').selectOption('No')
    await shootAll(page, 'wizard-3-target')
    await next(page, 'Networking')
    await page.getByText('Both servers use public access').waitFor()
    await hasCount(page.locator('#tab-panel').locator('input, select'), 0)
    await shoot(page, 'wizard-4-networking')

    // Going back keeps what was entered.
    await page.getByRole('button', { name: '< Previous' }).click()
    await hasValue(page.locator('input[name=targetPassword]'), target.password)
    await next(page, 'Networking')
    await next(page, 'Review + create')
    for (const text of [
        'first-try',
        '00000000-0000-4000-8000-00000000c11e',
        '00000000-0000-4000-8000-00000000da7a',
        'postgres@src',
        'shop',
        'Offline',
        'pgadmin',
    ])
        await until(
            `${text} in the review`,
            () => page.locator('#tab-panel').innerText(),
            (review) => review.includes(text),
        )
    await page.getByText('View as JSON, curl or az').click()
    await hasText(page.locator('.view-as pre'), /"aadSecret": "<aadSecret>"/)
    await page.getByRole('tab', { name: 'curl', exact: true }).click()
    await hasText(page.locator('.view-as pre'), /-X PUT '.*\/first-try\?api-version=2021-06-15-privatepreview'/)
    const whole = await page.content()
    for (const secret of [source.password, target.password, 'some-client-secret'])
        assert.ok(!whole.includes(secret), 'a secret is on the page')
    assert.ok(
        !(await page.evaluate(() => JSON.stringify([{ ...sessionStorage }, { ...localStorage }]))).includes(target.password),
        'a secret is kept in the browser',
    )
    await shootAll(page, 'wizard-5-review')

    // However often it is clicked: one PUT, one migration.
    await page.getByRole('button', { name: 'Create', exact: true }).evaluate((element) => {
        for (let i = 0; i < 5; i++) element.click()
    })
    await page.getByText('Migration created').waitFor()
    await page.waitForURL(`**${gridPath('dst')}`)
    await page.getByRole('row', { name: /first-try/ }).waitFor()
    await shoot(page, 'grid-created')
    const puts = (await world.requests({ operation: 'Migrations_Create' })).filter(({ path }) => path.includes('first-try'))
    assert.equal(puts.length, 1)
    await page.getByRole('row', { name: /first-try.*Succeeded/ }).waitFor()
    await page.getByRole('link', { name: 'first-try' }).click()
    await page.getByRole('heading', { name: 'Post-migration steps' }).waitFor()
    assert.equal((await world.sql({ server: 'dst', database: 'shop', sql: 'SELECT count(*) FROM t' }))[0][0], 500)
    await shootAll(page, 'details-succeeded')
    assertNoTrouble(page)
})

test('the name is checked while it is typed, by the service', async () => {
    const page = await openPage(browser, url)
    await page.goto(wizardPath('dst'))
    const name = page.locator('input[name=name]')
    const says = async (value, text) => {
        await name.fill(value)
        await page.locator('[data-field=name] .notes').getByText(text).waitFor()
    }
    await says('-a', 'must not begin with a hyphen')
    for (const bad of ['a_b', 'a.b', 'a b', 'é', 'x'.repeat(64)]) await says(bad, 'Use at most 63 letters, digits and hyphens.')
    for (const good of ['a', 'A1-b', '0-0', 'a-']) await says(good, 'The name is available.')
    await world.put_migration({ source: 'src', target: 'dst', name: 'taken', databases: ['db0'] })
    await says('TAKEN', /already|exists|used|taken/i)
    assertNoTrouble(page)
})

test('nine databases: the ninth is refused, markup in names stays text', async () => {
    const page = await openPage(browser, url)
    await page.goto(`${wizardPath('dst')}?tab=source`)
    await page.locator('select[name=sourceGroup]').selectOption('rg')
    await page.locator('select[name=sourceId]').selectOption(source.id)
    const boxes = page.locator('.check-list input')
    await boxes.nth(9).waitFor()
    for (let index = 0; index < 8; index++) await boxes.nth(index).check()
    await eventually('the ninth database is disabled', () => boxes.nth(8).isDisabled(), true)
    await page.getByText('8 of 8 selected.').waitFor()
    await page.getByText('create another migration between the same servers').waitFor()
    await page.getByPlaceholder('Filter by name...').fill('<img')
    await hasTexts(page.locator('.check-list'), [HOSTILE[0]])
    await shootAll(page, 'wizard-2-nine-databases')
    assertNoTrouble(page)
})

test('databases whose names hold markup, quotes and 63 bytes are migrated', async () => {
    const page = await openPage(browser, url)
    page.on('dialog', () => page.troubles.push('a script of a name ran'))
    await page.goto(wizardPath('dst'))
    await fillSetup(page, 'hostile')
    await next(page, 'Source')
    await page.getByLabel('Any other PostgreSQL (host and port)').check()
    await page.locator('input[name=host]').fill(source.host)
    await page.locator('input[name=port]').fill(String(source.port))
    await page.locator('input[name=login]').fill(source.login)
    await page.locator('input[name=sourcePassword]').fill(source.password)
    await page.locator('input[name=sourcePassword]').blur()
    const labels = page.locator('.check-list label')
    const texts = await until(
        'the databases',
        () => labels.allInnerTexts(),
        (found) => HOSTILE.every((name) => found.includes(name)),
    )
    for (const name of HOSTILE) await labels.nth(texts.indexOf(name)).locator('input').check()
    await page.locator('select[name=mode]').selectOption('Offline')
    await next(page, 'Target')
    await page.locator('input[name=targetPassword]').fill(target.password)
    await next(page, 'Networking')
    await next(page, 'Review + create')
    await button(page, 'Create').click()
    await page.getByRole('row', { name: /hostile.*Succeeded/ }).waitFor()
    // No resource tells the version of this source; the migration does.
    await page.getByRole('row', { name: new RegExp(`hostile.* ${source.host}:${source.port} .* 15 `) }).waitFor()
    await page.getByRole('link', { name: 'hostile' }).click()
    for (const name of HOSTILE) {
        await page.getByRole('button', { name, exact: true }).click()
        await page.getByRole('dialog').getByRole('heading', { name, exact: true }).waitFor()
        await page.getByRole('dialog').getByText('public.t').waitFor()
        if (name === HOSTILE[1]) await shoot(page, 'panel-hostile-name')
        await page.reload()
        await page.getByRole('dialog').getByText('public.t').waitFor()
        await page.keyboard.press('Escape')
        await page.getByRole('dialog').waitFor({ state: 'detached' })
    }
    assertNoTrouble(page)
})

test('a reload in the middle keeps everything but the secrets', async () => {
    const page = await openPage(browser, url)
    await page.goto(wizardPath('dst'))
    await fillSetup(page, 'reloaded')
    await next(page, 'Source')
    await chooseSource(page, source, ['db1', 'db2'], 'Offline')
    await page.reload()
    await page.getByText('except for secrets and passwords').waitFor()
    await page.getByText('2 of 8 selected.').waitFor()
    await hasValue(page.locator('select[name=mode]'), 'Offline')
    await hasValue(page.locator('input[name=sourcePassword]'), '')
    await page.getByRole('button', { name: 'Review + create' }).click()
    await page.getByRole('tab', { name: 'Setup (has errors)', selected: true }).waitFor()
    await hasValue(page.locator('input[name=name]'), 'reloaded')
    assertNoTrouble(page)
})

test('private access: the subnet is filled in and sent', async () => {
    const subnet =
        '/subscriptions/00000000-0000-4000-8000-00000000ca11/resourceGroups/nets/providers/Microsoft.Network/virtualNetworks/vnet1/subnets/sub1'
    await world.put_server({ name: 'private', network: { delegatedSubnetResourceId: subnet } })
    const page = await openPage(browser, url)
    await page.goto(`${wizardPath('private')}?tab=networking`)
    await hasValue(page.locator('input[name=network-network]'), 'vnet1')
    await hasValue(page.locator('input[name=network-subnet]'), 'sub1')
    await hasValue(page.locator('select[name=network-group]'), 'nets')
    await shootAll(page, 'wizard-4-networking-private')
    await page.locator('input[name=network-subnet]').fill('')
    await page.getByRole('button', { name: 'Next : Review + create >' }).click()
    await page.getByRole('tab', { name: 'Networking (has errors)', selected: true }).waitFor()
    assertNoTrouble(page)
})

test('a private single server: networks to choose from, the subnet of its endpoint is filled in and sent', async () => {
    await world.register()
    const NETWORK = '/resourceGroups/rg/providers/Microsoft.Network'
    const subnets = (...names) => names.map((name, index) => ({ name, properties: { addressPrefix: `10.0.${index}.0/24` } }))
    const network = (...names) => ({
        location: 'eastus',
        properties: { addressSpace: { addressPrefixes: ['10.0.0.0/16'] }, subnets: subnets(...names) },
    })
    const home = await world.put({ path: `${NETWORK}/virtualNetworks/home`, body: network('near', 'far') })
    await world.put({ path: `${NETWORK}/virtualNetworks/away`, body: network('only') })
    const hidden = await world.attach({ name: 'hidden' })
    await world.create_database({ server: 'hidden', name: 'vault', sql: 'CREATE TABLE t (a int PRIMARY KEY)' })
    await world.put({
        path: `${NETWORK}/privateEndpoints/door`,
        body: {
            location: 'eastus',
            properties: {
                subnet: { id: `${home}/subnets/near` },
                privateLinkServiceConnections: [{ name: 'door', properties: { privateLinkServiceId: hidden.id } }],
            },
        },
    })
    const page = await openPage(browser, url)
    const prompt = (name) => page.locator(`select[name=${name}]`).evaluate((select) => select.selectedOptions[0]?.text)
    await page.goto(wizardPath('dst'))
    await fillSetup(page, 'from-hidden')
    await next(page, 'Source')
    await chooseSource(page, hidden, ['vault'])
    await next(page, 'Target')
    await page.locator('input[name=targetPassword]').fill(target.password)
    // With public access, the endpoint alone asks for nothing.
    await next(page, 'Networking')
    await page.getByText('Both servers use public access').waitFor()
    await world.patch_server({ name: 'hidden', publicNetworkAccess: 'Disabled' })
    await page.reload()
    await hasValue(page.locator('select[name=network-network]'), 'home')
    await hasValue(page.locator('select[name=network-subnet]'), 'near')
    await hasTexts(page.locator('select[name=network-network] option:enabled'), ['away', 'home'])
    await hasTexts(page.locator('select[name=network-subnet] option:enabled'), ['near', 'far'])
    await shootAll(page, 'wizard-4-networking-choice')
    await page.locator('select[name=network-network]').selectOption('away')
    await eventually('the prompt', () => prompt('network-subnet'), 'Select a subnet')
    await page.getByRole('button', { name: 'Next : Review + create >' }).click()
    await page.getByRole('tab', { name: 'Networking (has errors)', selected: true }).waitFor()
    await page.locator('select[name=network-subnet]').selectOption('only')
    await page.locator('select[name=network-network]').selectOption('home')
    await page.locator('select[name=network-subnet]').selectOption('far')
    await page.getByRole('tab', { name: 'Setup' }).click()
    await page.locator('input[name=secret]').fill('malachite')
    await page.getByRole('tab', { name: 'Source' }).click()
    await page.locator('input[name=sourcePassword]').fill(hidden.password)
    await page.getByRole('tab', { name: 'Target' }).click()
    await page.locator('input[name=targetPassword]').fill(target.password)
    await page.getByRole('button', { name: 'Review + create' }).click()
    await page.getByRole('tab', { name: 'Review + create', selected: true }).waitFor()
    await button(page, 'Create').click()
    await page.getByRole('row', { name: /from-hidden.*Succeeded/ }).waitFor()
    const { properties } = await world.get({
        path: `${target.id}/migrations/from-hidden`,
        version: '2021-06-15-privatepreview',
    })
    assert.equal(properties.migrationResourceGroup.subnetResourceId, `${home}/subnets/far`)
    assertNoTrouble(page)
})

test('another region is told, not refused', async () => {
    await world.put_server({ name: 'faraway', location: 'westeurope' })
    const page = await openPage(browser, url)
    await page.goto(`${wizardPath('faraway')}?tab=source`)
    await page.locator('select[name=sourceGroup]').selectOption('rg')
    await page.locator('select[name=sourceId]').selectOption(source.id)
    await page.getByText('the service recommends the same region').waitFor()
})

test('an error of the service stays on the review tab and marks the tab', async () => {
    const page = await openPage(browser, url)
    await page.route('**/migrations/refused?**', (route) =>
        route.fulfill({
            status: 400,
            contentType: 'application/json',
            body: JSON.stringify({
                error: {
                    code: 'InvalidParameterValue',
                    message: 'Refused <b>for a reason</b>.',
                    target: 'properties.dBsToMigrate',
                },
            }),
        }),
    )
    await page.goto(wizardPath('dst'))
    await fillSetup(page, 'refused')
    await next(page, 'Source')
    await chooseSource(page, source, ['db3'])
    await next(page, 'Target')
    await page.locator('input[name=targetPassword]').fill(target.password)
    await next(page, 'Networking')
    await next(page, 'Review + create')
    await button(page, 'Create').click()
    await page.getByText('Refused <b>for a reason</b>.').waitFor()
    await page.unroute('**/migrations/refused?**')
    await button(page, 'Create').click()
    await page.getByText('Migration created').waitFor()
    assertNoTrouble(page)
})

test('a similar migration after a failure takes over all but name and secrets', async () => {
    await world.put_migration({ source: 'src', target: 'dst', name: 'fails', databases: ['not-there'] })
    const page = await openPage(browser, url)
    await page.goto(detailsPath('dst', 'fails'))
    await page.getByText('Migration failed', { exact: true }).waitFor()
    await page.getByText('What to do: Check the spelling of the database names').waitFor()
    await shootAll(page, 'details-failed')
    await page.getByRole('link', { name: 'Create a similar migration' }).click()
    await hasValue(page.locator('input[name=name]'), '')
    await page.getByRole('tab', { name: 'Source' }).click()
    await hasValue(page.locator('select[name=sourceId]'), source.id)
    await hasValue(page.locator('select[name=mode]'), 'Offline')
    assertNoTrouble(page)
})
