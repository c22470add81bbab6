// What the page of a migration computes from Malachite's figures.
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { neededAfter, recentSpeed, withNewPoints } from '../../portal/src/details/series.js'
import { tilesOf } from '../../portal/src/details/tiles.js'

const moment = (seconds) => new Date(Date.UTC(2026, 10, 27) + seconds * 1000).toISOString()
const point = (from, at, speed) => ({
    from: moment(from),
    at: moment(at),
    bytesPerSecond: speed,
    rowsPerSecond: 1,
    changesPerSecond: 0,
    pendingBytes: 0,
    lagSeconds: 0,
})

test('points of a time series: the newest may grow, and nothing is there twice', () => {
    const first = withNewPoints([], [point(0, 1, 10), point(1, 2, 20)])
    assert.equal(neededAfter([]), '1970-01-01T00:00:00Z')
    assert.equal(neededAfter(first), moment(1))
    const grown = withNewPoints(first, [point(1, 9, 20), point(9, 10, 30)])
    assert.deepEqual(
        grown.map((one) => one.until),
        [1, 9, 10].map(moment),
    )
    assert.deepEqual(withNewPoints(grown, []), grown)
    assert.deepEqual(withNewPoints(grown, undefined), grown)
    // After the clock of the server was set back, its series begins again.
    assert.equal(withNewPoints(grown, [point(-100, -99, 5)]).length, 1)
})

test('the speed of the last seconds weighs long intervals more', () => {
    assert.equal(recentSpeed([], 'bytes'), 0)
    const points = withNewPoints([], [point(0, 10, 1000), point(10, 13, 10), point(13, 14, 50)])
    assert.equal(recentSpeed(points, 'bytes', 4), (3 * 10 + 50) / 4)
})

test('tiles have the areas of what they stand for, fill the rectangle, and stay inside', () => {
    const items = [900, 300, 100, 50, 20, 5, 1].map((size) => ({ size }))
    const tiles = tilesOf(items, 700, 220)
    const sum = items.reduce((total, { size }) => total + size, 0)
    for (const { size, x, y, width, height } of tiles) {
        assert.ok(Math.abs((width * height) / (700 * 220) - size / sum) < 1e-9)
        assert.ok(x >= -1e-9 && y >= -1e-9 && x + width < 700 + 1e-6 && y + height < 220 + 1e-6)
    }
    assert.deepEqual(tilesOf([], 700, 220), [])
})
