import { now } from '../clock.js'
import { bytes, duration, number, plural, unknown } from '../format.js'
import { decide } from '../migrations.js'
import { notify } from '../toasts.jsx'
import { Box, Confirm, ErrorBox, Scroll } from '../ui.jsx'

const NAMES_MAX = 4

function Clients({ use }) {
    if (!use) return unknown
    const names = use.clients.map(
        ({ user, application, sessions }) => `${application || 'no application name'} (${user}): ${number(sessions)}`,
    )
    const more = names.length - NAMES_MAX
    return (
        <>
            {number(use.sessions)}
            {names.slice(0, NAMES_MAX).map((name) => (
                <span key={name} class="second-line wrap">
                    {name}
                </span>
            ))}
            {more > 0 && <span class="second-line">and {plural(more, 'more client')}</span>}
        </>
    )
}

function sinceChange(use, asked) {
    if (!use) return unknown
    if (use.secondsSinceLastChange === undefined) return 'None since replication started'
    return `${duration(use.secondsSinceLastChange * 1000 + Math.max(0, now() - asked))} ago`
}

function verdict(rows, uses) {
    const pending = rows.reduce((sum, row) => sum + row.pendingBytes, 0)
    const sessions = uses.reduce((sum, use) => sum + use.sessions, 0)
    if (pending === 0 && sessions === 0) {
        return ['good', 'Nothing is pending, and no client is connected to these databases on the source.']
    }
    const found = [
        pending > 0 && `${bytes(pending)} of changes are pending`,
        sessions > 0 && `${plural(sessions, 'session')} of clients can still write to the source`,
    ].filter(Boolean)
    return ['warning', `${found.join(', and ')}. Changes that are committed after the cutover do not reach the target.`]
}

/** What speaks for the cutover and against it, as it is now. `source`: {databases, at} or {error}. */
function Evidence({ rows, source }) {
    const uses = source?.databases?.filter((use) => rows.some((row) => row.name === use.name))
    const [tone, text] = uses ? verdict(rows, uses) : []
    return (
        <section aria-label="State of the databases" class="before-cutover">
            <Scroll label="Databases before the cutover">
                <table class="table compact">
                    <thead>
                        <tr>
                            <th scope="col">Database</th>
                            <th scope="col" class="cell-number">
                                Pending changes (Bytes)
                            </th>
                            <th scope="col">Last change</th>
                            <th scope="col">Sessions on the source</th>
                        </tr>
                    </thead>
                    <tbody>
                        {rows.map((row) => {
                            const use = uses?.find((one) => one.name === row.name)
                            return (
                                <tr key={row.name}>
                                    <td class="wrap">{row.name}</td>
                                    <td class="cell-number">{number(row.pendingBytes)}</td>
                                    <td>{sinceChange(use, source?.at)}</td>
                                    <td>
                                        <Clients use={use} />
                                    </td>
                                </tr>
                            )
                        })}
                    </tbody>
                </table>
            </Scroll>
            {text && <Box tone={tone}>{text}</Box>}
            <ErrorBox error={source?.error} title="Cannot ask the source" />
        </section>
    )
}

/** The question of the guide, with the evidence that answers it. */
export function CutoverDialog({ path, own, source, databases, onClose, onDone }) {
    const some = databases !== null
    const rows = own.databases.filter((row) => (some ? databases.includes(row.name) : row.state === 'WaitingForCutoverTrigger'))
    const start = async () => {
        await decide(path, some ? { triggerCutover: 'True', dbsToTriggerCutoverOn: databases } : { triggerCutover: 'True' })
        notify('good', 'Cutover started', some ? databases.join(', ') : undefined)
        onDone()
    }
    return (
        <Confirm title="Please perform the following steps manually before doing the cutover" onYes={start} onClose={onClose}>
            <ol>
                <li>Stop writes to source server.</li>
                <li>Validate the data in the target server.</li>
                <li>Copy the server parameters and connection security details from source to target.</li>
            </ol>
            <Evidence rows={rows} source={source} />
            {some && (
                <p>
                    Only <strong class="wrap">{databases.join(', ')}</strong> is cut over. Replication of the other databases
                    continues.
                </p>
            )}
            <p>Do you want to continue?</p>
        </Confirm>
    )
}
