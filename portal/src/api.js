// The REST calls of the portal: those that every other client uses.
import { learnTime } from './clock.js'
import { session } from './session.js'

export const VERSIONS = {
  // The newest with migrations, for reading and for decisions.
  migration: '2025-08-01',
  // The only one whose body has the application, the resource group and the subnet of the wizard.
  migrationCreate: '2021-06-15-privatepreview',
  flexible: '2025-08-01',
  single: '2017-12-01',
  resources: '2022-12-01',
  network: '2024-05-01',
}

const PROVIDER = 'Microsoft.DBforPostgreSQL'
const TIMEOUT_MS = 30_000

export class ApiError extends Error {
  constructor(status, code, message, target) {
    super(message)
    this.status = status
    this.code = code
    this.target = target
  }
}

/** Nobody answers at Malachite's address. */
export class DownError extends Error {}

// ---- whether Malachite is there -------------------------------------------------------------------------------

const listeners = new Set()
export const link = {
  up: true,
  onChange(listener) {
    listeners.add(listener)
    return () => listeners.delete(listener)
  },
}

function setUp(up) {
  if (link.up === up) return
  link.up = up
  for (const listener of listeners) listener(up)
  if (!up) setTimeout(knock, 1000)
}

async function knock() {
  try {
    const answer = await fetch('/_malachite/health', { cache: 'no-store', signal: AbortSignal.timeout(3000) })
    setUp(answer.ok)
  } catch {
    // Still unreachable.
  }
  if (!link.up) setTimeout(knock, 1000)
}

// ---- requests -------------------------------------------------------------------------------------------------

async function send(method, url, body) {
  const headers = { Accept: 'application/json' }
  if (session.token) headers.Authorization = `Bearer ${session.token}`
  if (body !== undefined) headers['Content-Type'] = 'application/json'
  try {
    return await fetch(url, {
      method,
      headers,
      cache: 'no-store',
      credentials: 'omit',
      signal: AbortSignal.timeout(TIMEOUT_MS),
      body: body === undefined ? undefined : JSON.stringify(body),
    })
  } catch (error) {
    if (error.name === 'TimeoutError') {
      throw new ApiError(0, 'Timeout', `Malachite did not answer within ${TIMEOUT_MS / 1000} seconds.`)
    }
    setUp(false)
    throw new DownError('Malachite is unreachable.')
  }
}

async function read(answer) {
  const text = await answer.text()
  try {
    return text ? JSON.parse(text) : null
  } catch {
    throw new ApiError(answer.status, 'NotJson', `Malachite's answer (HTTP ${answer.status}) is not valid JSON.`)
  }
}

async function request(method, url, body) {
  const answer = await send(method, url, body)
  setUp(true)
  learnTime(answer.headers.get('date'))
  const json = await read(answer)
  if (answer.ok) return { json, headers: answer.headers, status: answer.status }
  const { code = 'Error', message = `Malachite answered with HTTP status ${answer.status}.`, target } = json?.error ?? {}
  if (answer.status === 401) session.expire()
  throw new ApiError(answer.status, code, message, target)
}

const withVersion = (path, version) => `${path}${path.includes('?') ? '&' : '?'}api-version=${version}`

export const api = {
  get: async (path, version) => (await request('GET', version ? withVersion(path, version) : path)).json,
  put: (path, version, body) => request('PUT', version ? withVersion(path, version) : path, body),
  patch: async (path, version, body) => (await request('PATCH', withVersion(path, version), body)).json,
  post: async (path, version, body) => (await request('POST', version ? withVersion(path, version) : path, body)).json,
  /** An action or a change whose answer is an operation to follow. */
  start: (method, path, version, body) => request(method, withVersion(path, version), body),
  delete: (path, version) => request('DELETE', version ? withVersion(path, version) : path),
  /** All items of a list, over its pages. */
  async list(path, version) {
    const items = []
    for (let next = withVersion(path, version); next;) {
      const page = await api.get(next)
      items.push(...page.value)
      // An absolute link names the host of the request, which is this page's own host.
      next = page.nextLink ? new URL(page.nextLink).pathname + new URL(page.nextLink).search : null
    }
    return items
  },
}

/** Follows the Azure-AsyncOperation of a 202 to its end. */
export async function followOperation({ headers, json }) {
  const operation = headers.get('Azure-AsyncOperation')
  if (!operation) return json
  const url = new URL(operation)
  for (;;) {
    const status = await api.get(url.pathname + url.search)
    if (status.status === 'Failed' || status.status === 'Canceled') {
      throw new ApiError(200, status.error?.code ?? status.status, status.error?.message ?? 'The operation failed.')
    }
    if (status.status !== 'InProgress') return status
    await new Promise((resolve) => setTimeout(resolve, 300))
  }
}

// ---- resource ids ---------------------------------------------------------------------------------------------

const encode = encodeURIComponent
export const ids = {
  subscription: (id) => `/subscriptions/${encode(id)}`,
  group: (subscription, group) => `/subscriptions/${encode(subscription)}/resourceGroups/${encode(group)}`,
  server: (subscription, group, kind, name) => `${ids.group(subscription, group)}/providers/${PROVIDER}/${kind}/${encode(name)}`,
  servers: (subscription, kind) => `${ids.subscription(subscription)}/providers/${PROVIDER}/${kind}`,
  location: (subscription, location) => `${ids.subscription(subscription)}/providers/${PROVIDER}/locations/${encode(location)}`,
}

/** {subscription, group, kind, name} of a server's id; null for host:port@user. */
export function parseServerId(id) {
  const match = /^\/?subscriptions\/([^/]+)\/resourcegroups\/([^/]+)\/providers\/[^/]+\/([^/]+)\/([^/]+)/i.exec(id ?? '')
  return match && { subscription: match[1], group: match[2], kind: match[3], name: match[4] }
}

/** {subscription, group, network, subnet} of a subnet's id. */
export function parseSubnetId(id) {
  const match =
    /^\/?subscriptions\/([^/]+)\/resourcegroups\/([^/]+)\/providers\/[^/]+\/virtualnetworks\/([^/]+)\/subnets\/([^/]+)/i.exec(
      id ?? '',
    )
  return match && { subscription: match[1], group: match[2], network: match[3], subnet: match[4] }
}

export const versionOf = (kind) => (kind === 'servers' ? VERSIONS.single : VERSIONS.flexible)
