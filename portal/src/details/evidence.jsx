import { api, ApiError } from '../api.js'
import { number, time, unknown } from '../format.js'
import { usePoll } from '../hooks.js'
import { isOnline } from '../migrations.js'
import { Scroll } from '../ui.jsx'

/** What the service keeps about each cutover; null while there is none. */
async function loadEvidence(id) {
    try {
        const answer = await api.get(`/_malachite/migrations/${id}/evidence`)
        return answer.databases
    } catch (error) {
        if (error instanceof ApiError && error.status === 404) return []
        throw error
    }
}

const count = (value) => (value === null || value === undefined ? 'not counted' : number(value))

function Pairs({ title, rows, from, to }) {
    if (!rows?.length) return null
    return (
        <Scroll label={title}>
            <table class="table compact">
                <caption>{title}</caption>
                <thead>
                    <tr>
                        <th scope="col">Name</th>
                        <th scope="col" class="cell-number">
                            Source
                        </th>
                        <th scope="col" class="cell-number">
                            Target
                        </th>
                    </tr>
                </thead>
                <tbody>
                    {rows.map((row) => (
                        <tr key={`${row.schema}.${row.name}`}>
                            <td class="wrap">
                                {row.schema}.{row.name}
                            </td>
                            <td class="cell-number">{count(row[from])}</td>
                            <td class="cell-number">{count(row[to])}</td>
                        </tr>
                    ))}
                </tbody>
            </table>
        </Scroll>
    )
}

const remarks = (row) => [...(row.losses ?? []), ...(row.warnings ?? []), ...(row.notes ?? [])]

/** For people who have to show that nothing was lost. */
export function Evidence({ migration, own }) {
    const cutOver = isOnline(migration) ? own.databases.filter((row) => row.state === 'Succeeded').length : 0
    const { data } = usePoll(
        () => (cutOver > 0 ? loadEvidence(migration.properties.migrationId) : []),
        [migration.properties.migrationId, cutOver],
    )
    if (!data || data.length === 0) return null
    return (
        <section class="card">
            <h2>Evidence of the cutover</h2>
            {data.map((row) => (
                <details key={row.name}>
                    <summary class="wrap">
                        {row.name}: {row.positionAtTrigger || unknown} at the trigger, {row.positionApplied || unknown} applied
                    </summary>
                    <p class="quiet">
                        Taken {time(row.takenOn)}.{' '}
                        {row.sourceQuiet
                            ? 'Nothing was written to the source while rows were counted.'
                            : 'The source was written to while rows were counted, so that counts may differ.'}
                    </p>
                    <Pairs title={`Rows of ${row.name}`} rows={row.tables} from="sourceRows" to="targetRows" />
                    <Pairs title={`Sequences of ${row.name}`} rows={row.sequences} from="sourceValue" to="targetValue" />
                    {remarks(row).length > 0 && (
                        <ul>
                            {remarks(row).map((note) => (
                                <li key={note} class="wrap">
                                    {note}
                                </li>
                            ))}
                        </ul>
                    )}
                </details>
            ))}
        </section>
    )
}
