// One REST call as text that runs in a shell. Secrets are left out: <sourceServerPassword> stands for yours.
import { session } from '../session.js'

const SECRET = /(password|secret)$/i

/** A copy without the values of secrets. */
export function withoutSecrets(value, name = '') {
  if (Array.isArray(value)) return value.map((item) => withoutSecrets(item))
  if (value !== null && typeof value === 'object')
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withoutSecrets(item, key)]))
  return typeof value === 'string' && SECRET.test(name) ? `<${name}>` : value
}

export const asJson = (value) => JSON.stringify(withoutSecrets(value), null, 2)

/** A word of a shell, whatever it holds. */
const PLAIN = /^[\w@%+=:,./-]+$/
export const word = (text) => (PLAIN.test(text) ? text : `'${String(text).replaceAll("'", `'\\''`)}'`)

// A field that is still empty stands in the path as <name> or <group>; encoded, nobody would recognize it.
const readable = (path) => path.replace(/%3C(name|group)%3E/g, '<$1>')

function withVersion({ path, version }) {
  const shown = readable(path)
  return version ? `${shown}${shown.includes('?') ? '&' : '?'}api-version=${version}` : shown
}

export function curlText(call) {
  const verb = { GET: '', HEAD: ' -I' }[call.method] ?? ` -X ${call.method}`
  const parts = [`curl -sS${verb} ${word(location.origin + withVersion(call))}`]
  if (session.token) parts.push(`-H "Authorization: Bearer $TOKEN"`)
  if (call.body !== undefined) parts.push(`-H 'Content-Type: application/json'`, `-d ${word(asJson(call.body))}`)
  return parts.join(' \\\n  ')
}

/** az's own command where a call names one as a list of words, else az rest. */
export function azText(call) {
  if (call.az) return `az ${call.az.map(word).join(' ')}`
  const rest = `az rest --method ${call.method.toLowerCase()} --url ${word(withVersion(call))}`
  return call.body === undefined ? rest : `${rest} \\\n  --body ${word(asJson(call.body))}`
}
