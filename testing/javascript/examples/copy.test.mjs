// A test of a tool that drives migrations, as its author would write it.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

import { Malachite, start } from '../malachite-testing.mjs'

const password = 'Secret-1234'
const servers = '/resourceGroups/rg/providers/Microsoft.DBforPostgreSQL/flexibleServers'
let malachite

async function putServer(name) {
    const properties = { administratorLogin: 'boss', administratorLoginPassword: password }
    const sku = { name: 'Standard_D2ds_v5', tier: 'GeneralPurpose' }
    await malachite.arm('PUT', `${servers}/${name}`, { location: 'eastus', sku, properties })
    for (const end = Date.now() + 60000; Date.now() < end; await sleep(100)) {
        const found = (await malachite.arm('GET', `${servers}/${name}`)).properties
        if (found.state === 'Ready') return found
    }
    throw new Error(`${name} did not become Ready`)
}

function sql(server, database, text) {
    const address = `host=${server.fullyQualifiedDomainName} port=${server.port ?? 5432} user=boss password=${password}`
    execFileSync('psql', ['-qX', `${address} dbname=${database}`, '-c', text])
}

before(async () => {
    malachite = new Malachite(await start())
    await malachite.arm('PUT', '/resourceGroups/rg', { location: 'eastus' })
    const old = await putServer('old')
    await putServer('new')
    sql(old, 'postgres', 'CREATE DATABASE shop')
    sql(old, 'shop', 'CREATE TABLE orders AS SELECT id, now() AS at FROM generate_series(1, 2000) AS id')
})

after(() => malachite.remove())

test('a full disk at row 1000 fails the migration', async () => {
    const fail = { sqlstate: '53100', message: 'could not extend file: No space left on device' }
    const rule = await malachite.rule({ at: 'copy.rows', match: { table: 'public.orders' }, skip: 1000, do: { fail } })
    await malachite.arm('PUT', `${servers}/new/migrations/m1`, {
        location: 'eastus',
        properties: {
            sourceDbServerResourceId: `/subscriptions/${malachite.subscription}${servers}/old`,
            dbsToMigrate: ['shop'],
            migrationMode: 'Offline',
            secretParameters: {
                adminCredentials: { sourceServerPassword: password, targetServerPassword: password },
            },
        },
    })
    await rule.wait()
    const failed = await malachite.wait('m1', { state: 'Failed' })
    assert.match(failed.error, /No space left on device/)
    assert.equal((await malachite.requests({ operation: 'Migrations_Create' })).length, 1)
})
