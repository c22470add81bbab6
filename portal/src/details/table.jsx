import { between, bytes, number, time, timeLeft, unknown } from '../format.js'
import { State } from '../icons.jsx'
import { databasesOf, isActive, isOnline, substateOf } from '../migrations.js'
import { Scroll, Words } from '../ui.jsx'
import { fractionOf, isCopying, secondsLeftOf } from './rates.js'
import { Stacked } from './total.jsx'

export const detailsOf = (migration, name) => migration.properties.currentStatus?.currentSubStateDetails?.dbDetails?.[name]

/** In minutes, as the service shows it for online migrations. */
const latencyOf = (details) => (details ? String(details.latency / 60) : unknown)

function Speed({ row, rate }) {
    if (!row || !rate || !isCopying(row)) return null
    const left = secondsLeftOf(row.sizes, row.bytesCopied, rate.bytes)
    return (
        <span class="second-line">
            {rate.rows > 0 && `${number(Math.round(rate.rows))} rows/s, `}
            {bytes(rate.bytes)}/s{Number.isFinite(left) && `, ${timeLeft(left)} left`}
        </span>
    )
}

function DatabaseBar({ row }) {
    const fraction = fractionOf(row)
    return (
        <span class="progress">
            <Stacked sizes={row.sizes ?? {}} label={`Progress of ${row.name}`} full={fraction === 1} />
            <span class="progress-text">{Math.floor(fraction * 100)} %</span>
        </span>
    )
}

const ENDED = ['Succeeded', 'Failed', 'Canceled']

/** One row for each database; its name opens the panel with the figures. */
export function DatabaseTable({ migration, own, rates, onOpen }) {
    const online = isOnline(migration)
    const names = databasesOf(migration)
    const substate = substateOf(migration) ?? unknown
    if (names.length === 0) return <p class="quiet">No databases chosen yet.</p>
    return (
        <Scroll label="Databases">
            <table class="table databases">
                <thead>
                    <tr>
                        <th scope="col">Database Name</th>
                        <th scope="col">Status</th>
                        <th scope="col">Progress</th>
                        <th scope="col">Migration Details</th>
                        {online && <th scope="col">Latency (Minutes)</th>}
                        {online && (
                            <th scope="col" class="cell-number">
                                Pending changes (Bytes)
                            </th>
                        )}
                        <th scope="col">Duration (hh:mm:ss)</th>
                        <th scope="col">Start time</th>
                        <th scope="col">Finish time</th>
                    </tr>
                </thead>
                <tbody>
                    {names.map((name) => {
                        const row = own.databases.find((one) => one.name === name)
                        const details = detailsOf(migration, name)
                        const state = details?.migrationState ?? row?.state
                        // endedAt is the end of the base copy until the cutover; only then does it end the database.
                        const end = ENDED.includes(state) ? row?.endedAt : undefined
                        return (
                            <tr key={name}>
                                <td>
                                    <button type="button" class="link wrap" onClick={() => onOpen(name)}>
                                        {name}
                                    </button>
                                </td>
                                <td>{state ? <State state={state} /> : unknown}</td>
                                <td class="cell-progress">
                                    {row ? <DatabaseBar row={row} /> : unknown}
                                    <Speed row={row} rate={row && rates.database(row)} />
                                </td>
                                <td>
                                    <Words text={row?.operation && isActive(migration) ? row.operation : substate} />
                                </td>
                                {online && <td>{latencyOf(details)}</td>}
                                {online && <td class="cell-number">{details ? number(details.incomingChanges) : unknown}</td>}
                                <td>{row?.startedAt ? between(row.startedAt, end) : unknown}</td>
                                <td class="nowrap">{time(row?.startedAt)}</td>
                                <td class="nowrap">{time(end)}</td>
                            </tr>
                        )
                    })}
                </tbody>
            </table>
        </Scroll>
    )
}
