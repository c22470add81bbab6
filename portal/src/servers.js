// The servers of the subscription, of both kinds.
import { api, ids, VERSIONS } from './api.js'
import { usePoll } from './hooks.js'
import { session } from './session.js'

export const subscriptionId = () => session.subscription.subscriptionId
export const subscriptionName = () => session.subscription.displayName

export async function loadServers() {
  const [flexible, single] = await Promise.all([
    api.list(ids.servers(subscriptionId(), 'flexibleServers'), VERSIONS.flexible),
    api.list(ids.servers(subscriptionId(), 'servers'), VERSIONS.single),
  ])
  return { flexible, single }
}

export const useServers = (every = 10_000) => usePoll(loadServers, [], every)

export const loadGroups = () => api.list(`${ids.subscription(subscriptionId())}/resourcegroups`, VERSIONS.resources)

export const groupOf = (resource) => /\/resourcegroups\/([^/]+)/i.exec(resource.id)[1]
export const isSingle = (server) => /\/servers$/i.test(server.type)
export const stateOf = (server) => server.properties.state ?? server.properties.userVisibleState

/** host, or host:port when the port is not PostgreSQL's own */
export function addressOf(server) {
  const { fullyQualifiedDomainName: host, port } = server.properties
  return host === undefined ? '--' : port ? `${host}:${port}` : host
}

/** The single server's form of its login: user@server. */
export function loginOf(server) {
  const login = server.properties.administratorLogin
  return isSingle(server) && login && !login.includes('@') ? `${login}@${server.name}` : login
}

/** A single server is private if it denies public access and has an endpoint, a flexible one if it is in a network. */
export const singleIsPrivate = (server) =>
  server?.properties.publicNetworkAccess === 'Disabled' && (server.properties.privateEndpointConnections ?? []).length > 0
export const flexibleIsPrivate = (server) => Boolean(server?.properties.network?.delegatedSubnetResourceId)

/** East US and eastus are the same region. */
export const sameRegion = (a, b) => (a ?? '').replaceAll(' ', '').toLowerCase() === (b ?? '').replaceAll(' ', '').toLowerCase()
