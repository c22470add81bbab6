import { bytes, duration, number, plural, timeLeft } from '../format.js'
import { isActive, isOnline, substateOf } from '../migrations.js'
import { secondsLeftOf } from './rates.js'
import { recentSpeed } from './series.js'

export const PARTS = [
    ['copied', 'copied'],
    ['copying', 'being copied'],
    ['queued', 'queued'],
    ['failed', 'failed'],
]

const sumOf = (sizes) => PARTS.reduce((sum, [part]) => sum + (sizes[part] ?? 0), 0)

/** One bar whose parts are as long as what they stand for. A database without a byte counts by its state. */
export function Stacked({ sizes, label, full }) {
    const sum = sumOf(sizes)
    const shares = sum > 0 ? sizes : { [full ? 'copied' : 'queued']: 1 }
    const total = sum > 0 ? sum : 1
    const text = PARTS.filter(([part]) => sizes[part] > 0).map(([part, word]) => `${bytes(sizes[part])} ${word}`)
    return (
        <span class="stack" role="img" aria-label={`${label}: ${text.join(', ') || 'no data'}`} title={text.join(', ')}>
            {PARTS.filter(([part]) => shares[part] > 0).map(([part]) => (
                <span key={part} class={`part-${part}`} style={{ flexGrow: shares[part] / total }} />
            ))}
        </span>
    )
}

export const Legend = () => (
    <p class="legend" aria-hidden="true">
        {PARTS.map(([part, word]) => (
            <span key={part}>
                <span class={`swatch part-${part}`} /> {word}
            </span>
        ))}
    </p>
)

/** Sizes on the source over all databases whose tables are known. */
export function totalOf(databases) {
    const total = {}
    for (const [part] of PARTS) total[part] = databases.reduce((sum, row) => sum + (row.sizes?.[part] ?? 0), 0)
    return total
}

function secondsLeft(total, databases, speed) {
    const sent = databases.reduce((sum, row) => sum + row.bytesCopied, 0)
    return secondsLeftOf(total, sent, speed)
}

function copyTime(databases) {
    const times = databases.filter((row) => row.startedAt && row.endedAt)
    return times.reduce((sum, row) => sum + Date.parse(row.endedAt) - Date.parse(row.startedAt), 0)
}

/** What is going on, in one line; nothing is promised that is not known. */
function headline({ migration, own, points, total }) {
    const all = sumOf(total)
    const unknown = own.databases.filter((row) => row.state === 'InProgress' && !row.sizes).length
    const waiting = unknown > 0 && all > 0 ? `. The size of ${plural(unknown, 'more database')} is not known yet` : ''
    const left = total.copying + total.queued
    if (!isActive(migration) || left === 0) {
        const rows = own.databases.reduce((sum, row) => sum + row.rowsCopied, 0)
        // At the end of an online migration, endedAt is the end of the cutover.
        const ms = isOnline(migration) ? 0 : copyTime(own.databases)
        const time = ms > 0 && !isActive(migration) ? ` in ${duration(ms)}` : ''
        return `${bytes(total.copied)} on disk, ${number(rows)} rows copied${time}${waiting}.`
    }
    const speed = recentSpeed(points, 'bytes')
    const time = unknown > 0 ? NaN : secondsLeft(total, own.databases, speed)
    const rest = Number.isFinite(time) ? `, ${timeLeft(time)} left` : ''
    return `${bytes(total.copied)} of ${bytes(all)} copied${speed > 0 ? `, ${bytes(speed)}/s` : ''}${rest}${waiting}.`
}

/** The whole copy: one line and one bar. */
export function Total({ migration, own, points }) {
    const total = totalOf(own.databases)
    if (sumOf(total) === 0) return null
    const builds = substateOf(migration) === 'MigratingData' && total.copying + total.queued === 0
    return (
        <div class="total">
            <p class="total-line">
                {headline({ migration, own, points, total })}
                {builds && <span class="quiet"> Indexes and constraints are being built.</span>}
            </p>
            <Stacked sizes={total} label="All databases" />
            <Legend />
        </div>
    )
}
