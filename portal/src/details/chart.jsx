import { bytes, number } from '../format.js'

const WIDTH = 560
const HEIGHT = 150
const LEFT = 62
const BOTTOM = 22
const TOP = 10
const STEPS = 2
const LOWEST_MAX = 10

/** The next of 10, 20, 50, 100 ... */
function niceMax(value) {
    if (value <= LOWEST_MAX) return LOWEST_MAX
    const power = 10 ** Math.floor(Math.log10(value))
    return [1, 2, 5, 10].find((step) => step * power >= value) * power
}

function Plot({ title, points, field, format, tone }) {
    const last = points[points.length - 1]
    const from = points[0].at
    const span = Math.max(last.at - from, 10_000)
    const max = niceMax(Math.max(...points.map((point) => point[field])))
    const x = (at) => LEFT + ((at - from) / span) * (WIDTH - LEFT - 8)
    const y = (value) => HEIGHT - BOTTOM - (value / max) * (HEIGHT - BOTTOM - TOP)
    const line = points.map((point) => `${x(point.at).toFixed(1)},${y(point[field]).toFixed(1)}`).join(' ')
    const steps = Array.from({ length: STEPS + 1 }, (_, index) => (max * index) / STEPS)
    return (
        <figure class={`plot plot-${tone}`}>
            <figcaption>
                {title}: <strong>{format(last[field])}</strong>
            </figcaption>
            <svg
                viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
                role="img"
                aria-label={`${title} over the last ${Math.round((last.at - from) / 1000)} seconds; now ${format(last[field])}, at most ${format(Math.max(...points.map((point) => point[field])))}`}
            >
                {steps.map((value) => (
                    <g key={value}>
                        <line class="plot-grid" x1={LEFT} x2={WIDTH - 8} y1={y(value)} y2={y(value)} />
                        <text class="plot-text" x={LEFT - 6} y={y(value) + 4} text-anchor="end">
                            {format(value)}
                        </text>
                    </g>
                ))}
                <text class="plot-text" x={LEFT} y={HEIGHT - 5}>
                    {new Date(from).toISOString().slice(11, 19)}
                </text>
                <text class="plot-text" x={WIDTH - 8} y={HEIGHT - 5} text-anchor="end">
                    {new Date(from + span).toISOString().slice(11, 19)}
                </text>
                <polygon class="plot-area" points={`${x(from)},${y(0)} ${line} ${x(last.at)},${y(0)}`} />
                <polyline class="plot-line" points={line} />
                <circle class="plot-dot" cx={x(last.at)} cy={y(last[field])} r="3.500" />
            </svg>
        </figure>
    )
}

/** Pending bytes and applied changes, second by second since the page opened. */
export function Chart({ series, live }) {
    if (series.length === 0) return null
    return (
        <section>
            <h2>Replication {live && <span class="live">live</span>}</h2>
            <div class="plots">
                <Plot title="Pending changes" points={series} field="pending" format={bytes} tone="pending" />
                <Plot
                    title="Applied changes"
                    points={series}
                    field="applied"
                    format={(value) => number(Math.round(value))}
                    tone="applied"
                />
            </div>
        </section>
    )
}
