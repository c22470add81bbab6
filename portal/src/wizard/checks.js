// The service's checks while the user types: the name, and both passwords.
import { useEffect, useRef, useState } from 'preact/hooks'

import { api, DownError, VERSIONS } from '../api.js'
import { useSettled } from '../hooks.js'
import { nameProblem } from './model.js'

const NAME_PAUSE_MS = 250
const TYPE = 'Microsoft.DBforPostgreSQL/flexibleServers/migrations'
const nothing = { for: null, busy: false, problem: null }

/** {for, busy, problem} of the migration's name, from the service's own check. */
export function useNameCheck(target, name) {
  const [check, setCheck] = useState(nothing)
  const settled = useSettled(name, NAME_PAUSE_MS)
  const last = useRef(null)
  const ask = async (wanted) => {
    if (nameProblem(wanted)) return nothing
    last.current = wanted
    setCheck({ for: wanted, busy: true, problem: null })
    let result
    try {
      const answer = await api.post(`${target.id}/checkMigrationNameAvailability`, VERSIONS.migration, {
        name: wanted,
        type: TYPE,
      })
      result = { for: wanted, busy: false, problem: answer.nameAvailable ? null : answer.message }
    } catch (error) {
      result = { ...nothing, for: wanted, problem: error.message }
    }
    if (last.current === wanted) setCheck(result)
    return result
  }
  useEffect(() => {
    if (settled) ask(settled)
  }, [settled])
  return [check, ask]
}

/** Connects once for each combination of server, login and password: {for, busy, problem, version, databases}. */
export function useConnectionCheck(key) {
  const [check, setCheck] = useState(nothing)
  const running = useRef(null)
  const ask = () => {
    if (!key) return Promise.resolve(nothing)
    if (check.for === key && !check.busy && !check.problem) return Promise.resolve(check)
    if (running.current?.key === key) return running.current.promise
    const promise = run()
    running.current = { key, promise }
    return promise
  }
  const run = async () => {
    setCheck({ for: key, busy: true, problem: null })
    let result
    try {
      const answer = await api.post('/_malachite/connection', null, JSON.parse(key))
      result = {
        for: key,
        busy: false,
        problem: null,
        version: answer.version,
        databases: answer.databases.map(({ name }) => name),
      }
    } catch (error) {
      result = { ...nothing, for: error instanceof DownError ? null : key, problem: error.message }
    }
    if (running.current?.key === key) {
      running.current = null
      setCheck(result)
    }
    return result
  }
  return [check, ask]
}

/** Everything a connection depends on, as text; null while a part is missing. */
export const connectionKey = (server, password, sslMode) =>
  server && password ? JSON.stringify({ server, password, sslMode }) : null

/** Whether the connection of this key succeeded; the key is null until server and password are known. */
export const isGood = (check, key) => key !== null && check.for === key && !check.problem && !check.busy
