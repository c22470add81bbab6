// The wizard's values, its checks for completeness, and the body of its PUT.
import { ids, parseSubnetId, VERSIONS } from '../api.js'
import { migrationPath } from '../migrations.js'
import { connectionsOf, groupOf, isPrivate, subscriptionId } from '../servers.js'
import { DATABASES_MAX } from './databases.jsx'

/** The tabs of the guide, and those of the newer portal. Both fill in the same values. */
const FLOWS = {
  guide: [
    ['setup', 'Setup'],
    ['source', 'Source'],
    ['target', 'Target'],
    ['networking', 'Networking'],
    ['review', 'Review + create'],
  ],
  newer: [
    ['setup', 'Setup'],
    ['runtime', 'Runtime server'],
    ['source', 'Source'],
    ['target', 'Target'],
    ['databases', 'Databases'],
    ['review', 'Summary'],
  ],
}
export const isNewer = ({ flow }) => flow === 'newer'
export const tabsOf = (values) => FLOWS[isNewer(values) ? 'newer' : 'guide']

export const emptyValues = (group) => ({
  flow: 'guide',
  name: '',
  migrationGroup: group,
  app: null,
  secret: '',
  sourceKind: 'single',
  sourceGroup: '',
  sourceId: '',
  host: '',
  port: '5432',
  login: '',
  sourcePassword: '',
  databases: [],
  mode: '',
  targetPassword: '',
  overwrite: 'No',
  // Only the newer wizard asks for these.
  sourceType: 'OnPremises', // of another server
  sslMode: 'Prefer', // of another server
  option: 'ValidateAndMigrate',
  useRuntime: 'No',
  runtimeId: '',
  network: null, // {group, network, subnet} when it was changed
})

const SINGLE = 'PostgreSQLSingleServer'
const SECRETS = ['secret', 'sourcePassword', 'targetPassword']

/** The values that the draft may store: all but the secrets. */
export const withoutSecrets = (values) => Object.fromEntries(Object.entries(values).filter(([name]) => !SECRETS.includes(name)))

// The service's own rule, to answer before the service does.
const NAME_RULE = /^[A-Za-z0-9][A-Za-z0-9-]{0,62}$/
const UUID = /^[0-9a-z]{8}-[0-9a-z]{4}-[0-9a-z]{4}-[0-9a-z]{4}-[0-9a-z]{12}$/i
export const isUuid = (text) => UUID.test(text)

export function nameProblem(name) {
  if (name === '') return 'The value should not be empty.'
  if (name.startsWith('-')) return 'A migration name must not begin with a hyphen.'
  return NAME_RULE.test(name) ? null : 'Use at most 63 letters, digits and hyphens.'
}

/** The source as the service names it: a resource id, or host:port@user; null while incomplete. */
export function sourceText(values) {
  if (values.sourceKind === 'single') return values.sourceId || null
  const { host, port, login } = values
  const bare = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host
  return host && port && login ? `${bare}:${port}@${login}` : null
}

const sameName = (a, b) => a.toLowerCase() === b.toLowerCase()

/** The virtual networks of a resource group, and the names of a network's subnets. */
export const networksOf = ({ virtual }, group) => virtual.filter((one) => sameName(groupOf(one), group))
export const subnetsOf = (network) => (network?.properties.subnets ?? []).map(({ name }) => name)
export const networkNamed = (networks, { group, network }) =>
  networksOf(networks, group).find(({ name }) => sameName(name, network))

/** The subnet of the private side: the target's own, else that of a private endpoint; else names to be filled in. */
export function prefilledSubnet(source, target, { endpoints }) {
  const connections = [target, source].filter(isPrivate).flatMap(connectionsOf)
  const connected = connections.map(({ properties }) => properties.privateEndpoint?.id?.toLowerCase())
  const endpoint = endpoints.find(({ id }) => connected.includes(id.toLowerCase()))
  return (
    parseSubnetId(target.properties.network?.delegatedSubnetResourceId) ??
    parseSubnetId(endpoint?.properties.subnet.id) ?? { group: groupOf(target), network: '', subnet: '' }
  )
}

export const needsSubnet = (source, target) => isPrivate(source) || isPrivate(target)

const empty = 'The value should not be empty.'
const put = (problems, name, problem) => {
  if (problem) problems[name] = problem
}

function checkSource({ values, sourceCheck, sourceKey }, problems) {
  if (values.sourceKind === 'single') {
    put(problems, 'sourceGroup', values.sourceGroup ? null : empty)
    put(problems, 'sourceId', values.sourceId ? null : 'Select a server.')
  } else {
    put(problems, 'host', !values.host ? empty : /[\s/@]/.test(values.host) ? 'This is not a host name or address.' : null)
    put(
      problems,
      'port',
      /^\d{1,5}$/.test(values.port) && Number(values.port) >= 1 && Number(values.port) <= 65535
        ? null
        : 'Enter a number from 1 to 65535.',
    )
    put(problems, 'login', values.login ? null : empty)
  }
  put(problems, 'sourcePassword', !values.sourcePassword ? empty : sourceCheck.for === sourceKey ? sourceCheck.problem : null)
}

function checkDatabases({ databases: { length } }, problems) {
  put(
    problems,
    'databases',
    length === 0 ? 'Select at least one database.' : length > DATABASES_MAX ? `Select at most ${DATABASES_MAX} databases.` : null,
  )
}

const checkMode = ({ mode }, problems) => put(problems, 'mode', mode ? null : 'Select a migration mode.')

const checks = {
  setup({ values, nameCheck }) {
    const problems = {}
    put(problems, 'name', nameProblem(values.name) ?? (nameCheck.for === values.name ? nameCheck.problem : null))
    if (isNewer(values)) {
      checkMode(values, problems)
      return problems
    }
    put(problems, 'migrationGroup', values.migrationGroup ? null : empty)
    put(problems, 'app', values.app ? null : 'Select an application.')
    put(problems, 'secret', values.app && !values.secret ? empty : null)
    return problems
  },
  runtime({ values }) {
    const problems = {}
    put(problems, 'runtimeId', values.useRuntime === 'Yes' && !values.runtimeId ? 'Select a server.' : null)
    return problems
  },
  source(facts) {
    const problems = {}
    checkSource(facts, problems)
    if (isNewer(facts.values)) return problems
    checkDatabases(facts.values, problems)
    checkMode(facts.values, problems)
    return problems
  },
  target({ values, targetCheck, targetKey }) {
    const problems = {}
    put(problems, 'targetPassword', !values.targetPassword ? empty : targetCheck.for === targetKey ? targetCheck.problem : null)
    return problems
  },
  databases({ values }) {
    const problems = {}
    checkDatabases(values, problems)
    return problems
  },
  networking({ source, target, network, networks }) {
    const problems = {}
    if (!needsSubnet(source, target)) return problems
    for (const name of ['group', 'network', 'subnet']) put(problems, `network-${name}`, network[name] ? null : empty)
    // The service's rule: where a group has virtual networks, the subnet must be one of theirs.
    const known = networksOf(networks, network.group)
    const chosen = known.find(({ name }) => sameName(name, network.network))
    if (known.length > 0 && network.network && !chosen)
      problems['network-network'] = 'This resource group has no such virtual network.'
    if (chosen && network.subnet && !subnetsOf(chosen).some((name) => sameName(name, network.subnet)))
      problems['network-subnet'] = 'This virtual network has no such subnet.'
    return problems
  },
  review: () => ({}),
}

/** {tab: {field: problem}} */
export const problemsOf = (facts) => Object.fromEntries(tabsOf(facts.values).map(([tab]) => [tab, checks[tab](facts)]))

/** The newest api-version: no application, no subnet; in return validation, source type and runtime server. */
function newerBody({ values, target }) {
  const single = values.sourceKind === 'single'
  return {
    location: target.location,
    properties: {
      migrationMode: values.mode,
      migrationOption: values.option,
      sourceType: single ? SINGLE : values.sourceType,
      ...(single ? {} : { sslMode: values.sslMode }),
      sourceDbServerResourceId: sourceText(values),
      ...(values.useRuntime === 'Yes' ? { migrationInstanceResourceId: values.runtimeId } : {}),
      secretParameters: {
        adminCredentials: { sourceServerPassword: values.sourcePassword, targetServerPassword: values.targetPassword },
      },
      dbsToMigrate: values.databases,
      overwriteDbsInTarget: values.overwrite === 'Yes' ? 'True' : 'False',
    },
  }
}

/** The PUT that Create sends. Only 2021-06-15-privatepreview has all that the guide's tabs ask for. */
export const createCall = (facts) => ({
  method: 'PUT',
  path: migrationPath(groupOf(facts.target), facts.target.name, facts.values.name || '<name>'),
  version: isNewer(facts.values) ? VERSIONS.migration : VERSIONS.migrationCreate,
  body: isNewer(facts.values) ? newerBody(facts) : guideBody(facts),
})

function guideBody({ values, source, target, network }) {
  const subnet = needsSubnet(source, target)
    ? {
        subnetResourceId: `${ids.group(subscriptionId(), network.group)}/providers/Microsoft.Network/virtualNetworks/${encodeURIComponent(network.network)}/subnets/${encodeURIComponent(network.subnet)}`,
      }
    : {}
  return {
    location: target.location,
    properties: {
      sourceDBServerResourceId: sourceText(values),
      secretParameters: {
        adminCredentials: { sourceServerPassword: values.sourcePassword, targetServerPassword: values.targetPassword },
        aadApp: { clientId: values.app?.clientId, tenantId: values.app?.tenantId, aadSecret: values.secret },
      },
      dBsToMigrate: values.databases,
      migrationResourceGroup: { resourceId: ids.group(subscriptionId(), values.migrationGroup), ...subnet },
      overwriteDBsInTarget: values.overwrite === 'Yes',
      // Offline means: the cutover is requested from the start.
      ...(values.mode === 'Offline' ? { triggerCutover: true } : {}),
    },
  }
}

/** The tab that a service error belongs to, by the error's target property. */
export function tabOfTarget(target = '', values = {}) {
  if (isNewer(values)) {
    if (/migrationInstance/i.test(target)) return 'runtime'
    if (/dbsToMigrate/i.test(target)) return 'databases'
    if (/migrationMode|migrationOption/i.test(target)) return 'setup'
  }
  if (/migrationResourceGroup\.subnet/i.test(target)) return 'networking'
  if (/migrationResourceGroup|aadApp|migrationName/i.test(target)) return 'setup'
  if (/targetServerPassword|overwrite/i.test(target)) return 'target'
  return /source|dBsToMigrate|mode/i.test(target) ? 'source' : null
}

/** Values of an earlier migration, to create a similar one. */
export function valuesLike(migration, servers) {
  const { properties } = migration
  const id = properties.sourceDbServerResourceId ?? ''
  const source = servers.single.find((one) => one.id.toLowerCase() === id.toLowerCase())
  const other = /^(.*):(\d+)@(.*)$/.exec(id)
  return {
    ...(source ? { sourceKind: 'single', sourceId: source.id, sourceGroup: groupOf(source) } : {}),
    ...(other ? { sourceKind: 'other', host: other[1], port: other[2], login: other[3] } : {}),
    databases: (properties.dbsToMigrate ?? []).slice(0, DATABASES_MAX),
    mode: properties.migrationMode ?? '',
    overwrite: properties.overwriteDbsInTarget === 'True' ? 'Yes' : 'No',
  }
}
