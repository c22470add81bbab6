import { api, ApiError } from '../api.js'
import { number, time, unknown } from '../format.js'
import { usePoll } from '../hooks.js'
import { isOnline } from '../migrations.js'
import { Scroll } from '../ui.jsx'

/** The recorded evidence of each cutover; empty before the first one. */
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

/** For people who have to prove that nothing was lost. */
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
                        {row.name}: cutover triggered at WAL position {row.positionAtTrigger || unknown}, applied up to{' '}
                        {row.positionApplied || unknown}
                    </summary>
                    <p class="quiet">
                        Recorded on {time(row.takenOn)}.{' '}
                        {row.sourceQuiet
                            ? 'Nothing was written to the source while Malachite counted the rows.'
                            : 'The source was written to while Malachite counted the rows, so the counts may differ.'}
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
