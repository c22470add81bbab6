import { useEffect, useRef, useState } from 'preact/hooks'

import { bytes, number, plural } from '../format.js'

const HEIGHT = 168
const LEFT = 86
const RIGHT = 12
const BOTTOM = 22
const TOP = 10
const LOWEST_MAX = 10
const LEAST_SPAN_MS = 10_000
const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const STEPS = [
    ...[1, 2, 5, 10, 15, 30].map((count) => count * SECOND),
    ...[1, 2, 5, 10, 15, 30].map((count) => count * MINUTE),
    ...[1, 2, 3, 6, 12].map((count) => count * HOUR),
    ...[1, 2, 7, 14].map((count) => count * DAY),
]
const RANGES = [
    ['10 min', 10 * MINUTE],
    ['1 h', HOUR],
    ['All', Infinity],
]

/** The next of 10, 20, 50, 100 ... */
function niceMax(value) {
    if (value <= LOWEST_MAX) return LOWEST_MAX
    const power = 10 ** Math.floor(Math.log10(value))
    return [1, 2, 5, 10].find((step) => step * power >= value) * power
}

/** Moments at round times of the clock, about every 90 pixels. */
function timeTicks(from, until, width) {
    const least = ((until - from) * 90) / Math.max(1, width)
    const step = STEPS.find((one) => one >= least) ?? 30 * DAY
    const ticks = []
    for (let at = Math.ceil(from / step) * step; at <= until; at += step) ticks.push(at)
    const cut = step >= DAY ? [5, 10] : step >= MINUTE ? [11, 16] : [11, 19]
    return ticks.map((at) => [at, new Date(at).toISOString().slice(...cut)])
}

function lengthOf(ms) {
    if (ms < 2 * MINUTE) return plural(Math.round(ms / SECOND), 'second')
    if (ms < 2 * HOUR) return plural(Math.round(ms / MINUTE), 'minute')
    return ms < 2 * DAY ? plural(Math.round(ms / HOUR), 'hour') : plural(Math.round(ms / DAY), 'day')
}

/** [ref, width in pixels]: texts in the drawing keep their size on every screen. */
function useWidth() {
    const ref = useRef()
    const [width, setWidth] = useState(560)
    useEffect(() => {
        const observer = new ResizeObserver(([entry]) => setWidth(Math.max(220, Math.round(entry.contentRect.width))))
        observer.observe(ref.current)
        return () => observer.disconnect()
    }, [])
    return [ref, width]
}

/** Points that follow each other: there is a gap where Malachite did not run. */
function runsOf(points) {
    const runs = []
    for (const point of points) {
        const run = runs[runs.length - 1]
        if (run && point.from - run[run.length - 1].at < SECOND) run.push(point)
        else runs.push([point])
    }
    return runs
}

function Plot({ title, unit, points, field, format, tone }) {
    const [ref, width] = useWidth()
    const [pointed, setPointed] = useState(null)
    const last = points[points.length - 1]
    const from = points[0].from
    const until = Math.max(last.at, from + LEAST_SPAN_MS)
    const most = Math.max(...points.map((point) => point[field]))
    const max = niceMax(most)
    const x = (at) => Math.round((LEFT + ((at - from) / (until - from)) * (width - LEFT - RIGHT)) * 10) / 10
    const y = (value) => Math.round((HEIGHT - BOTTOM - (value / max) * (HEIGHT - BOTTOM - TOP)) * 10) / 10
    // A step for each interval.
    const lines = runsOf(points).map((run) => ({
        path: run.map((one) => `${x(one.from)} ${y(one[field])}L${x(one.at)} ${y(one[field])}`).join('L'),
        ends: [run[0].from, run[run.length - 1].at],
    }))
    const shown = points.find((point) => pointed !== null && point.at >= pointed) ?? last
    const point = ({ currentTarget, clientX }) => {
        const box = currentTarget.getBoundingClientRect()
        setPointed(from + ((clientX - box.left - LEFT) / (width - LEFT - RIGHT)) * (until - from))
    }
    return (
        <figure class={`plot plot-${tone}`}>
            <figcaption>
                {title}: <strong>{format(shown[field])}</strong>
                {pointed !== null && <span class="quiet"> at {new Date(shown.at).toISOString().slice(11, 19)} UTC</span>}
            </figcaption>
            <div ref={ref}>
                <svg
                    width={width}
                    height={HEIGHT}
                    role="img"
                    aria-label={`${title} over the last ${lengthOf(last.at - from)}, in ${unit}; now ${format(last[field])}, at most ${format(most)}`}
                    onPointerMove={point}
                    onPointerLeave={() => setPointed(null)}
                >
                    {[0, max / 2, max].map((value) => (
                        <g key={value}>
                            <line class="plot-grid" x1={LEFT} x2={width - RIGHT} y1={y(value)} y2={y(value)} />
                            <text class="plot-text" x={LEFT - 8} y={y(value) + 4} text-anchor="end">
                                {format(value)}
                            </text>
                        </g>
                    ))}
                    {timeTicks(from, until, width - LEFT - RIGHT).map(([at, text]) => (
                        <g key={at}>
                            <line class="plot-grid" x1={x(at)} x2={x(at)} y1={HEIGHT - BOTTOM} y2={HEIGHT - BOTTOM + 4} />
                            {x(at) > LEFT + 20 && x(at) < width - RIGHT - 20 && (
                                <text class="plot-text" x={x(at)} y={HEIGHT - 5} text-anchor="middle">
                                    {text}
                                </text>
                            )}
                        </g>
                    ))}
                    {lines.map(({ path, ends }) => (
                        <g key={ends[0]}>
                            <path class="plot-area" d={`M${path}L${x(ends[1])} ${y(0)}L${x(ends[0])} ${y(0)}Z`} />
                            <path class="plot-line" d={`M${path}`} />
                        </g>
                    ))}
                    <circle class="plot-dot" cx={x(shown.at)} cy={y(shown[field])} r="3.500" />
                </svg>
            </div>
        </figure>
    )
}

const perSecond = (value) => `${bytes(value)}/s`
const count = (value) => number(value < 10 ? Math.round(value * 10) / 10 : Math.round(value))

const COPY = [
    { title: 'Copied bytes', unit: 'bytes per second', field: 'bytes', format: perSecond, tone: 'copied' },
    { title: 'Copied rows', unit: 'rows per second', field: 'rows', format: (value) => `${count(value)}/s`, tone: 'copied' },
]
const REPLICATION = [
    { title: 'Pending changes', unit: 'bytes', field: 'pending', format: bytes, tone: 'pending' },
    { title: 'Lag', unit: 'seconds', field: 'lag', format: (value) => `${count(value)} s`, tone: 'pending' },
    {
        title: 'Applied changes',
        unit: 'changes per second',
        field: 'changes',
        format: (value) => `${count(value)}/s`,
        tone: 'applied',
    },
]

const Plots = ({ kinds, points }) => (
    <div class="plots">
        {kinds.map((kind) => (
            <Plot key={kind.field} {...kind} points={points} />
        ))}
    </div>
)

function Ranges({ span, range, onChange }) {
    const useful = RANGES.filter(([, length], index) => length < span || index === RANGES.length - 1)
    if (useful.length < 2) return null
    return (
        <div class="toggles" role="group" aria-label="Time shown">
            {useful.map(([text, length]) => (
                <button key={text} type="button" class="toggle" aria-pressed={range === length} onClick={() => onChange(length)}>
                    {text}
                </button>
            ))}
        </div>
    )
}

/** How fast the copy and the replication were since the start, as the server has kept it. */
export function Charts({ points, following, live }) {
    const [range, setRange] = useState(Infinity)
    if (points.length === 0) return null
    const end = points[points.length - 1].at
    const shown = points.filter((point) => point.at > end - range)
    const copied = points.some((point) => point.bytes > 0 || point.rows > 0)
    if (!following && !copied) return null
    return (
        <section>
            <h2>
                {following ? 'Replication' : 'Speed of the copy'} {live && <span class="live">live</span>}
            </h2>
            <p class="quiet chart-note">Times are in UTC. Malachite keeps these figures, so they survive a reload.</p>
            <Ranges span={end - points[0].from} range={range} onChange={setRange} />
            <Plots kinds={following ? REPLICATION : COPY} points={shown} />
            {following && copied && (
                <details>
                    <summary>Speed of the base copy</summary>
                    <Plots kinds={COPY} points={points.filter((point) => point.at <= endOfCopy(points))} />
                </details>
            )}
        </section>
    )
}

/** When the last rows were copied, and a little more. */
function endOfCopy(points) {
    const last = [...points].reverse().find((point) => point.bytes > 0 || point.rows > 0)
    return last.at + (last.at - points[0].from) / 10
}
