// What several tests do on the pages.
import assert from 'node:assert/strict'
import { isDeepStrictEqual } from 'node:util'

export const gridPath = (server) => `/portal/flexible/rg/${server}/migrations`
export const wizardPath = (server) => `/portal/flexible/rg/${server}/migrate`
export const detailsPath = (server, name) => `${gridPath(server)}/${name}`

export const button = (page, name) => page.getByRole('button', { name, exact: true })

export async function fillSetup(page, name, secret = 'malachite') {
    await page.locator('input[name=name]').fill(name)
    await page.locator('[data-field=app] .link').click()
    await page.getByRole('button', { name: 'Malachite 00000000' }).click()
    await page.locator('input[name=secret]').fill(secret)
    await page.getByText('The name is available.').waitFor()
}

export async function chooseSource(page, source, databases, mode = 'Offline') {
    await page.locator('select[name=sourceGroup]').selectOption('rg')
    await page.locator('select[name=sourceId]').selectOption(source.id)
    await page.locator('input[name=sourcePassword]').fill(source.password)
    for (const name of databases)
        await page
            .locator(`.check-list label`)
            .filter({ has: page.locator(`text="${name}"`) })
            .locator('input')
            .check()
    await page.locator('select[name=mode]').selectOption(mode)
}

export const next = async (page, tab) => {
    await page.getByRole('button', { name: `Next : ${tab} >` }).click()
    await page.getByRole('tab', { name: tab, selected: true }).waitFor()
}

/** From the grid to the grid, with the migration made. */
export async function createMigration(page, { source, target, name, databases, mode = 'Offline', overwrite = 'No' }) {
    await page.goto(wizardPath('dst'))
    await fillSetup(page, name)
    await next(page, 'Source')
    await chooseSource(page, source, databases, mode)
    await next(page, 'Target')
    await page.locator('input[name=targetPassword]').fill(target.password)
    await page.locator('select[name=overwrite]').selectOption(overwrite)
    await next(page, 'Networking')
    await next(page, 'Review + create')
    await page.getByRole('button', { name: 'Create', exact: true }).click()
    await page.getByText('Migration created').waitFor()
}

/** No error of a script, no request beyond Malachite, nothing that the policy refuses. */
export function assertNoTrouble(page) {
    assert.deepEqual(page.troubles, [])
}

/**
 * Reads until the value equals the wanted one. Use it for everything on a page: what a page shows arrives in its own time.
 * An absence (0, false, []) says nothing about a page that still loads, so wait for something on the page first.
 */
export async function eventually(what, read, wanted, ms = 30_000) {
    const matches = (value) => (wanted instanceof RegExp ? wanted.test(value) : isDeepStrictEqual(value, wanted))
    await until(`${what} to become ${wanted instanceof RegExp ? wanted : JSON.stringify(wanted)}`, read, matches, ms)
}

export const hasValue = (locator, value) => eventually('the value of a field', () => locator.inputValue(), value)
export const hasText = (locator, text) => eventually('a text', () => locator.innerText(), text)
export const hasTexts = (locator, texts) =>
    eventually('texts', async () => (await locator.allInnerTexts()).map((text) => text.trim()), texts)
export const hasCount = (locator, count) => eventually('the number of elements', () => locator.count(), count)
export const hasFocus = (locator) =>
    eventually('the focus', () => locator.evaluate((element) => element === document.activeElement), true)

/** Until the condition holds; the last value is in the message. */
export async function until(what, read, condition = Boolean, ms = 30_000) {
    const end = Date.now() + ms
    for (;;) {
        const value = await read()
        if (condition(value)) return value
        assert.ok(Date.now() < end, `waited ${ms} ms in vain for ${what}; last: ${JSON.stringify(value)}`)
        await new Promise((resolve) => setTimeout(resolve, 50))
    }
}
