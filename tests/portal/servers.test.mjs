// Servers made in the portal, and resource providers registered there.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import {
    assertNoTrouble,
    button,
    chooseSource,
    eventually,
    fillSetup,
    hasCount,
    hasText,
    next,
    until,
    wizardPath,
} from './steps.mjs'
import { openBrowser, openPage, openWorld, shoot, shootAll } from './world.mjs'

const world = openWorld()
let browser, url, source, target

before(async () => {
    ;({ url } = await world.start())
    source = await world.attach({ name: 'src' })
    target = await world.provision({ name: 'dst' })
    browser = await openBrowser()
    await world.create_database({ server: 'src', name: 'shop', sql: 'CREATE TABLE t (a int PRIMARY KEY)' })
})
after(async () => {
    await browser?.close()
    await world.end()
})

test('servers are created from the portal: a provisioned target, an attached source', async () => {
    const page = await openPage(browser, url)
    await page.goto('/')
    await page.getByRole('link', { name: 'Create flexible server' }).click()
    await button(page, 'Create').click()
    await page.getByText('3 to 63 lowercase letters').waitFor()
    await page.locator('input[name=name]').fill('dst')
    await page
        .locator('[data-field=name]')
        .getByText(/already|taken|use/)
        .waitFor()
    await page.locator('select[name=group]').selectOption({ label: 'Create new...' })
    await page.locator('input[name=newGroup]').fill('fresh-group')
    await page.locator('input[name=name]').fill('made-here')
    await page.locator('select[name=version]').selectOption('15')
    await page.locator('input[name=login]').fill('boss')
    await page.locator('input[name=password]').fill('secret-one')
    await page.getByText('at least three of the kinds upper-case letter').waitFor()
    await page.locator('input[name=password]').fill('Secret-1')
    await page.getByText('View as JSON, curl or az').click()
    await hasText(page.locator('.view-as pre'), /"administratorLoginPassword": "<administratorLoginPassword>"/)
    await shootAll(page, 'create-server')
    await button(page, 'Create').click()
    await page.getByRole('heading', { level: 1, name: 'made-here' }).waitFor()
    await page.getByText('Ready', { exact: true }).waitFor()
    await eventually('the address', () => new URL(page.url()).pathname, '/portal/flexible/fresh-group/made-here')

    await page.goto('/portal/create-server?kind=single')
    await page.locator('select[name=group]').selectOption('rg')
    await page.locator('input[name=name]').fill('old-one')
    await page.locator('input[name=host]').fill(source.host)
    await page.locator('input[name=port]').fill(String(source.port))
    await page.locator('input[name=login]').fill(source.login)
    await page.locator('input[name=password]').fill('not-this')
    await button(page, 'Create').click()
    await page.getByText('password authentication failed').waitFor()
    await page.locator('input[name=password]').fill(source.password)
    await button(page, 'Create').click()
    await page.getByRole('heading', { level: 1, name: 'old-one' }).waitFor()
    await page.getByRole('button', { name: 'Migrate now' }).click()
    await page.locator('select[name=target]').selectOption({ label: 'made-here' })
    await button(page, 'Go to migration wizard').click()
    await page.getByRole('tab', { name: 'Source' }).click()
    await until(
        'the server',
        () => page.locator('select[name=sourceId]').inputValue(),
        (value) => value.endsWith('/old-one'),
    )
    assertNoTrouble(page)
})

test('nothing of a failed attempt stays: attached first, then one of its own', async () => {
    const page = await openPage(browser, url)
    await page.goto('/portal/create-server?kind=flexible')
    await page.locator('select[name=group]').selectOption('rg')
    await page.locator('input[name=name]').fill('second-try')
    await page.locator('select[name=how]').selectOption('attached')
    await page.locator('input[name=port]').fill('1')
    await page.locator('input[name=login]').fill('boss')
    await page.locator('input[name=password]').fill('Secret-1')
    await button(page, 'Create').click()
    await page.getByText('Cannot create the server').waitFor()
    await page.locator('select[name=how]').selectOption('provisioned')
    await page.locator('select[name=version]').selectOption('15')
    await button(page, 'Create').click()
    await page.getByRole('heading', { level: 1, name: 'second-try' }).waitFor()
    const made = await world.get({
        path: `/subscriptions/${target.id.split('/')[2]}/resourceGroups/rg/providers/Microsoft.DBforPostgreSQL/flexibleServers/second-try`,
    })
    assert.deepEqual([made.properties.state, made.tags ?? {}], ['Ready', {}])
    assertNoTrouble(page)
})

test('resource providers: filter, unregister, register; without it Create says what is missing', async () => {
    const page = await openPage(browser, url)
    await page.goto('/')
    await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Subscription' }).click()
    await page.getByRole('navigation', { name: 'Subscription' }).getByRole('link', { name: 'Resource providers' }).click()
    await page.getByPlaceholder('Filter by name...').fill('DataMigration')
    await hasCount(page.locator('tbody tr'), 1)
    await eventually('Register is disabled', () => button(page, 'Register').isDisabled(), true)
    await page.getByLabel('Microsoft.DataMigration').check()
    await button(page, 'Unregister').click()
    await page.getByRole('row', { name: /Microsoft.DataMigration NotRegistered/ }).waitFor()

    const second = await openPage(browser, url)
    await second.goto(wizardPath('dst'))
    await second.getByText('Microsoft.DataMigration is not registered').waitFor()
    await fillSetup(second, 'unregistered')
    await next(second, 'Source')
    await chooseSource(second, source, ['shop'])
    await next(second, 'Target')
    await second.locator('input[name=targetPassword]').fill(target.password)
    await next(second, 'Networking')
    await next(second, 'Review + create')
    await button(second, 'Create').click()
    await second.getByText('and click Create again').waitFor()

    await shoot(page, 'resource-providers')
    await button(page, 'Register').click()
    await page.getByRole('row', { name: /Microsoft.DataMigration Registered/ }).waitFor()
    await button(second, 'Create').click()
    await second.getByText('Migration created').waitFor()
    assertNoTrouble(page)
    assertNoTrouble(second)
})
