// Server parameters: 540 of them, so only what matches the search is drawn, up to a limit.
import { useState } from 'preact/hooks'

import { plural } from '../format.js'
import { usePoll } from '../hooks.js'
import { notify } from '../toasts.jsx'
import { Box, Button, Command, ErrorBox, Loading, Marked, Scroll, SelectField, TextField, Toolbar } from '../ui.jsx'
import { Ask } from './ask.jsx'
import { calls, listOf } from './calls.js'
import { PowerDialog } from './commands.jsx'

const ROWS_MAX = 60
const FILTERS = {
    All: () => true,
    Modified: ({ properties }) => properties.source === 'user-override',
    'Pending restart': ({ properties }) => properties.isConfigPendingRestart === true,
    Dynamic: ({ properties }) => properties.isDynamicConfig === true,
    Static: ({ properties }) => properties.isDynamicConfig === false,
}

const choicesOf = ({ dataType, allowedValues }) =>
    ['Boolean', 'Enumeration'].includes(dataType) && allowedValues ? allowedValues.split(',') : null

function ValueField({ parameter, value, onChange }) {
    const { properties } = parameter
    const choices = choicesOf(properties)
    const field = { label: 'Value', name: 'value', value }
    if (choices) {
        const all = choices.includes(value) ? choices : [value, ...choices]
        return <SelectField {...field} onChange={onChange} options={all.map((one) => [one, one])} />
    }
    return <TextField {...field} onInput={onChange} />
}

function Edit({ at, parameter, onDone, onClose }) {
    const { name, properties } = parameter
    const [value, setValue] = useState(properties.value ?? '')
    const source = value === properties.defaultValue ? 'system-default' : 'user-override'
    const facts = [
        ['Default', properties.defaultValue || '(empty)'],
        ['Allowed', properties.allowedValues],
        ['Unit', properties.unit],
        ['Takes effect', properties.isDynamicConfig ? 'At once' : 'After a restart'],
    ]
    return (
        <Ask
            title={name}
            yes="Save"
            ready={value !== properties.value}
            call={calls.parameter(at, name, { value, source })}
            onClose={onClose}
            onDone={() => {
                notify('good', 'Parameter saved', name)
                onDone()
            }}
        >
            <p>
                <Marked text={properties.description} />
            </p>
            <ValueField parameter={parameter} value={value} onChange={setValue} />
            <p class="buttons">
                <Button disabled={value === properties.defaultValue} onClick={() => setValue(properties.defaultValue ?? '')}>
                    Use the default
                </Button>
            </p>
            <dl class="figures">
                {facts
                    .filter(([, text]) => text)
                    .map(([what, text]) => (
                        <div key={what}>
                            <dt>{what}</dt>
                            <dd class="wrap">{text}</dd>
                        </div>
                    ))}
            </dl>
        </Ask>
    )
}

function Row({ parameter, onEdit }) {
    const { name, properties } = parameter
    return (
        <tr>
            <td class="wrap">
                {properties.isReadOnly ? (
                    name
                ) : (
                    <button type="button" class="link wrap" onClick={onEdit}>
                        {name}
                    </button>
                )}
            </td>
            <td class="wrap parameter-value">
                {properties.value || <span class="quiet">(empty)</span>} {properties.value && properties.unit}
                {properties.isConfigPendingRestart && <span class="second-line">waits for a restart</span>}
            </td>
            <td>{properties.isReadOnly ? 'Read-only' : properties.isDynamicConfig ? 'Dynamic' : 'Static'}</td>
            <td>{properties.source === 'user-override' ? 'Modified' : 'Default'}</td>
            <td class="parameter-text">{properties.description}</td>
        </tr>
    )
}

const matching = (list, search, filter) => {
    const wanted = search.trim().toLowerCase()
    return list.filter(
        (one) =>
            FILTERS[filter](one) &&
            (one.name.toLowerCase().includes(wanted) || (one.properties.description ?? '').toLowerCase().includes(wanted)),
    )
}

function Table({ found, onEdit }) {
    const [all, setAll] = useState(false)
    const shown = all ? found : found.slice(0, ROWS_MAX)
    return (
        <>
            <p class="quiet" role="status">
                {plural(found.length, 'parameter')}
                {shown.length < found.length && `, the first ${shown.length} are shown`}
            </p>
            <Scroll label="Server parameters">
                <table class="table compact parameters" aria-label="Server parameters">
                    <thead>
                        <tr>
                            <th scope="col">Name</th>
                            <th scope="col">Value</th>
                            <th scope="col">Type</th>
                            <th scope="col">Source</th>
                            <th scope="col">Description</th>
                        </tr>
                    </thead>
                    <tbody>
                        {shown.map((one) => (
                            <Row key={one.name} parameter={one} onEdit={() => onEdit(one)} />
                        ))}
                    </tbody>
                </table>
            </Scroll>
            {shown.length < found.length && (
                <p class="buttons">
                    <Button onClick={() => setAll(true)}>Show all {found.length}</Button>
                </p>
            )}
        </>
    )
}

export function Parameters({ server, at, reload: reloadServer }) {
    const { data, error, loading, reload } = usePoll(() => listOf(at, 'configurations'), [server.id], 30_000)
    const [search, setSearch] = useState('')
    const [filter, setFilter] = useState('All')
    const [edited, setEdited] = useState(null)
    const [restarting, setRestarting] = useState(false)
    const waiting = (data ?? []).filter(FILTERS['Pending restart'])
    const changed = () => {
        reload()
        reloadServer()
    }
    return (
        <>
            <Toolbar>
                <Command icon="refresh" busy={loading && data !== undefined} onClick={reload}>
                    Refresh
                </Command>
            </Toolbar>
            <ErrorBox error={error} title="Cannot list the parameters" />
            {!data && !error && <Loading what="Loading the parameters" />}
            {waiting.length > 0 && (
                <Box tone="warning" title={`${plural(waiting.length, 'parameter')} will change with the next restart`} live>
                    <p class="wrap">{waiting.map(({ name }) => name).join(', ')}</p>
                    <p class="buttons">
                        <Button icon="restart" onClick={() => setRestarting(true)}>
                            Restart
                        </Button>
                    </p>
                </Box>
            )}
            {data && (
                <>
                    <div class="filters">
                        <label class="filter">
                            Search
                            <input
                                class="input"
                                type="search"
                                value={search}
                                placeholder="Name or description"
                                onInput={(event) => setSearch(event.currentTarget.value)}
                            />
                        </label>
                        <label class="filter">
                            Show
                            <select class="input" value={filter} onChange={(event) => setFilter(event.currentTarget.value)}>
                                {Object.keys(FILTERS).map((name) => (
                                    <option key={name}>{name}</option>
                                ))}
                            </select>
                        </label>
                    </div>
                    <Table key={`${filter} ${search}`} found={matching(data, search, filter)} onEdit={setEdited} />
                </>
            )}
            {edited && <Edit at={at} parameter={edited} onDone={reload} onClose={() => setEdited(null)} />}
            {restarting && (
                <PowerDialog verb="restart" server={server} at={at} onDone={changed} onClose={() => setRestarting(false)} />
            )}
        </>
    )
}
