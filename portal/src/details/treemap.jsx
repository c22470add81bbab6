import { useEffect, useRef, useState } from 'preact/hooks'

import { bytes, plural } from '../format.js'
import { tilesOf } from './tiles.js'

const HEIGHT = 220
const TILES_MAX = 60
const LABEL_WIDTH = 64
const LABEL_HEIGHT = 20
const LETTER = 7

/** The largest tables, and one tile for all others. */
function itemsOf(tables, fractionOf) {
    const sorted = tables.filter((table) => table.bytesTotal > 0).sort((a, b) => b.bytesTotal - a.bytesTotal)
    const items = sorted.slice(0, TILES_MAX).map((table) => ({
        name: `${table.schema}.${table.name}`,
        size: table.bytesTotal,
        done: fractionOf(table),
        state: table.state,
    }))
    const rest = sorted.slice(TILES_MAX)
    if (rest.length === 0) return items
    const size = rest.reduce((sum, table) => sum + table.bytesTotal, 0)
    const done = rest.reduce((sum, table) => sum + table.bytesTotal * fractionOf(table), 0) / size
    return [...items, { name: plural(rest.length, 'smaller table'), size, done, state: 'Loading' }].sort(
        (a, b) => b.size - a.size,
    )
}

const cut = (text, width) => {
    const letters = Math.floor((width - 10) / LETTER)
    return text.length <= letters ? text : `${text.slice(0, Math.max(1, letters - 1))}…`
}

function Tile({ tile }) {
    const { x, y, width, height, name, size, done, state } = tile
    const text = width >= LABEL_WIDTH && height >= LABEL_HEIGHT
    return (
        <g class={`tile tile-${state.toLowerCase()}`}>
            <title>{`${name}: ${bytes(size)}, ${Math.floor(done * 100)} %`}</title>
            <rect class="tile-all" x={x} y={y} width={width} height={height} />
            <rect class="tile-done" x={x} y={y} width={width * done} height={height} />
            <rect class="tile-edge" x={x} y={y} width={width} height={height} />
            {text && (
                <text x={x + 5} y={y + 15}>
                    {cut(name, width)}
                </text>
            )}
            {text && height >= 2 * LABEL_HEIGHT && (
                <text class="tile-size" x={x + 5} y={y + 31}>
                    {cut(`${bytes(size)}, ${Math.floor(done * 100)} %`, width)}
                </text>
            )}
        </g>
    )
}

/** Tables as tiles: the area is the size on disk, the filled part is copied. The table below has the same in words. */
export function Treemap({ tables, fractionOf }) {
    const ref = useRef()
    const [width, setWidth] = useState(0)
    useEffect(() => {
        const observer = new ResizeObserver(([entry]) => setWidth(Math.round(entry.contentRect.width)))
        observer.observe(ref.current)
        return () => observer.disconnect()
    }, [])
    const items = itemsOf(tables, fractionOf)
    return (
        <div ref={ref} class="treemap">
            {width > 0 && items.length > 1 && (
                <svg
                    width={width}
                    height={HEIGHT}
                    role="img"
                    aria-label={`${plural(tables.length, 'table')} by size; the largest is ${items[0].name}`}
                >
                    {tilesOf(items, width, HEIGHT).map((tile) => (
                        <Tile key={tile.name} tile={tile} />
                    ))}
                </svg>
            )}
        </div>
    )
}
