// Calls out of an OpenAPI document, each with a body that shows what it takes.
import { subscriptionId } from '../servers.js'

const DEPTH = 5
const METHODS = ['get', 'put', 'patch', 'post', 'delete', 'head']
const PLAIN = { integer: 0, number: 0, boolean: false }

const resolve = (schema, document) => (schema?.$ref ? document.components.schemas[schema.$ref.split('/').pop()] : (schema ?? {}))

/** A value of this schema: the example that it names, or one made of its types. */
function exampleOf(schema, document, name, depth = 0) {
  const at = resolve(schema, document)
  if (at.example !== undefined) return at.example
  if (at.enum) return at.enum[0]
  if (at.type === 'array') return [exampleOf(at.items, document, name, depth + 1)]
  if (at.properties && depth < DEPTH) {
    const open = Object.entries(at.properties).filter(([, one]) => !one.readOnly)
    return Object.fromEntries(open.map(([key, one]) => [key, exampleOf(one, document, key, depth + 1)]))
  }
  return at.type === 'object' || at.properties ? {} : (PLAIN[at.type] ?? `<${name}>`)
}

function versionOf(parameters, version) {
  const schema = parameters.find(({ name }) => name === 'api-version')?.schema
  if (!schema) return undefined
  const known = schema.enum ?? []
  return known.includes(version) ? version : (known.find((one) => !one.includes('preview')) ?? known[0] ?? version)
}

function bodyOf({ requestBody }, document) {
  const content = requestBody?.content?.['application/json']
  if (!content) return undefined
  return content.example ?? exampleOf(content.schema, document, 'value')
}

/** [{id, method, summary, path}], in the order of the document. */
export const callsOf = (document) =>
  Object.entries(document.paths).flatMap(([path, operations]) =>
    METHODS.filter((method) => operations[method]).map((method) => ({
      id: operations[method].operationId,
      summary: operations[method].summary ?? '',
      method: method.toUpperCase(),
      path,
    })),
  )

/** The call as "View as" takes it. Names to fill in are in angle brackets. */
export function callOf({ method, path }, document, version) {
  const operation = document.paths[path][method.toLowerCase()]
  const filled = path.replace('{subscriptionId}', subscriptionId()).replace(/\{([^}]+)\}/g, (_, name) => `<${name}>`)
  return {
    method,
    path: filled,
    version: versionOf(operation.parameters ?? [], version),
    body: bodyOf(operation, document),
  }
}
