// The JavaScript SDK from sign-in to a finished migration, as a program of a user would call it. Run by
// test_javascript.py, which sets the environment that `malachite env node` prints.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

import { PostgreSQLManagementClient } from '@azure/arm-postgresql'
import { PostgreSQLManagementFlexibleServerClient } from '@azure/arm-postgresql-flexible'
import { ResourceManagementClient } from '@azure/arm-resources'
import { SubscriptionClient } from '@azure/arm-resources-subscriptions'
import { ClientSecretCredential } from '@azure/identity'

const { AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_CLIENT_SECRET, AZURE_AUTHORITY_HOST, AZURE_SUBSCRIPTION_ID } = process.env
const endpoint = process.env.AZURE_RESOURCE_MANAGER_ENDPOINT
const identity = { authorityHost: AZURE_AUTHORITY_HOST, disableInstanceDiscovery: true }
const credential = new ClientSecretCredential(AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_CLIENT_SECRET, identity)
const options = { endpoint }
const flexible = new PostgreSQLManagementFlexibleServerClient(credential, AZURE_SUBSCRIPTION_ID, options)
const single = new PostgreSQLManagementClient(credential, AZURE_SUBSCRIPTION_ID, options)
const resources = new ResourceManagementClient(credential, AZURE_SUBSCRIPTION_ID, options)
const subscriptions = new SubscriptionClient(credential, options)

const group = 'javascript'
const location = 'eastus'
const source = { name: 'js-source', login: 'sourceadmin', password: 'Js1-' + randomBytes(9).toString('hex') }
const target = { name: 'js-target', login: 'targetadmin', password: 'Js1-' + randomBytes(9).toString('hex') }
const names = []

async function collect(pages) {
    const items = []
    for await (const item of pages) {
        items.push(item)
    }
    return items
}

function psql(server, database, command) {
    const env = { ...process.env, PGPASSWORD: server.password, PGCONNECT_TIMEOUT: '10' }
    const words = ['-XAtq', '-v', 'ON_ERROR_STOP=1', '-h', server.host, '-p', String(server.port), '-U', server.login]
    return execFileSync('psql', [...words, '-d', database, '-c', command], { env, encoding: 'utf8' }).trim()
}

// The models of the SDK know no port: it stands beside the host name in the answer.
async function locate(server, get) {
    let body
    await get({ onResponse: (response) => (body = JSON.parse(response.bodyAsText)) })
    server.id = body.id
    server.host = body.properties.fullyQualifiedDomainName
    server.port = body.properties.port ?? 5432
}

async function follow(name, wanted) {
    for (let i = 0; i < 600; i++) {
        const migration = await flexible.migrations.get(group, target.name, name)
        const { state, error, currentSubStateDetails } = migration.currentStatus
        if (state === wanted || currentSubStateDetails?.currentSubState === wanted) {
            return migration
        }
        assert.ok(!['Succeeded', 'Failed', 'Canceled'].includes(state), `${name} ended ${state}: ${error}`)
        await sleep(50)
    }
    assert.fail(`${name} did not become ${wanted}`)
}

function migrationBody(more) {
    return {
        location,
        migrationMode: 'Offline',
        migrationOption: 'Migrate',
        sourceDbServerResourceId: source.id,
        secretParameters: {
            adminCredentials: { sourceServerPassword: source.password, targetServerPassword: target.password },
        },
        ...more,
    }
}

test("a wrong secret is refused in the sign-in service's words", async () => {
    const wrong = new ClientSecretCredential(AZURE_TENANT_ID, AZURE_CLIENT_ID, 'wrong', identity)
    await assert.rejects(wrong.getToken('https://management.azure.com/.default'), /AADSTS7000215/)
})

test('the subscription is listed', async () => {
    const found = await collect(subscriptions.subscriptions.list())
    assert.deepEqual(
        found.map((each) => each.subscriptionId),
        [AZURE_SUBSCRIPTION_ID],
    )
})

test('servers are created', async () => {
    await resources.resourceGroups.createOrUpdate(group, { location })
    const free = await flexible.nameAvailability.checkWithLocation(location, { name: target.name })
    assert.equal(free.nameAvailable, true)
    await Promise.all([
        single.servers.beginCreateAndWait(group, source.name, {
            location,
            sku: { name: 'GP_Gen5_2', tier: 'GeneralPurpose', family: 'Gen5', capacity: 2 },
            properties: {
                createMode: 'Default',
                administratorLogin: source.login,
                administratorLoginPassword: source.password,
            },
        }),
        flexible.servers.beginCreateOrUpdateAndWait(group, target.name, {
            location,
            administratorLogin: target.login,
            administratorLoginPassword: target.password,
            sku: { name: 'Standard_D4ds_v5', tier: 'GeneralPurpose' },
        }),
    ])
    await locate(source, (with_) => single.servers.get(group, source.name, with_))
    await locate(target, (with_) => flexible.servers.get(group, target.name, with_))
    const found = await collect(flexible.servers.listByResourceGroup(group))
    assert.deepEqual(
        found.map((each) => [each.name, each.state]),
        [[target.name, 'Ready']],
    )
})

test('databases are created, listed and deleted', async () => {
    await single.databases.beginCreateOrUpdateAndWait(group, source.name, 'shop', {})
    await flexible.databases.beginCreateAndWait(group, target.name, 'passing', { charset: 'UTF8' })
    const before = await collect(flexible.databases.listByServer(group, target.name))
    assert.ok(before.some((each) => each.name === 'passing'))
    await flexible.databases.beginDeleteAndWait(group, target.name, 'passing')
    const after = await collect(flexible.databases.listByServer(group, target.name))
    assert.ok(!after.some((each) => each.name === 'passing'))
    psql(source, 'shop', 'CREATE TABLE item (id serial PRIMARY KEY, name text NOT NULL)')
    psql(source, 'shop', "INSERT INTO item (name) SELECT 'item ' || i FROM generate_series(1, 1000) AS i")
})

test('an offline migration arrives', async () => {
    const name = 'offline1'
    const type = 'Microsoft.DBforPostgreSQL/flexibleServers/migrations'
    const before = await flexible.migrations.checkNameAvailability(group, target.name, { name, type })
    assert.equal(before.nameAvailable, true)
    const created = await flexible.migrations.create(group, target.name, name, migrationBody({ dbsToMigrate: ['shop'] }))
    assert.equal(created.name, name)
    assert.equal(created.secretParameters, undefined)
    names.push(name)
    const ended = await follow(name, 'Succeeded')
    assert.deepEqual(ended.dbsToMigrate, ['shop'])
    assert.ok(ended.migrationWindowStartTimeInUtc instanceof Date || ended.migrationWindowStartTimeInUtc === undefined)
    assert.equal(psql(target, 'shop', "SELECT count(*) || ' ' || nextval('item_id_seq') FROM item"), '1000 1001')
    const after = await flexible.migrations.checkNameAvailability(group, target.name, { name, type })
    assert.deepEqual([after.nameAvailable, after.reason], [false, 'AlreadyExists'])
})

test('a migration that waits takes an update', async () => {
    const name = 'update1'
    psql(source, 'postgres', 'CREATE DATABASE later')
    psql(source, 'later', 'CREATE TABLE one AS SELECT 1 AS a')
    await flexible.migrations.create(group, target.name, name, migrationBody({}))
    names.push(name)
    await follow(name, 'WaitingForDBsToMigrateSpecification')
    const updated = await flexible.migrations.update(group, target.name, name, { dbsToMigrate: ['later'] })
    assert.deepEqual(updated.dbsToMigrate, ['later'])
    await follow(name, 'Succeeded')
    assert.equal(psql(target, 'later', 'SELECT a FROM one'), '1')
})

test('a migration is canceled', async () => {
    const name = 'cancel1'
    await flexible.migrations.create(group, target.name, name, migrationBody({}))
    names.push(name)
    await follow(name, 'WaitingForDBsToMigrateSpecification')
    const active = await collect(flexible.migrations.listByTargetServer(group, target.name))
    assert.deepEqual(
        active.map((each) => each.name),
        [name],
    )
    await flexible.migrations.cancel(group, target.name, name)
    await follow(name, 'Canceled')
})

test('lists take the filter', async () => {
    const list = async (migrationListFilter) => {
        const found = await collect(flexible.migrations.listByTargetServer(group, target.name, { migrationListFilter }))
        return found.map((each) => each.name).sort()
    }
    assert.deepEqual(await list('Active'), [])
    assert.deepEqual(await list('All'), [...names].sort())
})

test('errors carry their code', async () => {
    await assert.rejects(flexible.migrations.get(group, target.name, 'nothing'), {
        name: 'RestError',
        statusCode: 404,
        code: 'ResourceNotFound',
    })
})

test('the group is deleted with everything in it', async () => {
    await flexible.servers.beginDeleteAndWait(group, target.name)
    await resources.resourceGroups.beginDeleteAndWait(group)
    const exists = await resources.resourceGroups.checkExistence(group)
    assert.ok(exists === false || exists.body === false)
})
