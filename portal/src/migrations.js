// What the portal derives from a migration resource.
import { api, ids, parseServerId, VERSIONS } from './api.js'
import { subscriptionId } from './servers.js'

export const TERMINAL = ['Succeeded', 'Failed', 'Canceled', 'ValidationFailed']
export const STATES = ['InProgress', 'WaitingForUserAction', 'Succeeded', 'Failed', 'Canceled', 'ValidationFailed']

export const stateOf = (migration) => migration.properties.currentStatus?.state ?? 'InProgress'
export const substateOf = (migration) => migration.properties.currentStatus?.currentSubStateDetails?.currentSubState
export const isActive = (migration) => !TERMINAL.includes(stateOf(migration))
export const isCancelable = (migration) => isActive(migration) && substateOf(migration) !== 'CancelingRequestedDBMigrations'
export const isOnline = (migration) => migration.properties.migrationMode === 'Online'
export const databasesOf = (migration) => migration.properties.dbsToMigrate ?? []

/** {name, group, subscription} for people: of a resource, or host:port of any other server. */
export function sourceOf(migration) {
  const id = migration.properties.sourceDbServerResourceId
  const parsed = parseServerId(id)
  return parsed ?? { name: (id ?? '').replace(/@[^@]*$/, ''), login: (id ?? '').replace(/^.*@/, '') }
}

export const migrationPath = (group, server, name) =>
  `${ids.server(subscriptionId(), group, 'flexibleServers', server)}/migrations/${encodeURIComponent(name)}`

export const loadMigration = (group, server, name) => api.get(migrationPath(group, server, name), VERSIONS.migration)

export const loadMigrations = (group, server) =>
  api.list(
    `${ids.server(subscriptionId(), group, 'flexibleServers', server)}/migrations?migrationListFilter=All`,
    VERSIONS.migration,
  )

/** A decision of the user. */
export const decide = (path, properties) => api.patch(path, VERSIONS.migration, { properties })
export const cancel = (path) => decide(path, { cancel: 'True' })

/** The source's parameters are set, but Malachite did not start the source: its owner has to restart it. */
export const asksForRestart = (migration) =>
  substateOf(migration) === 'WaitingForLogicalReplicationSetupRequestOnSourceDB' &&
  migration.properties.setupLogicalReplicationOnSourceDbIfNeeded === 'True' &&
  Boolean(migration.properties.currentStatus?.error)
