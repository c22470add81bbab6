// --auth strict: the portal signs in itself, and accepts only its secret.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import { assertNoTrouble, button, gridPath } from './steps.mjs'
import { openBrowser, openPage, openWorld, shoot } from './world.mjs'

const world = openWorld()
const SECRET = 'a $ecret & more'
let browser, url

before(async () => {
    ;({ url } = await world.start({ options: ['--auth', 'strict', '--client-secret', SECRET] }))
    await world.attach({ name: 'dst', kind: 'flexibleServers' })
    browser = await openBrowser()
})
after(async () => {
    await browser?.close()
    await world.end()
})

test('signing in, staying signed in, signing out', async () => {
    const page = await openPage(browser, url)
    await page.goto(gridPath('dst'))
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
    await page.locator('input[name=client_secret]').fill('wrong')
    await button(page, 'Sign in').click()
    await page.getByText('Invalid client secret provided').waitFor()
    await shoot(page, 'sign-in')
    await page.locator('input[name=client_secret]').fill(SECRET)
    await button(page, 'Sign in').click()
    await page.getByText('No migration configured or in progress.').waitFor()
    assert.ok(!(await page.evaluate(() => JSON.stringify([{ ...sessionStorage }, { ...localStorage }]))).includes(SECRET))
    await page.reload()
    await page.getByText('No migration configured or in progress.').waitFor()
    await button(page, 'Sign out').click()
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
    assertNoTrouble(page)
})

test('a token that no longer counts leads back to the sign-in, and then on', async () => {
    const page = await openPage(browser, url)
    await page.goto(gridPath('dst'))
    await page.evaluate(() => sessionStorage.setItem('malachite.token', 'e30.e30.e30'))
    await page.reload()
    await page.getByText('Your token has expired.').waitFor()
    await page.locator('input[name=client_secret]').fill(SECRET)
    await button(page, 'Sign in').click()
    await page.getByText('No migration configured or in progress.').waitFor()
})

test('connections are tested for those who are signed in only', async () => {
    const answer = await fetch(`${url}/_malachite/connection`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: '{"server":"127.0.0.1:1@a","password":"b"}',
    })
    assert.equal(answer.status, 401)
})
