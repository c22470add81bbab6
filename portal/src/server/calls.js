// The calls of a server's pages. The same data make the request and what "View as" shows of it.
import { api, followOperation, ids, VERSIONS } from '../api.js'
import { subscriptionId } from '../servers.js'

const KINDS = {
  flexible: { type: 'flexibleServers', version: VERSIONS.flexible, az: ['postgres', 'flexible-server'] },
  single: { type: 'servers', version: VERSIONS.single },
}

/** {kind, group, name, path, version}: which server, for everything below. */
export function serverRef(kind, group, name) {
  const { type, version } = KINDS[kind]
  return { kind, group, name, version, path: ids.server(subscriptionId(), group, type, name) }
}

/** The words of az's own command about this server; only the flexible server still has any. */
const az = ({ kind, group, name }, verb, ...more) =>
  kind === 'flexible' ? [...KINDS.flexible.az, ...verb, '--resource-group', group, '--name', name, ...more] : undefined

const below = (ref, type, name) => `${ref.path}/${type}${name === undefined ? '' : `/${encodeURIComponent(name)}`}`

export const calls = {
  show: (ref) => ({ method: 'GET', path: ref.path, version: ref.version, az: az(ref, ['show']) }),
  power: (ref, verb) => ({ method: 'POST', path: `${ref.path}/${verb}`, version: ref.version, az: az(ref, [verb]) }),
  remove: (ref) => ({ method: 'DELETE', path: ref.path, version: ref.version, az: az(ref, ['delete'], '--yes') }),
  change: (ref, properties) => ({ method: 'PATCH', path: ref.path, version: ref.version, body: { properties } }),
  password: (ref, administratorLoginPassword) => ({
    ...calls.change(ref, { administratorLoginPassword }),
    az: az(ref, ['update'], '--admin-password', '<administratorLoginPassword>'),
  }),
  child: (ref, type, name, properties) => ({
    method: 'PUT',
    path: below(ref, type, name),
    version: ref.version,
    body: { properties },
  }),
  list: (ref, type) => ({ method: 'GET', path: below(ref, type), version: ref.version }),
  removeChild: (ref, type, name) => ({ method: 'DELETE', path: below(ref, type, name), version: ref.version }),
  // The single server has no PATCH of a parameter.
  parameter: (ref, name, properties) => ({
    ...calls.child(ref, 'configurations', name, properties),
    method: ref.kind === 'single' ? 'PUT' : 'PATCH',
  }),
}

export const listOf = (ref, type) => api.list(below(ref, type), ref.version)

/** Sends a call and waits for the end of its operation. */
export const perform = async ({ method, path, version, body }) => followOperation(await api.start(method, path, version, body))
