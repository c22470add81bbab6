import { useState } from 'preact/hooks'

import { api } from '../api.js'
import { number, plural, time } from '../format.js'
import { usePoll } from '../hooks.js'
import { Box, Command, Scroll, SelectField, Toolbar } from '../ui.jsx'
import { Headings, Status, useChange } from './parts.jsx'

const REQUESTS = '/_malachite/requests'
const SHOWN = 100

/** No call has this path, the call is not implemented, or properties of its body were ignored. */
const isMisunderstood = (row) => !row.operation || row.status === 501 || row.notUnderstood.length > 0

async function loadMisunderstood(narrow) {
    const found = await Promise.all(
        ['notUnderstood=true', 'status=4xx', 'status=501'].map((filter) =>
            api.get(`${REQUESTS}?limit=${SHOWN}${narrow}&${filter}`),
        ),
    )
    const rows = new Map(found.flatMap(({ value }) => value.filter(isMisunderstood)).map((row) => [row.number, row]))
    const value = [...rows.values()].sort((a, b) => b.number - a.number).slice(0, SHOWN)
    return { ...found[0], value }
}

const FILTERS = [
    ['all', 'All requests'],
    ['misunderstood', 'Not understood'],
    ['4xx', 'Errors of the client (4xx)'],
    ['5xx', 'Errors of the server (5xx)'],
]

function load(filter, narrow) {
    if (filter === 'misunderstood') return loadMisunderstood(narrow)
    return api.get(`${REQUESTS}?limit=${SHOWN}${narrow}${filter === 'all' ? '' : `&status=${filter}`}`)
}

function Understood({ row }) {
    if (!row.operation) return <strong>Unknown call</strong>
    if (row.status === 501) return <strong>Not implemented</strong>
    return row.notUnderstood
        .map(({ path, reason, belongs }) => `${path} (${reason}${belongs ? `, see ${belongs}` : ''})`)
        .join(', ')
}

const Row = ({ row }) => (
    <tr>
        <td class="nowrap">{time(row.time)}</td>
        <td>{row.method}</td>
        <td class="request-path">{row.path}</td>
        <td>{row.operation ?? 'None'}</td>
        <td class="nowrap">{row.apiVersion ?? 'None'}</td>
        <td>{row.status}</td>
        <td class="cell-number">{number(Math.round(row.durationMs * 10) / 10)}</td>
        <td class="wrap">
            <Understood row={row} />
        </td>
    </tr>
)

export function RequestsPart({ subscription }) {
    const [filter, setFilter] = useState('all')
    const [scope, setScope] = useState('all')
    const narrow = scope === 'all' ? '' : `&subscription=${encodeURIComponent(subscription)}`
    const poll = usePoll(() => load(filter, narrow), [filter, narrow], filter === 'misunderstood' ? 3000 : 1000)
    const { busy, failure, act } = useChange(poll.reload)
    const { data } = poll
    return (
        <>
            <Toolbar>
                <Command icon="refresh" busy={poll.loading && data !== undefined} onClick={poll.reload}>
                    Refresh
                </Command>
                <Command icon="trash" disabled={busy} onClick={() => act(() => api.delete(REQUESTS), 'Request journal cleared')}>
                    Clear
                </Command>
            </Toolbar>
            <SelectField label="Show" name="filter" value={filter} onChange={setFilter} options={FILTERS} />
            <SelectField
                label="Of"
                name="scope"
                value={scope}
                onChange={setScope}
                options={[
                    ['all', 'All of Malachite'],
                    ['one', 'This subscription'],
                ]}
            />
            {failure && <Box tone="error">{failure.message}</Box>}
            <Status poll={poll} what="requests" />
            {data && data.value.length === 0 && <p class="quiet">No request matches the filter.</p>}
            {data && data.value.length > 0 && (
                <Scroll label="Requests">
                    <table class="table compact">
                        <Headings
                            names={['Time', 'Method', 'Path', 'Operation', 'API version', 'Status', 'ms', 'Not understood']}
                        />
                        <tbody>
                            {data.value.map((row) => (
                                <Row key={row.number} row={row} />
                            ))}
                        </tbody>
                    </table>
                </Scroll>
            )}
            {data && (
                <p class="quiet">
                    The newest {plural(data.value.length, 'request')}, of {number(data.total)} since the start;{' '}
                    {number(data.evicted)} are no longer in the journal.
                </p>
            )}
        </>
    )
}
