// What a rule can do, as fields of the form and as JSON. The names of the fields are the paths that errors name.

const SERVER_ACTIONS = [
  'crash',
  'restart',
  'stop',
  'diskFull',
  'walFull',
  'readOnly',
  'reject',
  'password',
  'dropSlot',
  'connections',
]

/** {key, label, required, number, options, hint}: `options` makes a list, `number` an integer. */
export const ACTIONS = {
  hold: { label: 'Hold until it is released', fields: [] },
  delay: { label: 'Delay', fields: [{ key: 'ms', label: 'Milliseconds', number: true, required: true }] },
  fail: {
    label: 'Fail',
    fields: [
      { key: 'sqlstate', label: 'SQLSTATE', hint: 'Five digits or capital letters, such as 53100.' },
      { key: 'message', label: 'Message' },
      { key: 'code', label: 'Error code of the service', number: true },
    ],
  },
  cut: {
    label: 'Cut the connection',
    fields: [
      { key: 'side', label: 'Side', options: ['', 'source', 'target', 'both'] },
      { key: 'rst', label: 'Way', options: ['', 'true'], texts: { '': 'Close (FIN)', true: 'Reset (RST)' } },
    ],
  },
  slow: {
    label: 'Slow down',
    fields: [{ key: 'bytesPerSecond', label: 'Bytes per second', number: true, required: true }],
  },
  answer: {
    label: 'Answer instead',
    fields: [
      { key: 'status', label: 'HTTP status', number: true, required: true },
      { key: 'code', label: 'Error code' },
      { key: 'message', label: 'Message' },
      { key: 'retryAfter', label: 'Retry-After in seconds', number: true },
    ],
  },
  server: {
    label: 'Fault of a server',
    fields: [
      { key: 'name', label: 'Server', required: true, hint: 'A server that Malachite provisioned.' },
      { key: 'action', label: 'Fault', options: SERVER_ACTIONS },
    ],
  },
}

/** The fields that an action has at a point: a request has only one side. */
export function fieldsOf(action, point) {
  const fields = ACTIONS[action]?.fields ?? []
  const http = point === 'request' || point === 'reply'
  return action === 'cut' && http ? fields.filter(({ key }) => key !== 'side') : fields
}

const isWhole = (text) => /^\d+$/.test(text.trim())

/** {field: text} of what is wrong before Malachite is asked. */
export function problemsOf(rule, point) {
  const problems = {}
  if (!/^[\w.:-]{1,100}$/.test(rule.name)) problems.name = 'Enter up to 100 letters, digits and - _ . :'
  for (const key of ['skip', 'times', 'ttlSeconds'])
    if (rule[key].trim() && !isWhole(rule[key])) problems[key] = 'Enter a whole number.'
  for (const { key, number, required } of fieldsOf(rule.action, point?.name)) {
    const path = `do.${rule.action}.${key}`
    const text = (rule.values[path] ?? '').trim()
    if (required && !text) problems[path] = 'Enter a value.'
    else if (number && text && !isWhole(text)) problems[path] = 'Enter a whole number.'
  }
  return problems
}

function actionOf(rule) {
  const values = {}
  for (const { key, number, options } of fieldsOf(rule.action, rule.at)) {
    const text = (rule.values[`do.${rule.action}.${key}`] ?? options?.[0] ?? '').trim()
    if (text) values[key] = number ? Number(text) : key === 'rst' ? true : text
  }
  return { [rule.action]: values }
}

/** The body of the PUT; empty fields are left out, so that Malachite's own defaults apply. */
export function bodyOf(rule, point) {
  const match = {}
  for (const name of point.attributes) {
    const text = (rule.values[`match.${name}`] ?? '').trim()
    if (text) match[name] = text
  }
  const body = { at: rule.at, match, do: actionOf(rule) }
  for (const key of ['skip', 'times', 'ttlSeconds']) if (rule[key].trim()) body[key] = Number(rule[key])
  return body
}

/** "fail: sqlstate 53100" */
export function actionText(rule) {
  const [[name, value]] = Object.entries(rule.do ?? { nothing: {} })
  const parts = Object.entries(value ?? {}).map(([key, one]) => `${key} ${typeof one === 'object' ? JSON.stringify(one) : one}`)
  return parts.length > 0 ? `${name}: ${parts.join(', ')}` : name
}

export const matchText = (rule) =>
  Object.entries(rule.match ?? {})
    .map(([name, value]) => `${name} ${value}`)
    .join(', ') || 'Everything'
