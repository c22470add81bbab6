import { api } from '../api.js'
import { number } from '../format.js'
import { usePoll } from '../hooks.js'
import { Command, ErrorBox, Progress, Toolbar } from '../ui.jsx'
import { Status, useChange } from './parts.jsx'

const COVERAGE = '/_malachite/coverage'
const KINDS = {
    states: 'States',
    substates: 'Substates',
    transitions: 'Transitions',
    errorCodes: 'Error codes',
    apiVersions: 'API versions',
    operations: 'Operations',
}

function Kind({ title, seen, of, value }) {
    const missing = value.filter((one) => one.count === 0).map((one) => one.name)
    return (
        <section class="card">
            <h2>
                {title}{' '}
                <span class="count">
                    {number(seen)} of {number(of)}
                </span>
            </h2>
            <Progress value={of > 0 ? seen / of : 0} label={`${title} seen`} />
            {missing.length > 0 && (
                <details>
                    <summary>Missing: {number(missing.length)}</summary>
                    <ul class="missing">
                        {missing.map((name) => (
                            <li key={name}>{name}</li>
                        ))}
                    </ul>
                </details>
            )}
        </section>
    )
}

export function CoveragePart({ subscription }) {
    const path = `${COVERAGE}?subscription=${encodeURIComponent(subscription)}`
    const poll = usePoll(() => api.get(path), [subscription], 3000)
    const { busy, failure, act } = useChange(poll.reload)
    const kinds = Object.entries(poll.data ?? {}).filter(([, kind]) => Array.isArray(kind?.value))
    return (
        <>
            <p>What the requests and migrations of this subscription have reached, of all that Malachite can answer.</p>
            <Status poll={poll} what="coverage" />
            {poll.data && (
                <Toolbar>
                    <Command icon="refresh" busy={poll.loading} onClick={poll.reload}>
                        Refresh
                    </Command>
                    <Command icon="trash" disabled={busy} onClick={() => act(() => api.delete(COVERAGE), 'Coverage cleared')}>
                        Clear
                    </Command>
                </Toolbar>
            )}
            <ErrorBox error={failure} />
            {kinds.map(([name, kind]) => (
                <Kind key={name} title={KINDS[name] ?? name} {...kind} />
            ))}
        </>
    )
}
