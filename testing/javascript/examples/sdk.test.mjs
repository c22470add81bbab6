// The same with Azure's SDK: the program under test uses the SDK, the test uses the helper.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import { PostgreSQLManagementFlexibleServerClient } from '@azure/arm-postgresql-flexible'

import { Malachite, start } from '../malachite-testing.mjs'

const location = 'eastus'
// What a recording of a real run looks like; GET /_malachite/migrations/{id}/recording exports one.
const recording = {
    databases: ['shop'],
    timeline: [
        { at: 0, state: 'InProgress', substate: 'PerformingPreRequisiteSteps' },
        { at: 10, state: 'InProgress', substate: 'MigratingData' },
        { at: 60, database: 'shop', state: 'InProgress', rowsCopied: 1000 },
        { at: 90, database: 'shop', state: 'Failed', rowsCopied: 1000, message: 'No space left on device' },
        { at: 91, state: 'Failed', substate: 'Completed', error: 'No space left on device' },
    ],
}
let malachite
let client

before(async () => {
    malachite = new Malachite(await start())
    const credential = { getToken: async () => ({ token: 'any', expiresOnTimestamp: Date.now() + 3600000 }) }
    const options = { endpoint: malachite.endpoint, allowInsecureConnection: true }
    client = new PostgreSQLManagementFlexibleServerClient(credential, malachite.subscription, options)
    client.pipeline.removePolicy({ name: 'bearerTokenAuthenticationPolicy' }) // which insists on HTTPS
    await malachite.arm('PUT', '/resourceGroups/rg', { location })
    const server = '/resourceGroups/rg/providers/Microsoft.DBforPostgreSQL/flexibleServers/new'
    const properties = { administratorLogin: 'boss', administratorLoginPassword: 'Secret-1234' }
    const tags = { 'malachite.host': '127.0.0.1', 'malachite.port': '1' } // nobody listens there
    await malachite.arm('PUT', server, { location, tags, properties })
    await malachite.call('PUT', '/_malachite/recordings/full-disk', recording)
})

after(() => malachite.remove())

test('a poller of the SDK sees the recorded failure', async () => {
    await client.migrations.create('rg', 'new', 'm1', {
        location,
        tags: { 'malachite.replay': 'full-disk', 'malachite.speed': '600' },
        sourceDbServerResourceId: 'nowhere:5432@nobody',
        dbsToMigrate: ['shop'],
        secretParameters: { adminCredentials: { sourceServerPassword: 'x', targetServerPassword: 'x' } },
    })
    await malachite.wait('m1', { state: 'Failed' })
    const { currentStatus } = await client.migrations.get('rg', 'new', 'm1')
    assert.equal(currentStatus.state, 'Failed')
    assert.match(currentStatus.error, /No space left on device/)
    assert.equal((await malachite.requests({ operation: 'Migrations_Get' })).length, 1)
})
