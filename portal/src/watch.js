// Migrations whose page was open are watched until they end: a notification says when one needs its user or has ended.
import { useEffect } from 'preact/hooks'

import { isActive, loadMigration, stateOf, substateOf } from './migrations.js'
import { paths } from './router.jsx'
import { session } from './session.js'
import { notify } from './toasts.jsx'

const EVERY_MS = 5000
const WATCHED_MAX = 10
const watched = new Map()

const WANTS = {
  WaitingForDBsToMigrateSpecification: 'It waits for the databases to migrate.',
  WaitingForLogicalReplicationSetupRequestOnSourceDB: 'It waits for logical replication on the source.',
  WaitingForTargetDBOverwriteConfirmation: 'It waits for the confirmation that databases may be overwritten.',
  WaitingForDataMigrationScheduling: 'It waits for the start of the data migration.',
  WaitingForDataMigrationWindow: 'It waits for its start time.',
  WaitingForCutoverTrigger: 'You can start its cutover.',
}

function report({ group, server, name }, migration) {
  const state = stateOf(migration)
  const href = paths.migration(group, server, name)
  if (state === 'WaitingForUserAction')
    notify('info', `Migration ${name} needs you`, WANTS[substateOf(migration)] ?? substateOf(migration), href)
  else if (state === 'Succeeded') notify('good', `Migration ${name} succeeded`, null, href)
  else if (!isActive(migration)) notify('error', `Migration ${name} ended: ${state}`, null, href)
}

/** What was just seen of a migration: {group, server, name}. */
export function seen(where, migration) {
  const key = `${where.group}/${where.server}/${where.name}`
  const stage = `${migration.properties.migrationId} ${stateOf(migration)} ${substateOf(migration) ?? ''}`
  const before = watched.get(key)
  const same = before?.stage === stage
  if (before && !same && before.id === migration.properties.migrationId) report(where, migration)
  watched.delete(key)
  if (!isActive(migration)) return
  watched.set(key, { where, stage, id: migration.properties.migrationId, at: performance.now() })
  if (watched.size > WATCHED_MAX) watched.delete(watched.keys().next().value)
}

async function look() {
  for (const [key, { where, at }] of [...watched]) {
    if (performance.now() - at < EVERY_MS || document.hidden || session.needsSignIn) continue
    try {
      seen(where, await loadMigration(where.group, where.server, where.name))
    } catch (error) {
      if (error.status === 404) watched.delete(key)
    }
  }
}

/** Looks at watched migrations that no page shows. */
export function useWatch() {
  useEffect(() => {
    const timer = setInterval(look, EVERY_MS)
    return () => clearInterval(timer)
  }, [])
}
