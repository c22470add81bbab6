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

/** {virtual: [...], endpoints: [...]}: the networks and private endpoints of the subscription. */
export async function loadNetworks() {
  const below = `${ids.subscription(subscriptionId())}/providers/Microsoft.Network`
  const [virtual, endpoints] = await Promise.all([
    api.list(`${below}/virtualNetworks`, VERSIONS.network),
    api.list(`${below}/privateEndpoints`, VERSIONS.network),
  ])
  return { virtual, endpoints }
}

/** The private endpoint connections of a server that count. */
export const connectionsOf = (server) =>
  (server?.properties.privateEndpointConnections ?? []).filter(
    ({ properties }) => !['Rejected', 'Disconnected'].includes(properties.privateLinkServiceConnectionState?.status),
  )

/** A server is private if it is in a network, or denies public access and has a private endpoint. */
export const isPrivate = (server) => {
  const { publicNetworkAccess, network } = server?.properties ?? {}
  if (network?.delegatedSubnetResourceId) return true
  return (publicNetworkAccess ?? network?.publicNetworkAccess) === 'Disabled' && connectionsOf(server).length > 0
}

/** East US and eastus are the same region. */
export const sameRegion = (a, b) => (a ?? '').replaceAll(' ', '').toLowerCase() === (b ?? '').replaceAll(' ', '').toLowerCase()
