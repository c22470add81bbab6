// What the page of a migration loads: everything at first, then one request a second.
import { useRef } from 'preact/hooks'

import { api, ApiError, VERSIONS } from '../api.js'
import { now } from '../clock.js'
import { loadMigration } from '../migrations.js'
import { neededAfter, withNewPoints } from './series.js'

const SOURCE_EVERY = 3

const isMissing = (error) => error instanceof ApiError && error.status === 404

async function loadOwn(id, database, points) {
  const query = new URLSearchParams({ pointsAfter: neededAfter(points), resource: VERSIONS.migration })
  if (database !== null) query.set('database', database)
  return api.get(`/_malachite/migrations/${id}?${query}`)
}

async function loadSource(id) {
  try {
    return { databases: (await api.get(`/_malachite/migrations/${id}/source`)).databases, at: now() }
  } catch (error) {
    if (error instanceof ApiError) return { error, at: now() }
    throw error
  }
}

/**
 * A function that loads {migration, own, points, source, at}. While `asksSource`, every third request asks the source
 * instead: the page never makes more than one request a second.
 */
export function useMigrationLoader({ group, server, name, database, asksSource }) {
  const kept = useRef({ path: null, id: null, data: null, turn: 0 }).current
  const path = `${group}/${server}/${name}`
  if (kept.path !== path) Object.assign(kept, { path, id: null, data: null, turn: 0 })
  if (!asksSource) kept.turn = 0

  const loadAll = async () => {
    if (kept.id === null) kept.id = (await loadMigration(group, server, name)).properties.migrationId
    const points = kept.data?.points ?? []
    const own = await loadOwn(kept.id, database, points)
    if (own.deleted || !own.resource) return null
    return { migration: own.resource, own, points: withNewPoints(points, own.points), source: kept.data?.source, at: now() }
  }

  return async () => {
    if (asksSource && kept.data && kept.turn++ % SOURCE_EVERY === 0) {
      kept.data = { ...kept.data, source: await loadSource(kept.id) }
      return kept.data
    }
    try {
      kept.data = await loadAll()
    } catch (error) {
      if (!isMissing(error) || kept.data === null) throw error
      kept.data = null
    }
    if (kept.data === null) {
      // It was deleted; another one may have its name by now.
      kept.id = null
      kept.data = await loadAll()
      if (kept.data === null) throw new ApiError(404, 'ResourceNotFound', `The migration ${name} was deleted.`)
    }
    return kept.data
  }
}
